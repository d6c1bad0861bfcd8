package chat

import (
	_ "embed"
	"strings"
	"unicode"
	"unicode/utf8"
)

// commonPasswords has one password a line, in lower case.
//
//go:embed commonpasswords.txt
var commonPasswords string

// minContextWord is the length in characters from which a context word counts: shorter ones
// are parts of many other words.
const minContextWord = 3

// CheckWeakPassword refuses a new password that is one of the 10,000 most common ones, in
// any case, that repeats a single character, or that has fewer than MinPassword characters
// beside the words of its context: Parley, and the texts that an attacker knows (the handle,
// the name, the server's name).
func CheckWeakPassword(password string, context ...string) error {
	p := strings.ToLower(strings.TrimSpace(password))
	_, size := utf8.DecodeRuneInString(p)
	repeats := strings.ReplaceAll(p, p[:size], "") == "" // also if it was blank
	if repeats || strings.Contains(commonPasswords, "\n"+p+"\n") {
		return FailField(BadInput, "password", "password is too common: choose another")
	}
	rest := p
	for _, text := range append(context, DefaultServer) {
		for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
			if utf8.RuneCountInString(word) >= minContextWord {
				rest = strings.ReplaceAll(rest, word, "")
			}
		}
	}
	if rest != p && utf8.RuneCountInString(rest) < MinPassword {
		return FailField(BadInput, "password", "password must have at least %d characters besides your handle, your name and the server's name", MinPassword)
	}
	return nil
}
