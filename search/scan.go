package search

import (
	"unicode"
	"unicode/utf8"

	"parley/textrule"
)

// part is an uninterrupted part of a text: a run of letters, one ideograph, or an emoji.
type part struct {
	word       string
	kind       partKind
	start, end int
	joined     bool // an ideograph stands directly before this one
	humps      []hump
}

type partKind byte

const (
	wordPart partKind = iota
	ideographPart
	emojiPart
)

// hump is where a part of a word in camelCase begins: in the word and in the text.
type hump struct{ inWord, inText int }

// scanner divides a text into parts.
type scanner struct {
	text  string
	parts []part

	word         []byte // the folded letters of the part that is being read
	start        int    // of it, in the text; -1: none
	plain        bool   // it is in the text as it is folded
	joined       bool   // an ideograph stands directly before
	humps        []hump
	upper, lower bool // the case of the character before
	upperAt      hump // of that character, if it is upper
}

func (s *scanner) scan() {
	s.start = -1
	for i := 0; i < len(s.text); {
		c := s.text[i]
		if c < utf8.RuneSelf && (i+1 == len(s.text) || s.text[i+1] < utf8.RuneSelf) {
			s.ascii(c, i)
			i++
			continue
		}
		i = s.next(i)
	}
	s.flush(len(s.text))
}

func (s *scanner) ascii(c byte, i int) {
	switch {
	case 'a' <= c && c <= 'z':
		s.letter(i, false, true)
		s.word = append(s.word, c)
	case 'A' <= c && c <= 'Z':
		s.letter(i, true, false)
		s.word = append(s.word, c+'a'-'A')
		s.plain = false
	case '0' <= c && c <= '9':
		s.letter(i, false, false)
		s.word = append(s.word, c)
	default:
		s.flush(i)
		s.joined = false
	}
}

// next reads the character at i, with its marks, and returns where it ends.
func (s *scanner) next(i int) int {
	folded, size := textrule.FoldNext(s.text[i:])
	end := i + size
	first, n := utf8.DecodeRuneInString(s.text[i:])
	if first == zeroWidthSpace {
		s.flush(i)
		return end
	}
	flushAt, begun := i, false // begun: a part has letters of this character
	for _, r := range folded {
		switch classOf(r) {
		case letter:
			if !begun {
				s.letter(i, unicode.IsUpper(first), unicode.IsLower(first))
			}
			flushAt, begun = end, true
			s.word = utf8.AppendRune(s.word, r)
			s.plain = s.plain && n == size && first == r
		case mark:
			s.mark(r, i, end)
		case ideograph:
			s.flush(flushAt)
			begun = false
			s.parts = append(s.parts, part{word: string(r), kind: ideographPart, start: i, end: end, joined: s.joined})
			s.joined = true
		case separator:
			s.flush(flushAt)
			begun = false
			s.joined = false
			if unicode.Is(unicode.So, r) {
				if e, size := textrule.FirstEmoji(s.text[i:]); size > 0 {
					s.parts = append(s.parts, part{word: e, kind: emojiPart, start: i, end: i + size})
					return i + size
				}
			}
		}
	}
	return end
}

// zeroWidthSpace separates words in scripts that show no space between them. It does not
// separate ideographs, as which those are found.
const zeroWidthSpace = '\u200b'

// letter begins a part if none is being read, and notes where a part of camelCase begins.
func (s *scanner) letter(i int, upper, lower bool) {
	if s.start < 0 {
		s.start, s.plain, s.joined = i, true, false
	} else if here := (hump{len(s.word), i}); upper && s.lower {
		s.humps = append(s.humps, here)
	} else if lower && s.upper && s.upperAt.inWord > 0 && (len(s.humps) == 0 || s.humps[len(s.humps)-1] != s.upperAt) {
		s.humps = append(s.humps, s.upperAt) // the P of HTMLParser
	}
	if upper {
		s.upperAt = hump{len(s.word), i}
	}
	s.upper, s.lower = upper, lower
}

// mark appends a mark to the part before it. One that follows nothing is no word.
func (s *scanner) mark(r rune, start, end int) {
	if s.start >= 0 {
		s.word = utf8.AppendRune(s.word, r)
		s.plain = false
		return
	}
	if n := len(s.parts); n > 0 && s.parts[n-1].kind == ideographPart && s.parts[n-1].end >= start {
		s.parts[n-1].word += string(r)
		s.parts[n-1].end = end
	}
}

// flush ends the part that is being read, before the byte at end.
func (s *scanner) flush(end int) {
	if s.start < 0 {
		return
	}
	p := part{start: s.start, end: end, humps: s.humps}
	if s.plain && len(s.word) == end-s.start {
		p.word = s.text[s.start:end]
	} else {
		p.word = string(s.word)
	}
	s.parts = append(s.parts, p)
	s.word, s.start, s.humps = s.word[:0], -1, nil
	s.upper, s.lower, s.upperAt = false, false, hump{}
}
