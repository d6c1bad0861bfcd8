package wire

import (
	"unicode/utf8"

	"parley/chat"
)

// Bounds of one command, in entries.
const (
	MaxSeen    = 10_000
	MaxChatIDs = 1_000
)

// Command is one thing that a client asks for, whatever it is: Do says which
// fields count. A field that was absent or null is zero. Ranges are for the
// server to judge; a decoded Command promises types, UTF-8 and the two bounds.
type Command struct {
	ID uint64 `json:"id" msgpack:"id"` // comes back as the reply's Re
	Do string `json:"do" msgpack:"do"`

	// hello, resume. As: whom the client believes to be. Parts: the answer to hello
	// comes in parts, and no page of history is large. More: further parts of the
	// resume follow.
	Token string                   `json:"token,omitempty" msgpack:"token,omitempty"`
	As    chat.UserID              `json:"as,omitempty" msgpack:"as,omitempty"`
	Parts bool                     `json:"parts,omitempty" msgpack:"parts,omitempty"`
	Epoch string                   `json:"epoch,omitempty" msgpack:"epoch,omitempty"`
	Seen  map[chat.ChatID]chat.Seq `json:"seen,omitempty" msgpack:"seen,omitempty"`
	At    map[chat.ChatID]int64    `json:"at,omitempty" msgpack:"at,omitempty"` // times of the events in Seen, in ms
	More  bool                     `json:"more,omitempty" msgpack:"more,omitempty"`

	// post, edit, delete, react, read, typing
	ChatID   chat.ChatID `json:"chatId,omitempty" msgpack:"chatId,omitempty"`
	ClientID string      `json:"clientId,omitempty" msgpack:"clientId,omitempty"`
	Text     string      `json:"text,omitempty" msgpack:"text,omitempty"`
	ReplyTo  chat.Seq    `json:"replyTo,omitempty" msgpack:"replyTo,omitempty"`
	Target   chat.Seq    `json:"target,omitempty" msgpack:"target,omitempty"`
	Seq      chat.Seq    `json:"seq,omitempty" msgpack:"seq,omitempty"`
	Emoji    string      `json:"emoji,omitempty" msgpack:"emoji,omitempty"`
	On       *bool       `json:"on,omitempty" msgpack:"on,omitempty"`

	// focus
	ChatIDs []chat.ChatID `json:"chatIds,omitempty" msgpack:"chatIds,omitempty"`

	// history; nil is absent, so that a zero can be refused by name
	Limit  *int64 `json:"limit,omitempty" msgpack:"limit,omitempty"`
	Before *int64 `json:"before,omitempty" msgpack:"before,omitempty"`
	After  *int64 `json:"after,omitempty" msgpack:"after,omitempty"`
	Around *int64 `json:"around,omitempty" msgpack:"around,omitempty"`
}

// Next decodes the first command of a message that holds one or more, and returns the
// rest, which is empty after the last one. The command shares no memory with the
// message. A Do that is one of names costs no allocation.
//
// Two kinds of error: a *chat.Error (bad_input, naming the field) when the
// value is well formed but wrongly typed; then cmd.ID is filled if it could be
// read, and rest goes on with the next command. Or one that wraps ErrMalformed:
// nothing after it can be read, and the connection is to be closed with
// CloseProtocol. A message without any value is malformed.
func (c *Codec) Next(message []byte, names ...string) (cmd Command, rest []byte, err error) {
	value, rest, err := c.check(message)
	if err != nil {
		return cmd, nil, err
	}
	top, _ := c.take(value)
	if top.kind != table {
		return cmd, rest, chat.Fail(chat.BadInput, "a command must be a map of fields")
	}
	// All fields are read even after a fault, for the ID may come last.
	for body := top.body; len(body) > 0; {
		var key, val item
		key, body = c.take(body)
		val, body = c.take(body)
		if fault := cmd.set(c, key, val, names); fault != nil && err == nil {
			err = fault
		}
	}
	return cmd, rest, err
}

