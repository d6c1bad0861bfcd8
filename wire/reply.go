package wire

import "parley/chat"

// Reply answers one command. Exactly one of OK and Error is written: a Reply with neither
// has an empty ok. A Reply with a Part has neither and precedes the answer.
type Reply struct {
	Re    uint64      `json:"re" msgpack:"re"` // the command's ID, 0 if that could not be read
	OK    any         `json:"ok,omitempty" msgpack:"ok,omitempty"`
	Error *chat.Error `json:"error,omitempty" msgpack:"error,omitempty"`
	Part  *HelloPart  `json:"part,omitempty" msgpack:"part,omitempty"`
}

// Failure is the Reply to a command that fails, with what Socket.IO needs beside it.
type Failure struct {
	Re     uint64
	Do     string // the command's name
	Error  *chat.Error
	Closes bool // it is the reply to a hello, and the connection is closed after it
}

// HelloPart is a part of the answer to a hello with Parts. Its chats and users precede
// those of the ok.
type HelloPart struct {
	Chats []chat.Chat `json:"chats" msgpack:"chats"`
	Users []chat.User `json:"users" msgpack:"users"`
}

// Hello is the ok of hello: the user and their chats. Events of a chat follow after the
// Head of its entry, or after the number that resume names.
type Hello struct {
	Epoch       string        `json:"epoch" msgpack:"epoch"`
	Me          chat.User     `json:"me" msgpack:"me"`
	Settings    chat.Settings `json:"settings" msgpack:"settings"` // the user's own
	Chats       []chat.Chat   `json:"chats" msgpack:"chats"`
	Users       []chat.User   `json:"users" msgpack:"users"` // those that Chats name
	Version     string        `json:"version" msgpack:"version"`
	Now         int64         `json:"now" msgpack:"now"` // ms since 1970 UTC
	Limits      Limits        `json:"limits" msgpack:"limits"`
	HeartbeatMs int64         `json:"heartbeatMs" msgpack:"heartbeatMs"` // between the server's pings
}

// Limits are the server's limits for a client.
type Limits struct {
	Text    int64 `json:"text" msgpack:"text"`       // bytes of one message's text
	Body    int64 `json:"body" msgpack:"body"`       // bytes of an HTTP body
	Message int64 `json:"message" msgpack:"message"` // bytes of a WebSocket message to the server
	Page    int64 `json:"page" msgpack:"page"`       // entries of one page, and users in a call by their ids
	Quote   int64 `json:"quote" msgpack:"quote"`     // bytes of a quoted text
	Readers int64 `json:"readers" msgpack:"readers"` // members up to which a chat's read pointers of others are sent
	Sockets int64 `json:"sockets" msgpack:"sockets"` // connections of one user
	Posts   Rate  `json:"posts" msgpack:"posts"`     // posts of one user
	File    int64 `json:"file" msgpack:"file"`       // bytes of one file
	Files   int64 `json:"files" msgpack:"files"`     // files of one message
}

// Rate is a limit of N in PerMs milliseconds; N 0 means no limit.
type Rate struct {
	N     int64 `json:"n" msgpack:"n"`
	PerMs int64 `json:"perMs" msgpack:"perMs"`
}

// Posted is the ok of post.
type Posted struct {
	Seq   chat.Seq `json:"seq" msgpack:"seq"`
	At    int64    `json:"at" msgpack:"at"`
	Again bool     `json:"again,omitempty" msgpack:"again,omitempty"` // the clientId was known: this is the first post
}

// Changed is the ok of edit, delete, react and pin. It has no number if nothing changed.
type Changed struct {
	Seq chat.Seq `json:"seq,omitempty" msgpack:"seq,omitempty"`
}

// Pong is the ok of ping.
type Pong struct {
	Now int64 `json:"now" msgpack:"now"` // ms since 1970 UTC
}

// History is a window of messages, the ok of history and the answer over HTTP.
type History struct {
	Messages   []chat.Message `json:"messages" msgpack:"messages"` // in ascending order of seq
	Users      []chat.User    `json:"users" msgpack:"users"`       // those that Messages name
	Head       chat.Seq       `json:"head" msgpack:"head"`         // the messages are at least as new as this head
	MoreBefore bool           `json:"moreBefore" msgpack:"moreBefore"`
	MoreAfter  bool           `json:"moreAfter" msgpack:"moreAfter"`
}
