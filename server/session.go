package server

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/socket"
	"parley/wire"
)

// session is one socket: who is behind it and what it has under way. It is also
// the hub's Sink (connect.go).
//
// Its goroutines are the read loop, the pager (pager.go) and lanes (lane.go);
// the last two exist only while they have work, and the read loop waits for
// them before it detaches.
type session struct {
	// Static after construction.
	s      *Server
	socket *socket.Socket
	conn   *hub.Conn
	codec  *wire.Codec
	ctx    context.Context
	cancel context.CancelFunc

	ended    atomic.Bool              // end was called
	unsent   atomic.Int64             // bytes of replies and signals sent but not written
	farewell atomic.Pointer[farewell] // how to end once unsent is 0

	// Written by hello before Bind lets others find the session; then static.
	user  chat.UserID
	id    chat.SessionID
	began int64 // when the session was made

	parts bool // set by hello before its answer, then static: the peer's line may be slow

	// Owned by the read loop, but for the time of hello by that.
	arrival *arrival // nil once hello succeeded

	// Owned by the read loop.
	greeting chan struct{} // closed when the hello under way is over; else nil
	refused  int           // commands in a row that were refused for their number

	// Owned by the pager.
	held map[chat.ChatID]position // joined by hello and not yet live, with their heads

	looking  sync.Mutex    // held while what is listened to beside the chats changes
	focused  []chat.ChatID // guarded by looking: the chats looked at
	watching []chat.UserID // guarded by looking: whose presence is told for focused alone

	mu       sync.Mutex
	over     bool                  // guarded by mu: no goroutine starts any more
	lanes    map[chat.ChatID]*lane // guarded by mu; nil while nothing is under way
	jobs     []func()              // guarded by mu: for the pager, in order
	paging   bool                  // guarded by mu: the pager runs
	underway int                   // guarded by mu: places of commands begun and not answered
	freed    chan struct{}         // guarded by mu: closed when underway sinks; nil: nobody waits
	holding  *time.Timer           // guarded by mu: delivery is held back until it fires
	working  sync.WaitGroup        // pager and lanes; Add under mu while not over
}

// arrival is what a socket is before its hello.
type arrival struct {
	middleware.Caller        // whom the upgrade named
	address           string // as limits see it
	counted           string // the key that Server.strangers counts it by, "" if it does not
}

// farewell is an end that waits for what was said before.
type farewell struct {
	code  int
	text  string
	after time.Duration
}

// serve is the read loop, until the socket ends or hands it to a fresh goroutine.
func (c *session) serve() {
	key := c.arrival.address
	if c.arrival.Known() {
		key = userTopic(c.arrival.User.ID) // a neighbour behind the same address shuts nobody out
	}
	if c.s.strangers.enter(key) {
		c.arrival.counted = key
	} else {
		c.end(wire.CloseOverLimit, "too many sockets of this address have not said hello", soon())
	}
	c.socket.Serve(c.handle, c.conn.Heard, func(error) { c.finish() }) // whatever the reason
}

// finish frees what the session holds, once its other goroutines are done.
func (c *session) finish() {
	c.ended.Store(true)
	c.cancel()
	c.release(false)
	c.mu.Lock()
	c.over, c.jobs = true, nil
	c.mu.Unlock()
	c.working.Wait()
	c.befriend()
	if c.known() {
		c.s.presence.depart(c.user)
	}
	c.conn.Detach()
}

// known says that hello succeeded.
func (c *session) known() bool { return c.arrival == nil }

// befriend ends the count among the strangers.
func (c *session) befriend() {
	if a := c.arrival; a != nil && a.counted != "" {
		c.s.strangers.leave(a.counted)
		a.counted = ""
	}
}

// run starts f on a goroutine of the session. c.mu is held, c is not over.
func (c *session) run(f func()) {
	c.working.Go(func() {
		defer c.rescue()
		f()
	})
}

// rescue is deferred: a mistake of ours ends one socket, not the server.
func (c *session) rescue() {
	if p := recover(); p != nil {
		c.s.Log.LogAttrs(c.ctx, slog.LevelError, "panic on a socket",
			slog.String("user", string(c.user)), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		c.end(closeInternal, "the server failed", soon())
	}
}

// send queues one value of the session's own, behind all that was queued.
func (c *session) send(v any) bool { return c.push(c.codec.Encode(v)) }

func (c *session) push(b []byte) bool {
	c.unsent.Add(int64(len(b)))
	return c.conn.Send(b)
}

// answer replies to a command, with ok or, if there is one, the error.
func (c *session) answer(id uint64, ok any, err error) {
	r := wire.Reply{Re: id, OK: ok}
	if err != nil {
		r.OK, r.Error = nil, c.s.blame(c.ctx, err)
	}
	c.send(r)
}

// dismiss replies with an error and ends the socket once that is written. It is
// for one who has joined nothing: what topics deliver is not counted in unsent.
func (c *session) dismiss(id uint64, err error, f farewell) {
	b := c.codec.Encode(wire.Reply{Re: id, Error: c.s.blame(c.ctx, err)})
	c.unsent.Add(int64(len(b))) // before farewell can be seen: it waits for this reply
	c.farewell.Store(&f)
	if !c.conn.Send(b) {
		c.end(f.code, f.text, f.after)
	}
}

// abandon ends a session whose place in a log is not certain any more.
func (c *session) abandon(err error) {
	if c.ctx.Err() == nil {
		c.s.blame(c.ctx, err)
		c.end(closeInternal, "the log could not be read, resume", soon())
	}
}
