package search

import (
	"strings"

	"parley/chat"
)

// A filter of a query is a word that no text has.
func fromWord(u chat.UserID) string     { return "\x00from:" + string(u) }
func mentionsWord(u chat.UserID) string { return "\x00mentions:" + string(u) }
func hasWord(what string) string        { return "\x00has:" + what }

// What a message may have, in queries.
const (
	hasFile = "file"
	hasLink = "link"
)

// Filters returns the words by which the filters of a query find a message.
func Filters(m chat.Message) []string {
	words := []string{fromWord(m.By)}
	for _, u := range m.Mentions {
		words = append(words, mentionsWord(u))
	}
	seen := map[string]bool{}
	for i := range m.Files {
		for _, what := range []string{hasFile, string(m.Files[i].Kind())} {
			if !seen[what] && what != string(chat.OtherFile) {
				seen[what] = true
				words = append(words, hasWord(what))
			}
		}
	}
	if strings.Contains(m.Text, "https://") || strings.Contains(m.Text, "http://") {
		words = append(words, hasWord(hasLink))
	}
	return words
}
