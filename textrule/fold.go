package textrule

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxFold is how many times as long Fold may make a text.
const MaxFold = 11

// Fold returns s in the form in which searches compare: NFKC, without case, without
// invisible characters and, in scripts whose readers leave them out, without marks. What
// is not UTF-8 becomes U+FFFD.
func Fold(s string) string {
	var b strings.Builder
	marksCount := true // of the base that stands before
	for _, r := range norm.NFKD.String(strings.ToValidUTF8(s, "\ufffd")) {
		switch {
		case invisible(r) || !marksCount && unicode.Is(unicode.Mn, r):
			continue
		case !unicode.IsMark(r):
			marksCount = !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
		}
		b.WriteRune(r)
	}
	// By way of the capitals, so that both small sigmas are one. Package cases does not
	// serve: its folding of Cherokee is undone when it is repeated.
	lower := strings.ToLower(strings.ToUpper(b.String()))
	return norm.NFKC.String(undivided.Replace(lower))
}

// undivided has the Latin letters that Unicode does not divide into a base and a mark,
// though a keyboard without them offers only the base.
var undivided = strings.NewReplacer("ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "þ", "th", "æ", "ae", "œ", "oe")
