package search

import (
	"unicode/utf8"

	"parley/chat"
)

// Version changes whenever MessageTokens returns something else for a message that an index
// may hold already. An index of another version is built again.
const Version = 1

// MessageTokens returns what the index holds for a message: the words of its text, those of
// the names and descriptions of its files, which no phrase connects, and its Filters. A deleted
// one has none.
func MessageTokens(m chat.Message) []Token {
	if m.DeletedAt != 0 {
		return nil
	}
	tokens := Tokens(m.Text)
	for _, f := range m.Files {
		for _, text := range []string{f.Name, f.Alt} {
			from := behind(tokens)
			for _, t := range Tokens(text) {
				t.Pos, t.Start, t.End = t.Pos+from, 0, 0
				tokens = append(tokens, t)
			}
		}
	}
	from := behind(tokens)
	for _, f := range Filters(m) {
		tokens = append(tokens, Token{Word: f, Pos: from, kind: filterToken})
	}
	return tokens
}

// behind returns the first position of the next text of a message.
func behind(tokens []Token) int {
	if len(tokens) == 0 {
		return 0
	}
	return tokens[len(tokens)-1].Pos + fileGap
}

// fileGap is the number of positions between two texts of a message.
const fileGap = 10

// cut returns the beginning of a word, at most MaxWord bytes.
func cut(word string) string {
	if len(word) <= MaxWord {
		return word
	}
	end := MaxWord
	for !utf8.RuneStart(word[end]) {
		end--
	}
	return word[:end]
}
