package textrule

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// MaxFold is how many times as long Fold may make a text.
const MaxFold = 11

// Fold returns s in the form in which searches compare: NFKC, without case, without
// invisible characters and, in scripts whose readers leave them out, without marks.
func Fold(s string) string {
	var b strings.Builder
	marksCount := true // of the base that stands before
	for _, r := range norm.NFKD.String(s) {
		switch {
		case invisible(r) || !marksCount && unicode.Is(unicode.Mn, r):
			continue
		case !unicode.IsMark(r):
			marksCount = !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
		}
		b.WriteRune(r)
	}
	return norm.NFKC.String(undivided.Replace(cases.Fold().String(b.String())))
}

// undivided has the Latin letters that Unicode does not divide into a base and a mark,
// though a keyboard without them offers only the base. Turkish I and ı become i.
var undivided = strings.NewReplacer("ı", "i", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "ħ", "h", "ŧ", "t", "þ", "th", "æ", "ae", "œ", "oe")
