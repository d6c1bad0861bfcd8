package textrule

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line returns a name, a title or another line that people write in the form in which it
// is stored: in NFC, with single spaces, and without spaces and invisible characters at
// its ends, as RFC 8266 has it for nicknames. Unlike there, full-width letters stay, and
// so do emoji with their joiners and variation selectors.
//
// If ok is false, bad is a character that a line must not hold: a control character, or
// an invisible one inside. Those that turn the direction of writing are invisible.
func Line(s string) (line string, bad rune, ok bool) {
	s = norm.NFC.String(s)
	var b strings.Builder
	var last, hidden rune // the last character of b; an invisible one after it
	space := false        // after last
	for i, r := range s {
		switch {
		case unicode.Is(unicode.Zs, r):
			space = true
		case unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp):
			return "", r, false
		case invisible(r) && (last == 0 || space || hidden != 0 || !joins(last, r, s[i+utf8.RuneLen(r):])):
			if last != 0 && hidden == 0 {
				hidden = r
			}
		case hidden != 0:
			return "", hidden, false
		default:
			if space && last != 0 {
				b.WriteByte(' ')
			}
			space, last = false, r
			b.WriteRune(r)
		}
	}
	return b.String(), 0, true
}

// MaxMarks is how many combining marks may follow one another. That is the stream-safe
// text format of Unicode (UAX 15, section 13): among more, normalization inserts U+034F.
const MaxMarks = 30

// Stacked reports whether more than MaxMarks combining marks of s follow one another.
func Stacked(s string) bool {
	return strings.Count(norm.NFC.String(s), norm.GraphemeJoiner) > strings.Count(s, norm.GraphemeJoiner)
}

// Unstack returns s in NFD with at most MaxMarks combining marks after one another, and
// without U+034F.
func Unstack(s string) string {
	const joiner = '\u034f' // norm.GraphemeJoiner, which stands before the excess marks
	var b strings.Builder
	excess := false
	for _, r := range norm.NFD.String(strings.ReplaceAll(s, norm.GraphemeJoiner, "")) {
		excess = r == joiner || excess && norm.NFD.PropertiesString(string(r)).CCC() != 0
		if !excess {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// HasBase reports whether s holds a visible character that is not a combining mark: marks
// alone are drawn on what stands before them.
func HasBase(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsControl(r) && !invisible(r) && !unicode.IsMark(r)
	})
}

const (
	nonJoiner, joiner = '\u200c', '\u200d'
	blackFlag         = '\U0001f3f4' // begins the flags that are spelt with tags
	firstTag, lastTag = '\U000e0020', '\U000e007f'
	keycap            = '\u20e3'
	textStyle         = '\ufe0e'
	emojiStyle        = '\ufe0f'
)

// plainScripts are those in which a joiner or a variation selector changes nothing that
// a reader sees.
var plainScripts = []*unicode.RangeTable{unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Georgian, unicode.Hebrew,
	unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao}

// joins reports whether the invisible character r belongs to what stands around it: a
// joiner in a script that joins or between emoji, a variation selector, the tags of a
// flag.
func joins(last, r rune, rest string) bool {
	next, size := utf8.DecodeRuneInString(rest)
	switch {
	case r >= firstTag && r <= lastTag:
		return last == blackFlag || last >= firstTag && last < lastTag
	case invisible(last) && !(last == emojiStyle && r == joiner):
		return false
	case r == nonJoiner || r == joiner:
		return size > 0 && !invisible(next) && !unicode.In(next, unicode.Zs, unicode.Cc) && changes(last) && changes(next)
	case r == emojiStyle || r == textStyle:
		return next == keycap || changes(last)
	case unicode.Is(unicode.Variation_Selector, r):
		return unicode.IsLetter(last) && changes(last)
	}
	return false
}

// changes reports whether a joiner or a variation selector beside r may change what a
// reader sees.
func changes(r rune) bool {
	return r == emojiStyle || r == 'ℹ' || !unicode.In(r, plainScripts...) && !unicode.IsDigit(r) && (r >= utf8.RuneSelf || r == '#' || r == '*')
}
