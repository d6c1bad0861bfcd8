package engineio

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"parley/server/socket"
)

// maxQueued is the size in bytes of the queue for polls from which on a Write waits.
const maxQueued = 64 << 10

// state is what carries the packets of a connection to the client.
type state uint8

const (
	polling   state = iota
	probing         // polling, and a WebSocket was opened for an upgrade
	flushing        // the WebSocket carries them; those that were queued are being written
	webSocket       // the WebSocket carries them
	closing         // polling; the close waits for a GET
	closed
)

// Conn is one connection of a client. Its methods may be called from any goroutine.
type Conn struct {
	// Static after the handshake.
	engine  *Engine
	sid     string
	handler Handler

	slot     int // guarded by Engine.mu: place in Engine.conns; -1: not registered
	heardAt  atomic.Int64
	handling atomic.Bool // a packet is handled: until then nothing more is read

	mu       sync.Mutex
	noBinary bool           // static: the client takes text alone
	state    state          // guarded by mu
	admitted bool           // guarded by mu: Admit was called
	posting  bool           // guarded by mu: a POST is handled
	held     bool           // guarded by mu: a GET waits
	over     bool           // guarded by mu: Closed was called or will be
	socket   *socket.Socket // guarded by mu: the WebSocket, or the one of a probe; else nil
	pingAt   int64          // guarded by mu: when the next ping is due, an interval after the last one
	admitBy  int64          // guarded by mu: until Admit was called
	probeBy  int64          // guarded by mu: while probing
	closeBy  int64          // guarded by mu: while closing, or with pending
	pending  *pendingClose  // guarded by mu: closes the connection at closeBy
	frames   []byte         // guarded by mu: queued for polls
	changed  chan struct{}  // guarded by mu: closed at the next change; nil: no goroutine waits
}

// pendingClose is a close at a later time.
type pendingClose struct {
	code   int
	reason string
}

// Sid returns the id of the connection.
func (c *Conn) Sid() string { return c.sid }

// Admit ends the time within which the client must have identified itself.
func (c *Conn) Admit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.admitted = true
}

// Write writes whole frames (package frame) and does not keep b. It waits while the client
// does not take what was written before, until Close. After the end it fails with
// net.ErrClosed.
func (c *Conn) Write(b []byte) error {
	c.mu.Lock()
	for c.state == flushing || c.state < flushing && len(c.frames) >= maxQueued {
		c.wait()
	}
	switch c.state {
	case closing, closed:
		c.mu.Unlock()
		return net.ErrClosed
	case webSocket:
		s := c.socket
		c.mu.Unlock()
		if c.noBinary {
			b = asText(b)
		}
		return s.WriteFrames(b)
	}
	c.frames = append(c.frames, b...)
	c.notify()
	c.mu.Unlock()
	return nil
}

// Ping asks the client for a sign of life before the next ping at Config.PingInterval, which it
// replaces. It does nothing if the client has not answered the last one. It waits as Write
// does.
func (c *Conn) Ping() error {
	interval := int64(c.engine.config.PingInterval)
	c.mu.Lock()
	// While probing the client is sending, and may not poll.
	asked := c.state == probing || c.state == flushing || c.heardAt.Load() < c.pingAt-interval
	if !asked {
		c.pingAt = c.engine.now() + interval
	}
	c.mu.Unlock()
	if asked {
		return nil
	}
	return c.Write(pingFrame)
}

// wait waits for the next change. c.mu is held, but not while it waits.
func (c *Conn) wait() {
	changed := c.nextChange()
	c.mu.Unlock()
	<-changed
	c.mu.Lock()
}

// nextChange returns a channel that the next change closes. c.mu is held.
func (c *Conn) nextChange() <-chan struct{} {
	if c.changed == nil {
		c.changed = make(chan struct{})
	}
	return c.changed
}

// notify wakes all goroutines that wait for a change. c.mu is held.
func (c *Conn) notify() {
	if c.changed != nil {
		close(c.changed)
		c.changed = nil
	}
}

