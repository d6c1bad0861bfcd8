package server

import (
	"context"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/socket"
	"parley/wire"
)

// A hub's message has its frame header written in place.
var _ = [1]struct{}{}[hub.Headroom-socket.Headroom]

// closeInternal says that the server failed (RFC 6455, section 7.4.1); clients
// come back.
const closeInternal = 1011

// openSocket upgrades a request. It is refused only for its Origin or while the
// server is not ready: a browser cannot see an HTTP status here, so a refused
// identity is told by a close code, after hello.
func (s *Server) openSocket(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	caller := middleware.CallerOf(r.Context())
	if err := middleware.SocketOrigin(r, s.PublicURL, caller.Cookie); err != nil {
		return err
	}
	limit := int64(maxMessage)
	if !caller.Known() {
		limit = maxFirst // until hello
	}
	sock, err := socket.Accept(w, r, socket.Config{
		Protocols: []string{wire.MsgPack.Protocol, wire.JSON.Protocol},
		ReadLimit: limit,
		Refuse: func(w http.ResponseWriter, r *http.Request, status int, sentence string) {
			s.failStatus(w, r, status, chat.Fail(chat.BadInput, "%s", sentence))
		},
	})
	if err != nil {
		return nil // it was answered
	}
	c := &session{
		s:       s,
		socket:  sock,
		codec:   wire.ForProtocol(sock.Protocol()),
		arrival: &arrival{Caller: caller, address: middleware.AddressKey(r.Context())},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	// Attached before anything is judged: what is lost or revoked from here on
	// finds this socket. The new goroutine lets net/http free what it keeps for
	// the request, stack and buffers.
	c.conn = s.hub.Attach(c, c.codec.Index, c)
	go c.serve()
	return nil
}

// Write is the hub's: one message that may hold many values. What comes after
// the end is dropped without an error, for it is not the peer that failed.
func (c *session) Write(b []byte) error {
	if c.ended.Load() {
		return nil
	}
	size := int64(len(b) - hub.Headroom)
	if err := c.socket.Write(b, c.codec.Text); err != nil {
		return err
	}
	left := c.unsent.Add(-size)
	if f := c.farewell.Load(); f != nil && left <= 0 {
		c.end(f.code, f.text, f.after)
	}
	return nil
}

// Ping is the hub's.
func (c *session) Ping() error {
	if c.ended.Load() {
		return nil
	}
	return c.socket.Ping()
}

// Close is the hub's.
func (c *session) Close(cause hub.Cause) {
	switch cause {
	case hub.TooSlow:
		c.end(wire.CloseTooSlow, "too slow", 0)
	case hub.Silent:
		c.end(wire.CloseSilent, "silent", 0)
	case hub.Unbound:
		c.end(wire.CloseSilent, "no hello in time", 0)
	case hub.FeedLost:
		c.end(wire.CloseFeedLost, "events may be missing, resume", soon())
	case hub.Stopping:
		c.end(wire.CloseRestarting, "restarting", soon())
	}
}

// soon spreads those who come back at once over some seconds.
func soon() time.Duration { return 200*time.Millisecond + rand.N(5*time.Second) }

// end closes the socket with a code. The first call wins: from then on nothing
// is written, and what waits for something in the session's name stops waiting.
func (c *session) end(code int, text string, retryAfter time.Duration) {
	if c.ended.Swap(true) {
		return
	}
	c.cancel()
	c.s.metrics.closed(code)
	c.socket.Close(code, wire.CloseReason(text, retryAfter))
}

// strangers counts the sockets of each address that have not said who they are.
type strangers struct {
	mu sync.Mutex
	by map[string]int // guarded by mu
}

// enter reports whether there is room for one more.
func (st *strangers) enter(address string) bool {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.by[address] >= maxStrangers {
		return false
	}
	if st.by == nil {
		st.by = map[string]int{}
	}
	st.by[address]++
	return true
}

func (st *strangers) leave(address string) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.by[address]--; st.by[address] <= 0 {
		delete(st.by, address)
	}
}
