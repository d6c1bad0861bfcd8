package search

import (
	"bytes"
	"encoding/binary"

	"parley/chat"
)

// MaxPositions bounds the positions of words that an index holds.
const MaxPositions = 1 << 20

// Words are the words of a message in few bytes: (position, length, word) …, the numbers as
// uvarints.
type Words []byte

// NewWords returns the words of a message.
func NewWords(m chat.Message) Words {
	var b Words
	for _, t := range MessageTokens(m) {
		if t.Pos < 0 || t.Pos >= MaxPositions {
			continue
		}
		b = binary.AppendUvarint(b, uint64(t.Pos))
		b = binary.AppendUvarint(b, uint64(len(t.Word)))
		b = append(b, t.Word...)
	}
	return b
}

// MatchWords reports whether all terms of the query occur in a message.
func (q *Query) MatchWords(words Words) bool {
	for _, t := range q.Terms {
		var starts []int
		for i, w := range t.Words {
			var at []int
			for rest := words; len(rest) > 0; {
				pos, n := binary.Uvarint(rest)
				length, m := binary.Uvarint(rest[n:])
				word := rest[n+m:][:length]
				if rest = rest[n+m+int(length):]; w.Prefix && bytes.HasPrefix(word, []byte(w.Text)) || string(word) == w.Text {
					at = append(at, int(pos))
				}
			}
			if starts = t.Starts(i, starts, at); len(starts) == 0 {
				return false
			}
		}
	}
	return true
}
