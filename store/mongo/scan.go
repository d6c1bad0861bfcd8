package mongo

import (
	"parley/chat"
)

// event is a document of events. A post holds its projection too: the text as
// it is now, edits, reactions. An edit holds no text. https://… see doc.go.
type event struct {
	ID       string        `bson:"_id"` // onceID, or eventID for an event without a clientId
	Chat     chat.ChatID   `bson:"chat"`
	Seq      chat.Seq      `bson:"seq"`
	N        chat.Seq      `bson:"n"` // posts up to here; a post's own number among the posts
	Kind     chat.Kind     `bson:"kind"`
	At       int64         `bson:"at"`
	By       chat.UserID   `bson:"by"`
	ClientID string        `bson:"clientId,omitempty"`
	Text     string        `bson:"text,omitempty"` // posted
	Mentions []chat.UserID `bson:"mentions,omitempty"`
	ReplyTo  chat.Seq      `bson:"replyTo,omitempty"` // the quote is read from that post

	EditedAt  int64      `bson:"editedAt,omitempty"`
	DeletedAt int64      `bson:"deletedAt,omitempty"`
	Reactions []reaction `bson:"reactions,omitempty"`

	Target chat.Seq      `bson:"target,omitempty"`
	Emoji  string        `bson:"emoji,omitempty"`
	On     *bool         `bson:"on,omitempty"`
	Users  []chat.UserID `bson:"users,omitempty"`
	Role   chat.Role     `bson:"role,omitempty"`
	Reason string        `bson:"reason,omitempty"`
	Title  *string       `bson:"title,omitempty"`
	Topic  *string       `bson:"topic,omitempty"`
}

// reaction is one emoji on a post: who put it there, oldest first.
type reaction struct {
	Emoji string        `bson:"emoji"`
	By    []chat.UserID `bson:"by"`
}

// group is a document of chats: what is not derived from the last event.
type group struct {
	ID          chat.ChatID   `bson:"_id"`
	Kind        chat.ChatKind `bson:"kind"`
	Open        bool          `bson:"open"`
	Title       string        `bson:"title"`
	Topic       string        `bson:"topic"`
	By          chat.UserID   `bson:"by"`
	ClientID    string        `bson:"clientId"`
	Pair        string        `bson:"pair,omitempty"` // chat.PairOf of a direct chat
	MemberCount int           `bson:"memberCount"`
}

// member is a document of members. Read is the number up to which they have
// read, N the count of posts up to there; one's own last post counts as read
// too, and is looked up (members.go). Both begin at the joined event.
type member struct {
	Chat chat.ChatID `bson:"chat"`
	User chat.UserID `bson:"user"`
	Role chat.Role   `bson:"role"`
	Read chat.Seq    `bson:"read"`
	N    chat.Seq    `bson:"n"`
}

// onceID is the _id of an event with a clientId: posts have theirs apart from
// all other kinds. Ids hold no spaces.
func onceID(e *chat.Event) string {
	kind := " e "
	if e.Kind == chat.Posted {
		kind = " p "
	}
	return string(e.ChatID) + kind + string(e.By) + " " + e.ClientID
}
