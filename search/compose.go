package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/textrule"
)

// composer makes the words of a text out of its parts.
type composer struct {
	text   string
	parts  []part
	tokens []Token
	pos    int // of the next word
}

func (c *composer) compose() {
	for i := 0; i < len(c.parts); {
		switch c.parts[i].kind {
		case ideographPart:
			c.ideograph(i)
			i++
		case emojiPart:
			c.emoji(c.parts[i])
			i++
		case wordPart:
			end := c.compoundEnd(i)
			c.compound(i, end)
			i = end
		}
	}
}

func (c *composer) add(word string, start, end int, kind tokenKind) {
	c.tokens = append(c.tokens, Token{Word: cut(word), Pos: c.pos, Start: start, End: end, kind: kind})
}

// ideograph adds the ideograph at i with the one that follows it.
func (c *composer) ideograph(i int) {
	p := c.parts[i]
	if next := i + 1; next < len(c.parts) && c.parts[next].kind == ideographPart && c.parts[next].joined {
		word, both := c.text[p.start:c.parts[next].end], c.parts[next].word
		if len(word) != len(p.word)+len(both) || !strings.HasPrefix(word, p.word) || !strings.HasSuffix(word, both) {
			word = p.word + both // it is folded
		}
		c.add(word, p.start, c.parts[next].end, ideographs)
	} else {
		c.add(p.word, p.start, p.end, lastIdeograph)
	}
	c.pos++
}

// emoji adds an emoji, and what finds it in every skin tone.
func (c *composer) emoji(p part) {
	c.add(p.word, p.start, p.end, emojiToken)
	if plain := textrule.WithoutSkinTone(p.word); plain != p.word {
		c.add(plain, p.start, p.end, beside)
	}
	c.pos++
}

// compoundEnd returns the end of the parts from i on that hyphens, apostrophes or the
// separators of a number connect.
func (c *composer) compoundEnd(i int) int {
	for i+1 < len(c.parts) && c.parts[i+1].kind == wordPart && c.connector(i) != 0 {
		i++
	}
	return i + 1
}

// Connectors of the parts of a word.
const (
	hyphen     = '-'
	apostrophe = '\''
	grouping   = ',' // of the digits of a number
)

// connector returns what connects the part at i to the next; 0: nothing.
func (c *composer) connector(i int) rune {
	a, b := c.parts[i], c.parts[i+1]
	if b.start <= a.end { // both are of one character
		return 0
	}
	r, size := utf8.DecodeRuneInString(c.text[a.end:b.start])
	if size != b.start-a.end {
		return 0
	}
	switch r {
	case '-', '‐', '\u2011':
		return hyphen
	case '\'', '’', 'ʼ', '＇', '·', '‧', '׳':
		return apostrophe
	case '"', '״': // of abbreviations in Hebrew
		if hebrew(a.word) && hebrew(b.word) {
			return apostrophe
		}
	case ',', '.', '٬', '\u00a0', '\u202f':
		if digits(a.word) && len(a.word) <= 3 && digits(b.word) && len(b.word) == 3 {
			return grouping
		}
	}
	return 0
}

func hebrew(word string) bool {
	r, _ := utf8.DecodeRuneInString(word)
	return unicode.Is(unicode.Hebrew, r)
}

func digits(word string) bool {
	for i := range len(word) {
		if word[i] < '0' || word[i] > '9' {
			return false
		}
	}
	return true
}

// compound adds the words of connected parts, and the whole of them.
func (c *composer) compound(from, to int) {
	if from+1 == to {
		c.word(from)
		return
	}
	first, pos, many := len(c.tokens), c.pos, false
	for i := from; i < to; {
		end := i + 1
		for end < to && c.connector(end-1) == apostrophe {
			end++
		}
		if end == i+1 {
			c.word(i)
		} else {
			c.apostrophes(i, end)
		}
		many = many || end < to
		i = end
	}
	if !many {
		return
	}
	whole, last := c.join(from, to), c.pos
	c.pos = pos
	c.add(whole, c.parts[from].start, c.parts[to-1].end, beside)
	c.pos = last
	// In the order of positions: behind the words of the first one.
	t, n := c.tokens[len(c.tokens)-1], len(c.tokens)-1
	for n > first && c.tokens[n-1].Pos > pos {
		c.tokens[n] = c.tokens[n-1]
		n--
	}
	c.tokens[n] = t
}

// apostrophes adds parts with apostrophes between them as one word, and each that is more
// than a letter.
func (c *composer) apostrophes(from, to int) {
	c.add(c.join(from, to), c.parts[from].start, c.parts[to-1].end, wordToken)
	for _, p := range c.parts[from:to] {
		if _, size := utf8.DecodeRuneInString(p.word); size < len(p.word) {
			c.add(p.word, p.start, p.end, beside)
		}
	}
	c.pos++
}

func (c *composer) join(from, to int) string {
	var b strings.Builder
	for _, p := range c.parts[from:to] {
		if b.Len() > MaxWord {
			break
		}
		b.WriteString(p.word)
	}
	return b.String()
}

// word adds the word of one part, with its sign, and the parts of camelCase.
func (c *composer) word(i int) {
	p := c.parts[i]
	start, end := c.sign(p)
	if start < p.start || end > p.end {
		c.add(c.text[start:p.start]+p.word+c.text[p.end:end], start, end, wordToken)
		c.add(p.word, p.start, p.end, beside)
	} else {
		c.add(p.word, p.start, p.end, wordToken)
	}
	if len(p.word) > 1 && p.word[0] == 'v' && digits(p.word[1:]) && p.end-p.start == len(p.word) {
		c.add(p.word[1:], p.start+1, p.end, beside) // v1.2 is version 1.2
	}
	for n, h := range p.humps {
		if n == 0 && h.inWord > 1 {
			c.add(p.word[:h.inWord], p.start, h.inText, beside)
		}
		inWord, inText := len(p.word), p.end
		if n+1 < len(p.humps) {
			inWord, inText = p.humps[n+1].inWord, p.humps[n+1].inText
		}
		if inWord-h.inWord > 1 {
			c.add(p.word[h.inWord:inWord], h.inText, inText, beside)
		}
	}
	c.pos++
}

// sign returns where a part begins and ends with the sign that makes it another word: # or @
// before it, ++ or # behind one or two letters.
func (c *composer) sign(p part) (start, end int) {
	start, end = p.start, p.end
	if start > 0 && (c.text[start-1] == '#' || c.text[start-1] == '@') {
		if before, size := utf8.DecodeLastRuneInString(c.text[:start-1]); size == 0 || before != '#' && before != '@' && classOf(before) == separator {
			return start - 1, end
		}
	}
	if len(p.word) > 2 || digits(p.word) {
		return start, end
	}
	for _, sign := range []string{"++", "#"} {
		if !strings.HasPrefix(c.text[end:], sign) {
			continue
		}
		if after, size := utf8.DecodeRuneInString(c.text[end+len(sign):]); size == 0 || after != '+' && after != '#' && classOf(after) == separator {
			return start, end + len(sign)
		}
	}
	return start, end
}
