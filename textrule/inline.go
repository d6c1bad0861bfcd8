package textrule

import (
	"regexp"
	"strings"
)

// inlines finds the @ of a paragraph that may name somebody. It skips what the page's
// parser (web/src/core/markdownInlines.ts) takes for code, links and escapes.
type inlines struct {
	src      string
	ats      []int        // the positions found
	from     int          // where the text begins that no element has taken
	brackets []bracket    // those that are open
	unclosed map[int]bool // lengths of runs of backticks that have no partner after them
	steps    int          // characters read in search of the targets of links
}

// bracket is an open [ at which a link may begin.
type bracket struct {
	at  int
	ats int // the number of positions found before it
}

// stepsPerByte bounds the search for the targets of links. A text that needs more names
// nobody; the page shows it as plain text.
const stepsPerByte = 64

func (s *inlines) scan() {
	s.unclosed = map[int]bool{}
	for at := 0; at < len(s.src); {
		if s.steps > stepsPerByte*len(s.src) {
			s.ats = nil
			return
		}
		end := s.element(at)
		if end > at {
			s.from = end
		} else {
			end = at + 1
		}
		at = end
	}
}

// element returns where the element ends that begins at a position, or the position if
// there is none.
func (s *inlines) element(at int) (end int) {
	rest := s.src[at:]
	switch rest[0] {
	case '\\':
		if len(rest) > 1 && punctuation(rest[1]) {
			return at + 2
		}
	case '`':
		return s.code(at)
	case '[':
		s.brackets = append(s.brackets, bracket{at, len(s.ats)})
		return at + 1
	case ']':
		return s.link(at)
	case '<':
		if m := pointed.FindString(rest); m != "" {
			return at + len(m)
		}
	case 'h', 'H', 'w', 'W':
		return s.url(at)
	case '@':
		return s.at(at)
	}
	return at
}

// punctuation reports whether a backslash before c escapes it.
func punctuation(c byte) bool { return strings.IndexByte("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", c) >= 0 }

// code skips a code span, or backticks that open none.
func (s *inlines) code(at int) (end int) {
	n := run(s.src[at:])
	if !s.unclosed[n] {
		for i := at + n; i < len(s.src); i++ {
			next := strings.IndexByte(s.src[i:], '`')
			if next < 0 {
				break
			}
			i += next
			m := run(s.src[i:])
			if m == n {
				return i + n
			}
			i += m - 1
		}
		s.unclosed[n] = true
	}
	return at + n
}

// run returns the number of backticks with which s begins.
func run(s string) int { return len(s) - len(strings.TrimLeft(s, "`")) }

var (
	// pointed is <address>: a web address or an e-mail address.
	pointed = regexp.MustCompile(`(?i)^<(?:https?://[^\s/<>][^\s<>]*|mailto:[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)>`)
	mail    = regexp.MustCompile(`^[^@]+@[^.@]+(?:\.[^.@]+)+$`)
)

// link takes what was found between the last [ and this ] back, if a target follows.
func (s *inlines) link(at int) (end int) {
	if len(s.brackets) == 0 {
		return at
	}
	open := s.brackets[len(s.brackets)-1]
	s.brackets = s.brackets[:len(s.brackets)-1]
	end = s.target(at + 1)
	if end > at+1 {
		s.ats = s.ats[:min(open.ats, len(s.ats))]
		return end
	}
	return at
}

// target returns where the (target "title") of a link ends that begins at a position, or
// the position if there is none.
func (s *inlines) target(at int) (end int) {
	if !strings.HasPrefix(s.src[at:], "(") {
		return at
	}
	i := s.pastBlanks(at + 1)
	if strings.HasPrefix(s.src[i:], "<") {
		i = s.until(i+1, ">")
	} else {
		i = s.until(i, "")
	}
	if i < 0 {
		return at
	}
	if gap := s.pastBlanks(i); gap > i && gap < len(s.src) {
		if quote := strings.IndexByte(`"'(`, s.src[gap]); quote >= 0 {
			if i = s.until(gap+1, `"')`[quote:quote+1]); i < 0 {
				return at
			}
		}
	}
	if i = s.pastBlanks(i); !strings.HasPrefix(s.src[i:], ")") {
		return at
	}
	return i + 1
}

// until returns the position after the next mark that is not escaped, or -1. Without a
// mark it returns where a target without < ends: at a blank or at a ) too many.
func (s *inlines) until(i int, mark string) int {
	nested := 0
	for ; i < len(s.src); i++ {
		s.steps++
		switch c := s.src[i]; {
		case c == '\\':
			i++
		case mark == "" && (c <= ' ' || c == ')' && nested == 0):
			return i
		case mark == "" && c == '(':
			nested++
		case mark == "" && c == ')':
			nested--
		case mark == ">" && (c == '\n' || c == '<'):
			return -1
		case mark != "" && c == mark[0]:
			return i + 1
		}
	}
	return -1
}

func (s *inlines) pastBlanks(i int) int {
	for ; i < len(s.src) && strings.IndexByte(" \t\n", s.src[i]) >= 0; i++ {
		s.steps++
	}
	return i
}

// url skips a web address. Punctuation at its end is not a part of it, nor, in the label
// of a link, is a ].
func (s *inlines) url(at int) (end int) {
	if at > 0 && alphanumeric(s.src[at-1]) || !beginsURL(s.src[at:]) {
		return at
	}
	stops := " \t\n\v\f\r<"
	if len(s.brackets) > 0 {
		stops += "]"
	}
	url := s.src[at:]
	if end := strings.IndexAny(url, stops); end >= 0 {
		url = url[:end]
	}
	surplus := strings.Count(url, ")") - strings.Count(url, "(")
	for url != "" {
		switch last := url[len(url)-1]; {
		case last == ')' && surplus > 0:
			surplus--
		case last == '(':
			surplus++
		case strings.IndexByte("?!.,:;*_'\"~", last) < 0:
			return at + len(url)
		}
		url = url[:len(url)-1]
	}
	return at
}

// beginsURL reports whether s begins with the scheme of a web address or with www.
func beginsURL(s string) bool {
	for _, head := range []string{"http://", "https://", "www."} {
		if len(s) > len(head) && strings.EqualFold(s[:len(head)], head) {
			return alphanumeric(s[len(head)])
		}
	}
	return false
}

// at skips an e-mail address around the @, or records that the @ may name somebody.
func (s *inlines) at(at int) (end int) {
	start := at
	for start > s.from && mailByte(s.src[start-1], "_.+-") {
		start--
	}
	for end = at + 1; end < len(s.src) && mailByte(s.src[end], "_.-"); end++ {
	}
	name := strings.TrimLeft(s.src[start:at], "._+-")
	if m := name + "@" + strings.TrimRight(s.src[at+1:end], "._-"); name != "" && mail.MatchString(m) {
		if n := len(s.ats) - 1; n >= 0 && s.ats[n] == at-len(name)-1 {
			s.ats = s.ats[:n] // of @name@host
		}
		return at - len(name) + len(m)
	}
	if mayNameAfter(s.src[:at]) {
		s.ats = append(s.ats, at)
	}
	return at + 1
}

func mailByte(c byte, others string) bool {
	return alphanumeric(c) || strings.IndexByte(others, c) >= 0
}

func alphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
