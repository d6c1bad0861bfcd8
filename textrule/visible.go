package textrule

import (
	"strings"
	"unicode"
)

// Visible reports whether s holds anything that a reader can see.
func Visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.IsControl(r) && !invisible(r)
	})
}

// invisible reports whether r has no glyph of its own: Unicode's default ignorable code
// points, other format characters, and the blank Braille pattern. Spaces and control
// characters are not meant.
func invisible(r rune) bool {
	if r < 0xad {
		return false
	}
	return r == '\u2800' || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector, unicode.Noncharacter_Code_Point) ||
		unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}