// Close closes the connection and returns at once; only the first call has an effect. last
// are frames that the client receives before the close, or nil. A WebSocket is closed with
// the code and the reason; a poll, this one or the next, ends with a close packet.
func (c *Conn) Close(code int, reason string, last []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case closing, closed:
	case flushing, webSocket:
		if c.noBinary {
			last = asText(last)
		}
		c.socket.CloseAfter(last, code, reason) // its read loop ends the connection
	default:
		if c.socket != nil {
			c.socket.Close(code, reason)
		}
		c.frames = append(append(c.frames, last...), closeFrame...)
		c.closeBy = c.engine.now() + int64(c.engine.config.CloseWithin)
		c.state = closing
		c.notify()
		c.finish()
	}
}

// CloseIn is Close after a time. last is sent at once: because of it, the client may close the
// connection itself before.
func (c *Conn) CloseIn(after time.Duration, code int, reason string, last []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending != nil || c.state >= closing {
		return
	}
	c.admitted = true
	c.pending = &pendingClose{code, reason}
	c.closeBy = c.engine.now() + int64(after)
	if len(last) > 0 {
		go func() { _ = c.Write(last) }() // fails if the connection has ended
	}
}

// fail closes a connection whose client broke a rule or left: what is queued is dropped, and
// a GET that waits is answered with one packet.
func (c *Conn) fail(packet []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == closed {
		return
	}
	if c.socket != nil {
		c.socket.Close(protocolError, "protocol error")
	}
	if c.state == flushing || c.state == webSocket {
		return // its read loop ends the connection
	}
	c.frames = nil
	if c.held {
		c.frames = packet
	}
	c.end()
}

// end forgets a connection that has no WebSocket. c.mu is held.
func (c *Conn) end() {
	c.state = closed
	c.engine.remove(c)
	c.notify()
	c.finish()
}

// finish calls the handler's Closed once no message is handled. c.mu is held.
func (c *Conn) finish() {
	if !c.over && !c.posting && c.state >= closing {
		c.over = true
		go c.handler.Closed()
	}
}

// onWebSocket reports whether the client may not poll any more.
func (c *Conn) onWebSocket() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == flushing || c.state == webSocket
}

// hear records a sign of life.
func (c *Conn) hear() { c.heardAt.Store(c.engine.now()) }

// message lets the handler handle a message.
func (c *Conn) message(text bool, b []byte) {
	c.handling.Store(true)
	c.handler.Message(text, b)
	c.hear()
	c.handling.Store(false)
}

// packet lets the handler handle a pong or a noop.
func (c *Conn) packet() {
	c.handling.Store(true)
	c.handler.Packet()
	c.hear()
	c.handling.Store(false)
}

// silentSince reports whether the client was not heard in time. A close that waits for a poll
// has a time of its own.
func (c *Conn) silentSince(now int64) bool {
	return !c.handling.Load() && now-c.heardAt.Load() >= int64(c.engine.config.PingInterval+c.engine.config.PingTimeout) && c.isOpen()
}

// expire closes a connection whose client was not heard in time.
func (c *Conn) expire() {
	c.handler.Silent()
	c.fail(closeFrame)
}

// check pings or closes the connection when that is due.
func (c *Conn) check(now int64) {
	if c.silentSince(now) {
		c.expire()
		return
	}
	c.mu.Lock()
	ping := false
	var due *pendingClose
	switch {
	case c.state == closing:
		if now >= c.closeBy {
			c.end()
		}
	case c.state == closed:
	case c.pending != nil:
		if now >= c.closeBy {
			due = c.pending
		}
	case !c.admitted && now >= c.admitBy:
		due = &pendingClose{protocolError, "no CONNECT in time"}
	case c.state == probing:
		// No ping over a poll now: the client may not poll any more.
		if now >= c.probeBy {
			c.socket.Close(protocolError, "the upgrade was not completed")
		}
	case now >= c.pingAt:
		c.pingAt = now + int64(c.engine.config.PingInterval)
		ping = true
	}
	c.mu.Unlock()
	switch {
	case due != nil:
		c.Close(due.code, due.reason, nil)
	case ping:
		c.handler.PingDue(pingFrame)
	}
}
