package session

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/audit"
	"parley/server/service"
	"parley/wire"
)

// Config is what all sessions share. Nothing in it changes afterwards.
type Config struct {
	Service  Service
	Hub      *hub.Hub
	Presence Presence
	Log      *slog.Logger
	Audit    *audit.Log

	Ready     func(context.Context) error // waits until hello may be accepted
	Version   string                      // of the server, told in hello
	Heartbeat time.Duration               // between two pings of the server, told in hello
	Sockets   int                         // open sockets of one user; 0: no limit
	Hold      time.Duration               // after hello, until chats go live without a resume; 0: 500 ms

	Closed  func(code int) // called for each session that the server closed
	LogRead func()         // called for each page that is read from a chat's log
}

// Sessions opens sessions.
type Sessions struct {
	Config
	unauthenticated unauthenticated
	readers         chan struct{} // places of sessions that read the log at the same time
}

// maxReaders bounds the sessions that read the log at the same time.
const maxReaders = 64

// New returns Sessions; it starts no goroutine.
func New(c Config) *Sessions {
	c.Hold = cmp.Or(c.Hold, 500*time.Millisecond)
	return &Sessions{Config: c, readers: make(chan struct{}, maxReaders)}
}

// Peer is the transport's information about the client before hello.
type Peer struct {
	User    chat.User    // whom the credentials of the request name, if any
	Session chat.Session // as User
	Err     error        // why those credentials were refused
	Cookie  bool         // they came as a cookie, which may have expired
	Address string       // key of the address for limits

	Identified func() // called when hello has succeeded
}

// known reports whether the request named a user.
func (p *Peer) known() bool { return p.User.ID != "" }

// Session is one connection. Its parts have state of their own; this type has the read
// side: hello, and what a message of the peer starts.
type Session struct {
	client
	subscriber
	focus  focus
	queues queues
	places places

	// Owned by the read loop; by hello while it runs.
	peer *unidentified // nil once hello succeeded

	// Owned by the read loop.
	helloDone chan struct{} // closed when the hello under way is over; else nil
	refused   int           // consecutive commands that were refused for their number
}

// unidentified is a peer that has not said hello.
type unidentified struct {
	Peer
	counted string // key by which Sessions.unauthenticated counts it, "" if it does not
}

// Open starts a session. The caller then runs the transport's read loop and calls
// Handle, Heard and Finish.
func (s *Sessions) Open(t Transport, codec *wire.Codec, peer Peer) *Session {
	c := &Session{peer: &unidentified{Peer: peer}}
	c.client.Sessions, c.transport, c.codec, c.address = s, t, codec, peer.Address
	c.focus.client = &c.client
	c.subscriber.client, c.subscriber.focus = &c.client, &c.focus
	c.queues.session = c
	c.ctx, c.cancel = context.WithCancel(context.Background())
	// Attached before anything is checked: a feed that is lost or a session that is
	// revoked from here on finds this connection.
	c.conn = s.Hub.Attach(c, codec.Index, c)
	if chat.Is(peer.Err, chat.NoIdentity) && !peer.Cookie { // a cookie may have expired
		c.peer.Err = s.Service.RefusedToken(peer.Address, peer.Err)
	}
	key := peer.Address
	if peer.known() {
		key = service.UserTopic(peer.User.ID) // so that others behind the address cannot take all places
	}
	switch {
	case !s.unauthenticated.enter(key):
		c.end(wire.CloseOverLimit, "too many sockets of this address have not said hello", reconnectDelay())
	case chat.Is(c.peer.Err, chat.RateLimited):
		c.peer.counted = key
		e := chat.AsError(c.peer.Err)
		c.end(wire.CloseOverLimit, e.Message, time.Duration(e.RetryAfterMs)*time.Millisecond)
	default:
		c.peer.counted = key
	}
	return c
}

// Finish frees what the session holds, once its other goroutines have ended. The
// transport calls it when its read loop has ended.
func (c *Session) Finish() {
	c.ended.Store(true)
	c.cancel()
	c.endHold(false)
	c.subscriber.stop()
	c.queues.stop()
	c.uncount()
	if c.identified() {
		c.Presence.Depart(c.user)
	}
	c.conn.Detach()
}

// identified reports whether hello succeeded.
func (c *Session) identified() bool { return c.peer == nil }

// uncount removes the socket from the count of unauthenticated sockets.
func (c *Session) uncount() {
	if p := c.peer; p != nil && p.counted != "" {
		c.unauthenticated.leave(p.counted)
		p.counted = ""
	}
}
