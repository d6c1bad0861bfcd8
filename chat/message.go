package chat

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Message is a posted event as readers see it: with its edits, deletion and reactions. A
// deleted one keeps its place and number.
type Message struct {
	ChatID    ChatID     `json:"chatId" msgpack:"chatId"`
	Seq       Seq        `json:"seq" msgpack:"seq"`
	At        int64      `json:"at" msgpack:"at"`
	By        UserID     `json:"by" msgpack:"by"`
	ClientID  string     `json:"clientId" msgpack:"clientId"`
	Text      string     `json:"text" msgpack:"text"` // may be empty with Files
	Reply     *Quote     `json:"reply,omitempty" msgpack:"reply,omitempty"`
	Mentions  []UserID   `json:"mentions,omitempty" msgpack:"mentions,omitempty"`
	Files     []File     `json:"files,omitempty" msgpack:"files,omitempty"`
	EditedAt  int64      `json:"editedAt,omitempty" msgpack:"editedAt,omitempty"`
	DeletedAt int64      `json:"deletedAt,omitempty" msgpack:"deletedAt,omitempty"`
	Reactions []Reaction `json:"reactions,omitempty" msgpack:"reactions,omitempty"`
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
	MaxQuote    = 200 // bytes of a quoted text
	MaxMentions = 50  // names read from one text
)

// CheckText refuses a text that is empty, not UTF-8, or longer than limit bytes.
func CheckText(text string, limit int) error {
	switch {
	case text == "":
		return FailField(BadInput, "text", "text must not be empty")
	case len(text) > limit:
		return FailField(TextTooLong, "text", "text must have at most %d bytes, this one has %d", limit, len(text))
	case !utf8.ValidString(text):
		return notUTF8("text")
	}
	return nil
}

// CheckEmoji refuses what is not 1 to MaxEmoji bytes of UTF-8 without spaces and control
// characters.
func CheckEmoji(e string) error {
	bad := e == "" || len(e) > MaxEmoji || !utf8.ValidString(e) ||
		strings.ContainsFunc(e, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
	if bad {
		return FailField(BadInput, "emoji", "emoji must have 1 to %d bytes and no spaces", MaxEmoji)
	}
	return nil
}

// Cut returns s cut to at most limit bytes, never inside a character.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// Handles returns the @handles that a text mentions, each once, at most MaxMentions. An
// @ inside a word (an e-mail address) is no mention.
func Handles(text string) []string {
	var found []string
	for at := strings.IndexByte(text, '@'); at >= 0 && len(found) < MaxMentions; {
		rest := text[at+1:]
		end := 0
		for end < len(rest) && end <= MaxHandle && printable(rest[end:end+1], ".") {
			end++
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		inWord := at > 0 && (unicode.IsLetter(before) || unicode.IsDigit(before) || before == '_')
		h := strings.ToLower(strings.TrimRight(rest[:end], "."))
		if !inWord && CheckHandle(h) == nil && !contains(found, h) {
			found = append(found, h)
		}
		next := strings.IndexByte(rest, '@')
		if next < 0 {
			break
		}
		at += 1 + next
	}
	return found
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}
