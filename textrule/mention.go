package textrule

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mentions returns the places of a message's text at which it may name somebody, in
// their order: of each the handles that it may mean, the longest first. It means the
// first of them that somebody has.
//
// A place begins with an @ before which no letter or digit of a script that separates
// words stands, and none of / @ . and -. Underscores before it are emphasis and do not
// count. What Markdown shows as code or as a link, and an escaped @, do not count. The
// page's parser has the same rule; testdata/mentions.json has cases for both.
func Mentions(message string) (places [][]string) {
	if !strings.Contains(message, "@") {
		return nil
	}
	for paragraph := range paragraphs(message) {
		s := inlines{src: paragraph}
		s.scan()
		for _, at := range s.ats {
			if handles := handlesAt(paragraph[at+1:]); len(handles) > 0 {
				places = append(places, handles)
			}
		}
	}
	return places
}

// The words by which a message mentions all members of a group.
const (
	All  = "all"
	Here = "here" // those who are there just now
)

var groupWord = regexp.MustCompile(`(?i)@(all|here)`)

// GroupMention returns the word with which a message mentions all members of a group: All if
// it has both, "" if it has none. The places are those of Mentions without those in quotes;
// a word that goes on, as in @all-hands, is another name.
func GroupMention(message string) (word string) {
	if !groupWord.MatchString(message) {
		return ""
	}
	for paragraph, quoted := range paragraphs(message) {
		if quoted {
			continue
		}
		s := inlines{src: paragraph}
		s.scan()
		for _, at := range s.ats {
			handles := handlesAt(paragraph[at+1:])
			if len(handles) == 0 {
				continue
			}
			switch strings.TrimRight(handles[0], "-_.") {
			case All:
				return All
			case Here:
				word = Here
			}
		}
	}
	return word
}

// handlesAt returns the handles with which s begins, the longest first, in lower case. A
// handle ends where s has another character than those of handles, or before a separator:
// "bob-" and "bob.hi" may mean bob, "bobby" may not.
func handlesAt(s string) (handles []string) {
	end := 0
	for end < len(s) && handleByte(s[end]) {
		end++
	}
	next, _ := utf8.DecodeRuneInString(s[end:])
	for n := min(end, MaxHandle); n > 1; n-- {
		if n < end && !separator(s[n]) || n == end && inWord(next) {
			continue
		}
		if h := strings.ToLower(s[:n]); isHandle(h) {
			handles = append(handles, h)
		}
	}
	return handles
}

// mayNameAfter reports whether an @ that follows s may name somebody.
func mayNameAfter(s string) bool {
	s = strings.TrimRight(s, "_")
	s = strings.TrimRightFunc(s, unicode.IsMark)
	last, size := utf8.DecodeLastRuneInString(s)
	return size == 0 || !inWord(last) && !strings.ContainsRune("/@.-", last)
}

// inWord reports whether r is a letter, a digit or a mark of a script in which a handle
// beside it would be a part of its word.
func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return alphanumeric(byte(r))
	}
	return (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !unicode.In(r, unspaced...)
}

// unspaced are the scripts that do not separate words, and Hangul: Korean appends
// particles to a name.
var unspaced = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul, unicode.Yi,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Javanese}
