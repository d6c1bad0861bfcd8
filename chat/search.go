package chat

import (
	"encoding/base64"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/textrule"
)

// SearchWords returns the folded texts by whose beginnings a user is found:
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

// SearchVersion is the version of SearchWords. A store that holds the words of another
// version makes them again when it is opened.
const SearchVersion = 2

// SearchKey returns what a user typed in the form of SearchWords: folded (textrule.Fold),
// single spaces, no @ in front.
func SearchKey(q string) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(textrule.Fold(q)), " "), "@")
}

// FirstWord reports whether word is the smallest of the user's words that begin
// with q: the one at which a walk over all words gives the user.
func FirstWord(u User, q, word string) bool {
	is := false
	for _, w := range SearchWords(u) {
		if w < word && strings.HasPrefix(w, q) {
			return false
		}
		is = is || w == word
	}
	return is
}

// CheckQuery refuses a search for users that is not UTF-8 or longer than a name, both
// folded.
func CheckQuery(q string) error {
	if !utf8.ValidString(q) {
		return notUTF8("q")
	}
	if len(q) > textrule.MaxFold*MaxName || len(textrule.Fold(q)) > MaxName {
		return FailField(BadInput, "q", "q must have at most %d bytes", MaxName)
	}
	return nil
}

// maxNext bounds a next on its way in, in bytes: the longest word and an id, in base64.
const maxNext = (textrule.MaxFold*MaxName + 1 + MaxIDLen) * 4 / 3

// SearchNext returns the place after a word of a user, for the next page.
func SearchNext(word string, user UserID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(word + "\x00" + string(user)))
}

// ParseSearchNext returns the place after which the next page of a search for q
// begins; "" is before all words.
func ParseSearchNext(q, after string) (word string, user UserID, err error) {
	if after == "" {
		return q, "", nil
	}
	bad := FailField(BadInput, "after", "after must be the next of an earlier page of the same search")
	if len(after) > maxNext {
		return "", "", bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return "", "", bad
	}
	word, id, ok := strings.Cut(string(raw), "\x00")
	if !ok || !strings.HasPrefix(word, q) || CheckID("after", UserID(id)) != nil {
		return "", "", bad
	}
	return word, UserID(id), nil
}
