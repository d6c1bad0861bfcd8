package session

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
	"parley/wire"
)

// Config is what all sessions share. Nothing in it changes afterwards.
type Config struct {
	Service  Service
	Hub      *hub.Hub
	Presence Presence
	Log      *slog.Logger

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

// Session is one connection. It is also the hub's Sink (close.go).
type Session struct {
	// Static after construction.
	*Sessions
	transport Transport
	conn      *hub.Conn
	codec     *wire.Codec
	ctx       context.Context // ends with the session
	cancel    context.CancelFunc

	ended        atomic.Bool                  // end was called
	unsent       atomic.Int64                 // bytes of replies and signals queued but not written
	pendingClose atomic.Pointer[pendingClose] // how to end once unsent is 0

	// Written by hello before Bind makes the session visible to others; then static.
	user  chat.UserID
	id    chat.SessionID
	began int64 // when the signed-in session was created

	parts bool // set by hello before its reply; then static: the peer's line may be slow

	// Owned by the read loop; by hello while it runs.
	peer *unidentified // nil once hello succeeded

	// Owned by the read loop.
	helloDone chan struct{} // closed when the hello under way is over; else nil
	refused   int           // consecutive commands that were refused for their number

	// Owned by the subscriber.
	held map[chat.ChatID]service.Position // joined by hello and not yet live, with their heads

	focusMu sync.Mutex
	focused []chat.ChatID // guarded by focusMu: the chats that the client shows
	watched []chat.UserID // guarded by focusMu: users watched only because of focused

	mu         sync.Mutex
	over       bool                       // guarded by mu: no goroutine is started any more
	queues     map[chat.ChatID]*chatQueue // guarded by mu; nil while no command is under way
	jobs       []func()                   // guarded by mu: of the subscriber, in order
	subscribes bool                       // guarded by mu: the subscriber runs
	places     int                        // guarded by mu: taken by commands that are not answered
	freed      chan struct{}              // guarded by mu: closed when places are freed; nil: no caller waits
	hold       *time.Timer                // guarded by mu: delivery is on hold until it fires
	working    sync.WaitGroup             // subscriber and queues; Add under mu while not over
}

// unidentified is a peer that has not said hello.
type unidentified struct {
	Peer
	counted string // key by which Sessions.unauthenticated counts it, "" if it does not
}

// pendingClose is a close that waits until everything queued is written.
type pendingClose struct {
	code  int
	text  string
	after time.Duration
}

// Open starts a session. The caller then runs the transport's read loop and calls
// Handle, Heard and Finish.
func (s *Sessions) Open(t Transport, codec *wire.Codec, peer Peer) *Session {
	c := &Session{Sessions: s, transport: t, codec: codec, peer: &unidentified{Peer: peer}}
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

// Heard records a sign of life of the peer.
func (c *Session) Heard() { c.conn.Heard() }

// Finish frees what the session holds, once its other goroutines have ended. The
// transport calls it when its read loop has ended.
func (c *Session) Finish() {
	c.ended.Store(true)
	c.cancel()
	c.endHold(false)
	c.mu.Lock()
	c.over, c.jobs = true, nil
	c.mu.Unlock()
	c.working.Wait()
	c.uncount()
	if c.identified() {
		c.Presence.Depart(c.user)
	}
	c.conn.Detach()
}

// SessionID returns the id of the signed-in session behind this connection.
func (c *Session) SessionID() chat.SessionID { return c.id }

// Began returns when that session was created, in ms.
func (c *Session) Began() int64 { return c.began }

// identified reports whether hello succeeded.
func (c *Session) identified() bool { return c.peer == nil }

// uncount removes the socket from the count of unauthenticated sockets.
func (c *Session) uncount() {
	if p := c.peer; p != nil && p.counted != "" {
		c.unauthenticated.leave(p.counted)
		p.counted = ""
	}
}

// start runs f on a goroutine of the session. c.mu is held, c is not over.
func (c *Session) start(f func()) {
	c.working.Go(func() {
		defer c.recoverPanic()
		f()
	})
}

// recoverPanic is deferred: a panic ends one session, not the server.
func (c *Session) recoverPanic() {
	if p := recover(); p != nil {
		c.Log.LogAttrs(c.ctx, slog.LevelError, "panic in a session",
			slog.String("user", string(c.user)), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		c.end(closeInternal, "the server failed", reconnectDelay())
	}
}

// send queues one value of the session's own behind everything queued.
func (c *Session) send(v any) bool { return c.push(c.codec.Encode(v)) }

func (c *Session) push(b []byte) bool {
	c.unsent.Add(int64(len(b)))
	return c.conn.Send(b)
}

// answer replies to a command with ok or, if err is not nil, with the error.
func (c *Session) answer(id uint64, ok any, err error) {
	r := wire.Reply{Re: id, OK: ok}
	if err != nil {
		r.OK, r.Error = nil, c.Service.ClientError(c.ctx, err)
	}
	c.send(r)
}
