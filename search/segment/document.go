package segment

import (
	"cmp"
	"strings"

	"parley/chat"
	"parley/search"
)

// Doc names a document. Its order is that of hits.
type Doc struct {
	At   int64 // ms
	Chat chat.ChatID
	Seq  chat.Seq
}

// DocOf returns the name of a message.
func DocOf(m *chat.Message) Doc { return Doc{max(m.At, 0), m.ChatID, m.Seq} }

// Compare returns a negative number if d is older than e, and a positive one if it is newer.
func (d Doc) Compare(e Doc) int {
	return cmp.Or(cmp.Compare(d.At, e.At), strings.Compare(string(d.Chat), string(e.Chat)), cmp.Compare(d.Seq, e.Seq))
}

// Document is a message that goes into a segment.
type Document struct {
	Doc
	Message chat.Message
	tokens  []search.Token
}

// NewDocument returns the document of a message.
func NewDocument(m chat.Message) Document {
	return Document{DocOf(&m), m, search.MessageTokens(m)}
}
