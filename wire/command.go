package wire

import (
	"unicode/utf8"

	"parley/chat"
)

// Bounds of one command, in entries.
const (
	MaxSeen    = 10_000
	MaxChatIDs = 1_000
	MaxFileIDs = 100 // more than a message may have: the server checks that; also of Alts
)

// Command is a command of a client. Do names the command and decides which fields are
// used. A field that was absent or null is zero. Decoding checks types, UTF-8 and the
// bounds; the server checks ranges.
type Command struct {
	ID uint64 `json:"id" msgpack:"id"` // the reply's Re
	Do string `json:"do" msgpack:"do"`

	// hello, resume. As: the user for whom the client signs in. Parts: the answer to hello
	// is sent in parts, and no page of history is large. More: further parts of the resume
	// follow.
	Token string                   `json:"token,omitempty" msgpack:"token,omitempty"`
	As    chat.UserID              `json:"as,omitempty" msgpack:"as,omitempty"`
	Parts bool                     `json:"parts,omitempty" msgpack:"parts,omitempty"`
	Epoch string                   `json:"epoch,omitempty" msgpack:"epoch,omitempty"`
	Seen  map[chat.ChatID]chat.Seq `json:"seen,omitempty" msgpack:"seen,omitempty"`
	At    map[chat.ChatID]int64    `json:"at,omitempty" msgpack:"at,omitempty"` // times of the events in Seen, in ms
	More  bool                     `json:"more,omitempty" msgpack:"more,omitempty"`

	// post, edit, delete, react, pin, read, typing
	ChatID   chat.ChatID            `json:"chatId,omitempty" msgpack:"chatId,omitempty"`
	ClientID string                 `json:"clientId,omitempty" msgpack:"clientId,omitempty"`
	Text     string                 `json:"text,omitempty" msgpack:"text,omitempty"`
	ReplyTo  chat.Seq               `json:"replyTo,omitempty" msgpack:"replyTo,omitempty"`
	Files    []chat.FileID          `json:"files,omitempty" msgpack:"files,omitempty"`
	Alts     map[chat.FileID]string `json:"alts,omitempty" msgpack:"alts,omitempty"` // descriptions of Files
	Target   chat.Seq               `json:"target,omitempty" msgpack:"target,omitempty"`
	Seq      chat.Seq               `json:"seq,omitempty" msgpack:"seq,omitempty"`
	Emoji    string                 `json:"emoji,omitempty" msgpack:"emoji,omitempty"`
	On       *bool                  `json:"on,omitempty" msgpack:"on,omitempty"`
	Silent   bool                   `json:"silent,omitempty" msgpack:"silent,omitempty"`

	// focus
	ChatIDs []chat.ChatID `json:"chatIds,omitempty" msgpack:"chatIds,omitempty"`

	// history; nil means absent, since 0 is refused
	Limit  *int64 `json:"limit,omitempty" msgpack:"limit,omitempty"`
	Before *int64 `json:"before,omitempty" msgpack:"before,omitempty"`
	After  *int64 `json:"after,omitempty" msgpack:"after,omitempty"`
	Around *int64 `json:"around,omitempty" msgpack:"around,omitempty"`
}

// Next decodes the first command of a message that contains one or more. It returns the
// rest of the message, which is empty after the last command. The command shares no
// memory with the message. A Do that is one of names is not allocated.
//
// The error is either a *chat.Error (bad_input, with the field) if the value is well
// formed but has a wrong type. Then cmd.ID is set if it could be read, and rest begins
// with the next command. Or it wraps ErrMalformed: the rest cannot be read, and the
// caller should close the connection with CloseProtocol. A message without any value is
// malformed.
func (c *Codec) Next(message []byte, names ...string) (cmd Command, rest []byte, err error) {
	value, rest, err := c.check(message)
	if err != nil {
		return cmd, nil, err
	}
	top, _ := c.readItem(value)
	if top.kind != kindMap {
		return cmd, rest, chat.Fail(chat.BadInput, "a command must be a map of fields")
	}
	// All fields are read even after an error, since the ID may be the last one.
	for body := top.body; len(body) > 0; {
		var key, val item
		key, body = c.readItem(body)
		val, body = c.readItem(body)
		if fault := cmd.set(c, key, val, names); fault != nil && err == nil {
			err = fault
		}
	}
	return cmd, rest, err
}

