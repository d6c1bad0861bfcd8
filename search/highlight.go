package search

import (
	"slices"
	"strings"
	"unicode/utf8"

	"parley/chat"
	"parley/textrule"
)

// span is a range of a text, in bytes.
type span struct{ start, end int }

// spans returns where the query's terms occur in a text, in order and without overlaps. A
// word that is found by its beginning is marked as a whole.
func (q *Query) spans(text string) (spans []span) {
	tokens := Tokens(text)
	add := func(w Word, t Token) {
		s := span{t.Start, t.End}
		if w.Prefix && t.kind == ideographs {
			_, size := textrule.FoldNext(text[t.Start:])
			s.end = t.Start + size
		}
		spans = append(spans, s)
	}
	for _, t := range q.Terms {
		for i, first := range tokens {
			if t.Words[0].is(first.Word) && (i == 0 || tokens[i-1].Pos < first.Pos || !t.Words[0].is(tokens[i-1].Word)) {
				if t.at(tokens, first.Pos, nil) {
					t.at(tokens, first.Pos, add)
				}
			}
		}
	}
	slices.SortFunc(spans, func(a, b span) int {
		if a.start != b.start {
			return a.start - b.start
		}
		return a.end - b.end
	})
	merged := spans[:0]
	for _, s := range spans {
		if n := len(merged); n > 0 && s.start <= merged[n-1].end {
			merged[n-1].end = max(merged[n-1].end, s.end)
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

// Sizes of a snippet, in bytes.
const (
	MaxSnippet     = 300
	snippetContext = 60 // before the first highlight
)

// Highlight is a range of a snippet in UTF-16 units: its start and its length.
type Highlight [2]int

// Snippet returns the part of a text in which most of what the query asks for stands, on one
// line, and where. What is left out before and behind it shows as an ellipsis.
func (q *Query) Snippet(text string) (snippet string, highlights []Highlight) {
	spans := q.spans(text)
	from := snippetStart(text, spans)
	shown := chat.Cut(text[from:], MaxSnippet)
	end := from + len(shown)
	shown = strings.Map(oneLine, shown)
	var b strings.Builder
	if from > 0 {
		b.WriteString("…")
	}
	before := utf16Len(b.String())
	b.WriteString(strings.TrimRight(shown, " "))
	if end < len(text) {
		b.WriteString("…")
	}
	at, units := from, before
	for _, s := range spans {
		s.end = min(s.end, end)
		if s.start < from || s.start >= s.end {
			continue
		}
		units += utf16Len(text[at:s.start])
		length := utf16Len(text[s.start:s.end])
		highlights = append(highlights, Highlight{units, length})
		units, at = units+length, s.end
	}
	return b.String(), highlights
}

// snippetStart returns where the snippet of a text begins: at a word.
func snippetStart(text string, spans []span) int {
	if len(text) <= MaxSnippet || len(spans) == 0 {
		return 0
	}
	best, most := 0, 0 // the span before which the snippet begins, and how many it has
	for i, end := 0, 0; i < len(spans); i++ {
		for end < len(spans) && spans[end].end <= spans[i].start+MaxSnippet-snippetContext {
			end++
		}
		if end-i > most {
			best, most = i, end-i
		}
	}
	first := spans[best].start
	if first <= snippetContext {
		return 0
	}
	from := first - snippetContext
	for from < first && !utf8.RuneStart(text[from]) {
		from++
	}
	if space := strings.IndexAny(text[from:first], " \n\t"); space >= 0 {
		return from + space + 1
	}
	// Without spaces it begins at a character, whose marks stay with it.
	for _, t := range Tokens(text) {
		if t.Start >= from {
			return min(t.Start, first)
		}
	}
	return first
}

// oneLine returns a space for what ends a line or moves the cursor.
func oneLine(r rune) rune {
	if r < ' ' || r == 0x7f || r == 0x85 || r == '\u2028' || r == '\u2029' {
		return ' '
	}
	return r
}

func utf16Len(s string) (n int) {
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
