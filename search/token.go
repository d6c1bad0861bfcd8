// Package search finds messages: which words a text has, what a query asks for, and the
// index that answers it.
package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/chat"
)

// Version changes whenever MessageTokens returns something else for a message. An index of
// another version is built anew.
const Version = 1

// MaxWord bounds a word, in bytes.
const MaxWord = 96

// Token is a word of a text: its folded form, its position and its range in the text, in
// bytes. Phrases are runs of positions; words that overlap may share one.
type Token struct {
	Word            string
	Pos, Start, End int
}

// MessageTokens returns what the index holds for a message: the words of its text, those of
// the names of its files, which no phrase connects, and its Filters. Those of a deleted
// message are none.
func MessageTokens(m chat.Message) []Token {
	if m.DeletedAt != 0 {
		return nil
	}
	tokens := Tokens(m.Text)
	for _, f := range m.Files {
		next := 0
		for _, t := range tokens {
			next = max(next, t.Pos+fileGap)
		}
		for _, t := range Tokens(f.Name) {
			tokens = append(tokens, Token{Word: t.Word, Pos: next + t.Pos})
		}
	}
	for _, f := range Filters(m) {
		tokens = append(tokens, Token{Word: f})
	}
	return tokens
}

// fileGap is the number of positions between two texts of a message.
const fileGap = 10

// Tokens returns the words of a text, in rising positions.
func Tokens(text string) (tokens []Token) {
	start := -1
	for i, r := range text + " " {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			tokens = append(tokens, Token{cut(strings.ToLower(text[start:i])), len(tokens), start, i})
			start = -1
		}
	}
	return tokens
}

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
