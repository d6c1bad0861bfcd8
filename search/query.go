package search

import (
	"slices"
	"strings"

	"parley/chat"
)

// Query is what a person searches for. A message matches if all Terms occur in it.
type Query struct {
	Terms         []Term
	Chats         []chat.ChatID // the chats to search; empty: all of the viewer's
	After, Before int64         // ms: messages at or after After, and before Before; 0: no bound
}

// Term is a word, or several that stand together: it occurs where, for one position p,
// every word is at p plus its Offset.
type Term struct{ Words []Word }

// Word is a word of a Term. With Prefix it stands for all words that begin with Text.
type Word struct {
	Text   string
	Offset int // from the first word of the Term
	Prefix bool
}

func (w Word) is(word string) bool {
	return word == w.Text || w.Prefix && strings.HasPrefix(word, w.Text)
}

// filterTerm returns the term of a word that Filters made.
func filterTerm(word string) Term { return Term{Words: []Word{{Text: word}}} }

// Match reports whether a message is found. The index finds the same messages.
func (q *Query) Match(m chat.Message) bool {
	if q.After != 0 && m.At < q.After || q.Before != 0 && m.At >= q.Before || len(q.Chats) > 0 && !slices.Contains(q.Chats, m.ChatID) {
		return false
	}
	return m.DeletedAt == 0 && q.matches(MessageTokens(m))
}

// MatchTitle reports whether all words that the query asks for occur in a title.
func (q *Query) MatchTitle(title string) bool { return q.matches(Tokens(title)) }

func (q *Query) matches(tokens []Token) bool {
	for _, t := range q.Terms {
		if !t.matches(tokens) {
			return false
		}
	}
	return true
}

func (t Term) matches(tokens []Token) bool {
	for _, first := range tokens {
		if t.Words[0].is(first.Word) && t.at(tokens, first.Pos, nil) {
			return true
		}
	}
	return false
}

// at reports whether the term occurs at a position, and calls found with its tokens. Those
// given are in ascending order of position.
func (t Term) at(tokens []Token, pos int, found func(Word, Token)) bool {
	for _, w := range t.Words {
		any := false
		i, _ := slices.BinarySearchFunc(tokens, pos+w.Offset, func(t Token, pos int) int { return t.Pos - pos })
		for ; i < len(tokens) && tokens[i].Pos == pos+w.Offset; i++ {
			if w.is(tokens[i].Word) {
				any = true
				if found == nil {
					break
				}
				found(w, tokens[i])
			}
		}
		if !any {
			return false
		}
	}
	return true
}

// Starts returns where the term may begin if word i of it occurs at positions, which it
// changes. before is what Starts returned for the word before.
func (t Term) Starts(i int, before, positions []int) []int {
	for k := range positions {
		positions[k] -= t.Words[i].Offset
	}
	slices.Sort(positions)
	if i == 0 {
		return positions
	}
	return both(before, positions)
}

// both returns what is in two sorted lists.
func both(a, b []int) (list []int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			list, a, b = append(list, a[0]), a[1:], b[1:]
		}
	}
	return list
}
