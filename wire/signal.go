package wire

import "parley/chat"

// Kinds of signals besides the chat.SignalKinds. They are not sent through the store.
const (
	SignalChat     = "chat"
	SignalReset    = "reset"
	SignalCaughtUp = "caughtUp"
)

// Signal is a message of the server that has no number and is not replayed. Its fields
// depend on its kind:
//
//	typing    ChatID, By
//	read      ChatID, By, Seq
//	presence  By, Online
//	user      User: the changed entry of a user
//	mine      ChatID, Mine: the user's own settings of a chat
//	settings  Settings: the user's own settings for all chats
//	chat      ChatID with Head, Chat, Users: the user has joined, events follow from
//	          Head+1. ChatID with Gone: the user is no longer a member.
//	reset     ChatID, Head, Epoch: load a page, events follow from Head+1
//	caughtUp  none: every chat of a resume is live
type Signal struct {
	Signal   string         `json:"signal" msgpack:"signal"`
	ChatID   chat.ChatID    `json:"chatId,omitempty" msgpack:"chatId,omitempty"`
	By       chat.UserID    `json:"by,omitempty" msgpack:"by,omitempty"`
	Seq      chat.Seq       `json:"seq,omitempty" msgpack:"seq,omitempty"`
	Head     chat.Seq       `json:"head,omitempty" msgpack:"head,omitempty"`
	Epoch    string         `json:"epoch,omitempty" msgpack:"epoch,omitempty"`
	Online   *bool          `json:"online,omitempty" msgpack:"online,omitempty"`
	User     *chat.User     `json:"user,omitempty" msgpack:"user,omitempty"`
	Chat     *chat.Chat     `json:"chat,omitempty" msgpack:"chat,omitempty"`
	Users    []chat.User    `json:"users,omitempty" msgpack:"users,omitempty"`
	Mine     *chat.Mine     `json:"mine,omitempty" msgpack:"mine,omitempty"`
	Settings *chat.Settings `json:"settings,omitempty" msgpack:"settings,omitempty"`
	Gone     bool           `json:"gone,omitempty" msgpack:"gone,omitempty"`
}

// Presence returns the signal that tells whether a user is online.
func Presence(u chat.UserID, online bool) Signal {
	return Signal{Signal: string(chat.SignalPresence), By: u, Online: &online}
}
