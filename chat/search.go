package chat

import (
	"slices"
	"strings"
	"unicode"
)

// SearchWords gives the lower-case texts by whose beginnings a user is found:
// the handle and the name, each whole and from every later word on. So "lee"
// and "ann l" both find "Ann Lee".
func SearchWords(u User) []string {
	var words []string
	for _, s := range []string{SearchKey(u.Handle), SearchKey(u.Name)} {
		inside := false
		for i, r := range s {
			word := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r)
			if (i == 0 || word && !inside) && !slices.Contains(words, s[i:]) {
				words = append(words, s[i:])
			}
			inside = word
		}
	}
	return words
}

// SearchKey brings what somebody typed into the form of SearchWords: lower
// case, single spaces, no @ in front.
func SearchKey(q string) string {
	return strings.TrimPrefix(strings.ToLower(strings.Join(strings.Fields(q), " ")), "@")
}