// set fills one field. Unknown ones are ignored, the last of several wins, and
// null is as good as absent.
func (cmd *Command) set(c *Codec, key, v item, names []string) *chat.Error {
	if key.kind != text {
		return chat.Fail(chat.BadInput, "the keys of a command must be strings")
	}
	if v.kind == null {
		return nil
	}
	switch string(key.text) {
	case "id":
		return setNumber(&cmd.ID, "id", v)
	case "do":
		for _, name := range names {
			if v.kind == text && string(v.text) == name {
				cmd.Do = name
				return nil
			}
		}
		return setText(&cmd.Do, "do", v)
	case "token":
		return setText(&cmd.Token, "token", v)
	case "as":
		return setText(&cmd.As, "as", v)
	case "parts":
		return setTruth(&cmd.Parts, "parts", v)
	case "epoch":
		return setText(&cmd.Epoch, "epoch", v)
	case "seen":
		return setNumbers(c, &cmd.Seen, "seen", v)
	case "at":
		return setNumbers(c, &cmd.At, "at", v)
	case "more":
		return setTruth(&cmd.More, "more", v)
	case "chatId":
		return setText(&cmd.ChatID, "chatId", v)
	case "clientId":
		return setText(&cmd.ClientID, "clientId", v)
	case "text":
		return setText(&cmd.Text, "text", v)
	case "replyTo":
		return setNumber(&cmd.ReplyTo, "replyTo", v)
	case "target":
		return setNumber(&cmd.Target, "target", v)
	case "seq":
		return setNumber(&cmd.Seq, "seq", v)
	case "emoji":
		return setText(&cmd.Emoji, "emoji", v)
	case "on":
		on := false
		cmd.On = &on
		return setTruth(&on, "on", v)
	case "chatIds":
		return cmd.setChatIDs(c, v)
	case "limit":
		return setSigned(&cmd.Limit, "limit", v)
	case "before":
		return setSigned(&cmd.Before, "before", v)
	case "after":
		return setSigned(&cmd.After, "after", v)
	case "around":
		return setSigned(&cmd.Around, "around", v)
	}
	return nil
}

// setNumbers reads a map from chat ids to numbers that are not negative.
func setNumbers[T ~uint64 | ~int64](c *Codec, to *map[chat.ChatID]T, field string, v item) *chat.Error {
	wrong := func() *chat.Error {
		return chat.FailField(chat.BadInput, field, "%s must be a map from chat ids to numbers", field)
	}
	if v.kind != table {
		return wrong()
	}
	numbers := make(map[chat.ChatID]T)
	for body := v.body; len(body) > 0; {
		var key, val item
		key, body = c.take(body)
		val, body = c.take(body)
		if len(numbers) == MaxSeen {
			return chat.FailField(chat.BadInput, field, "%s must name at most %d chats; send it in parts", field, MaxSeen)
		}
		var id chat.ChatID
		var n uint64
		if setText(&id, field, key) != nil || setNumber(&n, field, val) != nil || T(n) < 0 {
			return wrong()
		}
		numbers[id] = T(n)
	}
	*to = numbers
	return nil
}

func (cmd *Command) setChatIDs(c *Codec, v item) *chat.Error {
	if v.kind != list {
		return chat.FailField(chat.BadInput, "chatIds", "chatIds must be a list of chat ids")
	}
	ids := []chat.ChatID{}
	for body := v.body; len(body) > 0; {
		var one item
		one, body = c.take(body)
		if len(ids) == MaxChatIDs {
			return chat.FailField(chat.BadInput, "chatIds", "chatIds must hold at most %d ids", MaxChatIDs)
		}
		var id chat.ChatID
		if setText(&id, "chatIds", one) != nil {
			return chat.FailField(chat.BadInput, "chatIds", "chatIds must be a list of chat ids")
		}
		ids = append(ids, id)
	}
	cmd.ChatIDs = ids
	return nil
}

func setText[T ~string](to *T, field string, v item) *chat.Error {
	if v.kind != text {
		return chat.FailField(chat.BadInput, field, "%s must be a string", field)
	}
	if !utf8.Valid(v.text) {
		return chat.FailField(chat.BadInput, field, "%s must be UTF-8", field)
	}
	*to = T(v.text)
	return nil
}

func setNumber[T ~uint64](to *T, field string, v item) *chat.Error {
	if v.kind != whole || v.neg && v.n != 0 {
		return chat.FailField(chat.BadInput, field, "%s must be a whole number that is not negative", field)
	}
	*to = T(v.n)
	return nil
}

func setSigned(to **int64, field string, v item) *chat.Error {
	n := int64(v.n)
	if v.neg {
		n = -n
	}
	if v.kind != whole || n != 0 && v.neg != (n < 0) {
		return chat.FailField(chat.BadInput, field, "%s must be a whole number", field)
	}
	*to = &n
	return nil
}

func setTruth(to *bool, field string, v item) *chat.Error {
	if v.kind != truth {
		return chat.FailField(chat.BadInput, field, "%s must be true or false", field)
	}
	*to = v.truth
	return nil
}