// set sets one field. Unknown fields are ignored, the last of several wins, and null
// means absent.
func (cmd *Command) set(c *Codec, key, v item, names []string) *chat.Error {
	if key.kind != kindString {
		return chat.Fail(chat.BadInput, "the keys of a command must be strings")
	}
	if v.kind == kindNull {
		return nil
	}
	switch string(key.text) {
	case "id":
		return setUint(&cmd.ID, "id", v)
	case "do":
		for _, name := range names {
			if v.kind == kindString && string(v.text) == name {
				cmd.Do = name
				return nil
			}
		}
		return setString(&cmd.Do, "do", v)
	case "token":
		return setString(&cmd.Token, "token", v)
	case "as":
		return setString(&cmd.As, "as", v)
	case "parts":
		return setBool(&cmd.Parts, "parts", v)
	case "epoch":
		return setString(&cmd.Epoch, "epoch", v)
	case "seen":
		return setUintMap(c, &cmd.Seen, "seen", v)
	case "at":
		return setUintMap(c, &cmd.At, "at", v)
	case "more":
		return setBool(&cmd.More, "more", v)
	case "chatId":
		return setString(&cmd.ChatID, "chatId", v)
	case "clientId":
		if err := setString(&cmd.ClientID, "clientId", v); err != nil || cmd.ClientID != "" {
			return err
		}
		return chat.AsError(chat.CheckClientID("")) // else it would count as absent
	case "text":
		return setString(&cmd.Text, "text", v)
	case "replyTo":
		return setUint(&cmd.ReplyTo, "replyTo", v)
	case "files":
		return setIDs(c, &cmd.Files, "files", "file", MaxFileIDs, v)
	case "alts":
		return setAlts(c, &cmd.Alts, v)
	case "target":
		return setUint(&cmd.Target, "target", v)
	case "seq":
		return setUint(&cmd.Seq, "seq", v)
	case "emoji":
		return setString(&cmd.Emoji, "emoji", v)
	case "on":
		on := false
		cmd.On = &on
		return setBool(&on, "on", v)
	case "silent":
		return setBool(&cmd.Silent, "silent", v)
	case "chatIds":
		return setIDs(c, &cmd.ChatIDs, "chatIds", "chat", MaxChatIDs, v)
	case "limit":
		return setInt(&cmd.Limit, "limit", v)
	case "before":
		return setInt(&cmd.Before, "before", v)
	case "after":
		return setInt(&cmd.After, "after", v)
	case "around":
		return setInt(&cmd.Around, "around", v)
	}
	return nil
}

// setNumbers reads a map from chat ids to numbers that are not negative.
func setUintMap[T ~uint64 | ~int64](c *Codec, to *map[chat.ChatID]T, field string, v item) *chat.Error {
	wrong := func() *chat.Error {
		return chat.FailField(chat.BadInput, field, "%s must be a map from chat ids to numbers", field)
	}
	if v.kind != kindMap {
		return wrong()
	}
	numbers := make(map[chat.ChatID]T)
	for body := v.body; len(body) > 0; {
		var key, val item
		key, body = c.readItem(body)
		val, body = c.readItem(body)
		if len(numbers) == MaxSeen {
			return chat.FailField(chat.BadInput, field, "%s must name at most %d chats; send it in parts", field, MaxSeen)
		}
		var id chat.ChatID
		var n uint64
		if setString(&id, field, key) != nil || setUint(&n, field, val) != nil || T(n) < 0 {
			return wrong()
		}
		numbers[id] = T(n)
	}
	*to = numbers
	return nil
}

// setIDs reads a list of at most most ids.
func setIDs[T ~string](c *Codec, to *[]T, field, of string, most int, v item) *chat.Error {
	wrong := func() *chat.Error {
		return chat.FailField(chat.BadInput, field, "%s must be a list of %s ids", field, of)
	}
	if v.kind != kindList {
		return wrong()
	}
	ids := []T{}
	for body := v.body; len(body) > 0; {
		var one item
		one, body = c.readItem(body)
		if len(ids) == most {
			return chat.FailField(chat.BadInput, field, "%s must hold at most %d ids", field, most)
		}
		var id T
		if setString(&id, field, one) != nil {
			return wrong()
		}
		ids = append(ids, id)
	}
	*to = ids
	return nil
}

// setAlts reads a map from file ids to texts.
func setAlts(c *Codec, to *map[chat.FileID]string, v item) *chat.Error {
	wrong := chat.FailField(chat.BadInput, "alts", "alts must be a map from file ids to strings")
	if v.kind != kindMap {
		return wrong
	}
	alts := make(map[chat.FileID]string)
	for body := v.body; len(body) > 0; {
		var key, val item
		key, body = c.readItem(body)
		val, body = c.readItem(body)
		if len(alts) == MaxFileIDs {
			return chat.FailField(chat.BadInput, "alts", "alts must name at most %d files", MaxFileIDs)
		}
		var id chat.FileID
		var alt string
		if setString(&id, "alts", key) != nil || setString(&alt, "alts", val) != nil {
			return wrong
		}
		alts[id] = alt
	}
	*to = alts
	return nil
}

func setString[T ~string](to *T, field string, v item) *chat.Error {
	if v.kind != kindString {
		return chat.FailField(chat.BadInput, field, "%s must be a string", field)
	}
	if !utf8.Valid(v.text) {
		return chat.FailField(chat.BadInput, field, "%s must be UTF-8", field)
	}
	*to = T(v.text)
	return nil
}

// setUint sets a number that is not negative.
func setUint[T ~uint64](to *T, field string, v item) *chat.Error {
	if v.kind != kindInt || v.neg && v.n != 0 {
		return chat.FailField(chat.BadInput, field, "%s must be a whole number that is not negative", field)
	}
	*to = T(v.n)
	return nil
}

func setInt(to **int64, field string, v item) *chat.Error {
	n := int64(v.n)
	if v.neg {
		n = -n
	}
	if v.kind != kindInt || n != 0 && v.neg != (n < 0) {
		return chat.FailField(chat.BadInput, field, "%s must be a whole number", field)
	}
	*to = &n
	return nil
}

func setBool(to *bool, field string, v item) *chat.Error {
	if v.kind != kindBool {
		return chat.FailField(chat.BadInput, field, "%s must be true or false", field)
	}
	*to = v.boolean
	return nil
}
