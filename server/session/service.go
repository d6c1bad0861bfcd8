package session

import (
	"context"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// Transport is the write side of a connection. Its methods may be called from any
// goroutine.
type Transport interface {
	// Write sends b[hub.Headroom:] as one message, text or binary; b[:hub.Headroom]
	// is scratch space. The session owns b again when Write returns. Write blocks
	// while the peer does not read, until Close.
	Write(b []byte, text bool) error
	// Ping asks the peer for a sign of life.
	Ping() error
	// Close ends the connection with a close code and a reason. It returns at once;
	// only the first call has an effect.
	Close(code int, reason string)
}

// Service is all that a session asks of the server. Its reads are those of the store
// (package chat states their contracts).
type Service interface {
	Epoch() string
	ChatIDs(ctx context.Context, user chat.UserID) ([]chat.ChatID, error)
	ChatsOf(ctx context.Context, user chat.UserID, list chat.ChatList) ([]chat.Chat, error)
	MemberChat(ctx context.Context, user chat.UserID, id chat.ChatID) (chat.Chat, error)
	Members(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) ([]chat.Member, error)
	Settings(ctx context.Context, user chat.UserID) (chat.Settings, error)
	Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error)
	After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) (events []chat.Event, head chat.Seq, err error)

	// IdentifyToken returns the holder of a token, read from the store and not from
	// a cache. A refused token counts against the address.
	IdentifyToken(ctx context.Context, token, address string) (chat.User, chat.Session, error)
	// RefusedToken counts a refused token against the address. It returns rate_limited
	// past the budget, else the refusal.
	RefusedToken(address string, refusal error) error
	// SessionLive fails with no_identity if the session has ended.
	SessionLive(ctx context.Context, user chat.UserID, id chat.SessionID, began int64) error
	// Spend takes the cost from the user's budget of commands, SpendHello that of a hello
	// with so many chats. Their error is rate_limited.
	Spend(user chat.UserID, cost int) error
	SpendHello(user chat.UserID, chats int) error
	// Limits are the limits that clients are told.
	Limits() wire.Limits
	// ClientError returns the error that a client is told, and logs a failure of the
	// server.
	ClientError(ctx context.Context, err error) *chat.Error

	// Post, Edit, Delete, React and Pin check a draft and queue it. Each returns once the
	// draft is queued; done is then called once, off the caller's goroutine, and must
	// not block. After an error done is not called.
	Post(ctx context.Context, user chat.UserID, cmd *wire.Command, done Done) error
	Edit(ctx context.Context, user chat.UserID, cmd *wire.Command, done Done) error
	Delete(ctx context.Context, user chat.UserID, cmd *wire.Command, done Done) error
	React(ctx context.Context, user chat.UserID, cmd *wire.Command, done Done) error
	Pin(ctx context.Context, user chat.UserID, cmd *wire.Command, done Done) error
	// MarkRead moves the user's read pointer.
	MarkRead(ctx context.Context, user chat.UserID, id chat.ChatID, seq chat.Seq) error
	// Typing tells the sessions that show the chat that the user types.
	Typing(ctx context.Context, user chat.UserID, id chat.ChatID) error
	// History returns the page of messages that the command asks for.
	History(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (wire.History, error)
	// Window returns the window that the command asks for.
	Window(cmd *wire.Command) (chat.Window, error)
}

// Done receives the outcome of a draft: the event; whether the clientId was known
// (again), ev then being the first event; or why there is none. An event without a
// number and without an error: nothing changed.
type Done = func(ev chat.Event, again bool, err error)

// Presence tracks which users are online.
type Presence interface {
	Arrive(chat.UserID)
	Depart(chat.UserID)
	// Watch makes conn a listener of u's presence, and calls tell with the present
	// state before any change of it is delivered. It calls tell under its lock.
	Watch(conn *hub.Conn, u chat.UserID, tell func(online bool))
	// Attend notes that the user looks at a page.
	Attend(chat.UserID)
}
