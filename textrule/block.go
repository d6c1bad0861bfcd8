package textrule

import (
	"iter"
	"strings"
)

// paragraphs yields the texts of a message between which Markdown finds nothing inline:
// paragraphs, also those in quotes and lists, without the marks before their lines. Code
// fences are left out. The second value reports whether the text is in a quote.
func paragraphs(message string) iter.Seq2[string, bool] {
	return func(yield func(string, bool) bool) {
		var b blocks
		for line := range strings.SplitSeq(newlines.Replace(message), "\n") {
			quoted := b.quoted
			if ended := b.take(line); ended != "" && !yield(ended, quoted) {
				return
			}
		}
		if b.paragraph.Len() > 0 {
			yield(b.paragraph.String(), b.quoted)
		}
	}
}

var newlines = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// blocks reads a message line by line.
type blocks struct {
	paragraph strings.Builder
	quotes    int  // around the paragraph
	quoted    bool // its first line is in a quote
	list      int  // the indentation of the open list item's text; 0: no item is open
	fence     fence
}

// fence is an open code fence.
type fence struct {
	mark   string // as it began: at least three backticks or tildes; "" if none is open
	quotes int    // around it
	list   int
}

const maxDepth = 6 // of quotes and lists within each other, as in the page

// take reads the next line, and returns a paragraph that it ends.
func (b *blocks) take(line string) (ended string) {
	if b.fence.mark != "" && b.inFence(line) {
		return ""
	}
	quotes, item := 0, false
	indent := indentOf(line)
	if indent >= b.list {
		line = line[b.list:]
	}
	for range maxDepth {
		if rest, ok := cutQuote(line); ok {
			quotes, line = quotes+1, rest
		} else if rest, ok := cutItem(line); ok {
			b.list, item = indentOf(line)+len(line)-len(rest), true
			line = rest
		} else {
			break
		}
	}
	mark := fenceMark(line)
	empty := strings.Trim(line, " \t") == ""
	if empty || item || quotes > b.quotes || mark != "" {
		ended = b.paragraph.String()
		b.paragraph.Reset()
	}
	if !empty && !item && indent < b.list && (mark != "" || b.paragraph.Len() == 0) {
		b.list = 0
	}
	b.quotes = quotes
	switch {
	case mark != "":
		b.fence = fence{mark, quotes, b.list}
	case !empty:
		if b.paragraph.Len() > 0 {
			b.paragraph.WriteByte('\n')
		} else {
			b.quoted = quotes > 0
		}
		b.paragraph.WriteString(line)
	}
	return ended
}

// inFence reports whether the line belongs to the open fence, which may end with it.
func (b *blocks) inFence(line string) bool {
	for range b.fence.quotes {
		rest, ok := cutQuote(line)
		if !ok {
			b.fence = fence{}
			return false // the quote has ended
		}
		line = rest
	}
	if line != "" && indentOf(line) < b.fence.list {
		b.fence = fence{}
		return false // the item has ended
	}
	end := strings.Trim(line, " \t")
	if indentOf(line)-b.fence.list <= 3 && len(end) >= len(b.fence.mark) && strings.Trim(end, b.fence.mark[:1]) == "" {
		b.fence = fence{}
	}
	return true
}

// indentOf returns the number of spaces with which the line begins.
func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// cutQuote returns the line without the mark of a quote.
func cutQuote(line string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(strings.TrimLeft(line, " "), ">")
	if !ok || indentOf(line) > 3 {
		return line, false
	}
	return strings.TrimPrefix(rest, " "), true
}

// cutItem returns the line without the mark of a list item, which a blank follows.
func cutItem(line string) (rest string, ok bool) {
	rest = strings.TrimLeft(line, " ")
	if indentOf(line) > 3 || rest == "" {
		return line, false
	}
	marks := "*+-"
	if digits := len(rest) - len(strings.TrimLeft(rest, "0123456789")); digits > 0 && digits < 10 {
		rest, marks = rest[digits:], ".)"
	}
	if len(rest) < 2 || !strings.Contains(marks, rest[:1]) || rest[1] != ' ' && rest[1] != '\t' {
		return line, false
	}
	return strings.TrimLeft(rest[1:], " \t"), true
}

// fenceMark returns the backticks or tildes of a line that opens a fence, or "".
func fenceMark(line string) string {
	s := strings.TrimLeft(line, " ")
	if indentOf(line) > 3 || s == "" || s[0] != '`' && s[0] != '~' {
		return ""
	}
	info := strings.TrimLeft(s, s[:1])
	mark := s[:len(s)-len(info)]
	if len(mark) < 3 || mark[0] == '`' && strings.Contains(info, "`") {
		return ""
	}
	return mark
}
