package search

import "parley/chat"

// Query is what a person searches for. A message matches if all Terms occur in it. There is
// at least one.
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
