package chat

import (
	"slices"
	"unicode/utf8"

	"parley/textrule"
)

// Message is a posted event as readers see it: with its edits, deletion and reactions. A
// deleted one keeps its place and number.
type Message struct {
	ChatID   ChatID   `json:"chatId" msgpack:"chatId"`
	Seq      Seq      `json:"seq" msgpack:"seq"`
	At       int64    `json:"at" msgpack:"at"`
	By       UserID   `json:"by" msgpack:"by"`
	ClientID string   `json:"clientId" msgpack:"clientId"`
	Text     string   `json:"text" msgpack:"text"` // may be empty with Files
	Reply    *Quote   `json:"reply,omitempty" msgpack:"reply,omitempty"`
	Root     Seq      `json:"root,omitempty" msgpack:"root,omitempty"` // of a reply: the first message of its thread
	Mentions []UserID `json:"mentions,omitempty" msgpack:"mentions,omitempty"`

	MentionsAll GroupMention `json:"mentionsAll,omitempty" msgpack:"mentionsAll,omitempty"`

	Files     []File     `json:"files,omitempty" msgpack:"files,omitempty"`
	EditedAt  int64      `json:"editedAt,omitempty" msgpack:"editedAt,omitempty"`
	DeletedAt int64      `json:"deletedAt,omitempty" msgpack:"deletedAt,omitempty"`
	Reactions []Reaction `json:"reactions,omitempty" msgpack:"reactions,omitempty"`
	Pinned    bool       `json:"pinned,omitempty" msgpack:"pinned,omitempty"`
}

// Quote is the beginning of the message that another one replies to. Its text is read
// from that message, and empty once it was deleted.
type Quote struct {
	Seq   Seq    `json:"seq" msgpack:"seq"`
	By    UserID `json:"by" msgpack:"by"`
	Text  string `json:"text" msgpack:"text"`
	Files int    `json:"files,omitempty" msgpack:"files,omitempty"` // of a message without a text
}

// Reaction is an emoji on a message and who reacted, oldest first. By has at most the
// first MaxReactBy of them; Count counts all.
type Reaction struct {
	Emoji string   `json:"emoji" msgpack:"emoji"`
	Count int      `json:"count" msgpack:"count"`
	Mine  bool     `json:"mine" msgpack:"mine"`
	By    []UserID `json:"by" msgpack:"by"`
}

// Reactors is an emoji on a message as stores keep it: who reacted, oldest first.
type Reactors struct {
	Emoji string   `json:"emoji" bson:"emoji"`
	By    []UserID `json:"by" bson:"by"`
}

// ApplyReaction returns the list after a reacted event. It may change the list.
func ApplyReaction(list []Reactors, e *Event) []Reactors {
	at := slices.IndexFunc(list, func(r Reactors) bool { return r.Emoji == e.Emoji })
	switch {
	case *e.On && at < 0:
		return append(list, Reactors{e.Emoji, []UserID{e.By}})
	case *e.On:
		list[at].By = append(list[at].By, e.By)
	case at >= 0:
		list[at].By = slices.DeleteFunc(list[at].By, func(u UserID) bool { return u == e.By })
		if len(list[at].By) == 0 {
			return slices.Delete(list, at, at+1)
		}
	}
	return list
}

// ReactionsFor returns the reactions as the viewer sees them, each By cut to the first
// most users; a negative most means all.
func ReactionsFor(list []Reactors, viewer UserID, most int) (reactions []Reaction) {
	for _, r := range list {
		by := r.By
		if most >= 0 && len(by) > most {
			by = by[:most:most]
		}
		reactions = append(reactions, Reaction{Emoji: r.Emoji, Count: len(r.By), Mine: viewer != "" && slices.Contains(r.By, viewer), By: by})
	}
	return reactions
}

// NoMessage is the error for a number, named by field, of which there is no message.
func NoMessage(field string, seq Seq) error {
	return FailField(NotFound, field, "there is no message %d", seq)
}

const (
	MaxReactBy  = 50
	MaxQuote    = 200  // bytes of a quoted text
	MaxMentions = 50   // members whom one text names
	MaxHandles  = 1000 // handles that are looked up for one text
	MaxEmoji    = textrule.MaxEmoji
)

// CheckText refuses a text of which nothing is visible, that is not UTF-8, or longer than
// limit bytes.
func CheckText(text string, limit int) error {
	switch {
	case text == "":
		return FailField(BadInput, "text", "text must not be empty")
	case len(text) > limit:
		return FailField(TextTooLong, "text", "text must have at most %d bytes, this one has %d", limit, len(text))
	case !utf8.ValidString(text):
		return notUTF8("text")
	case !textrule.Visible(text):
		return FailField(BadInput, "text", "text must have a visible character")
	}
	return nil
}

// ParseEmoji returns the fully-qualified form of an emoji, and refuses what is none.
// Reactions of earlier versions may be any text of up to MaxEmoji bytes: to take one back
// (on is false) it is accepted as it is.
func ParseEmoji(e string, on bool) (string, error) {
	if !utf8.ValidString(e) {
		return "", notUTF8("emoji")
	}
	if full, ok := textrule.Emoji(e); ok {
		return full, nil
	}
	if on || e == "" || len(e) > MaxEmoji {
		return "", FailField(BadInput, "emoji", "emoji must be one emoji")
	}
	return e, nil
}

// Cut returns the beginning of s, at most limit bytes, between two grapheme clusters.
func Cut(s string, limit int) string { return textrule.Cut(s, limit) }

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}
