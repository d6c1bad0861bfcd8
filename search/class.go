package search

import (
	"sync/atomic"
	"unicode"
)

// class is what a folded character is to the tokenizer.
type class byte

const (
	separator class = iota
	letter          // a letter or a digit of a script that separates words
	mark            // belongs to the character before it
	ideograph       // a character of a script that does not separate words
)

// unspaced are the scripts whose words are found as runs of characters: those that do not
// separate words, and Hangul, which appends particles to words.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi, unicode.Tangut, unicode.Nushu,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Javanese, unicode.Balinese, unicode.Tai_Le, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet}

// prolonged is the mark of a long vowel. Unicode gives it to no script, since Hiragana and
// Katakana share it.
const prolonged = 'ー'

// classPages caches the classes of the characters of the first plane, by their upper byte.
var classPages [256]atomic.Pointer[[256]class]

func classOf(r rune) class {
	if r > 0xffff {
		return newClass(r)
	}
	page := classPages[r>>8].Load()
	if page == nil {
		page = new([256]class)
		for i := range page {
			page[i] = newClass(r&^0xff | rune(i))
		}
		classPages[r>>8].Store(page)
	}
	return page[r&0xff]
}

func newClass(r rune) class {
	word := unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)
	switch {
	case word && unicode.In(r, unspaced...) || r == prolonged:
		return ideograph
	case unicode.IsMark(r):
		return mark
	case word:
		return letter
	}
	return separator
}
