package session

import (
	"math/rand/v2"
	"time"

	"parley/hub"
	"parley/wire"
)

// closeInternal says that the server failed (RFC 6455, section 7.4.1); clients
// reconnect after it.
const closeInternal = 1011

// pendingClose is a close that waits until everything queued is written.
type pendingClose struct {
	code  int
	text  string
	after time.Duration
}

// Write implements hub.Sink: one message that may hold many values. After the end values
// are dropped without an error, since the peer did not fail.
func (c *client) Write(b []byte) error {
	if c.ended.Load() {
		return nil
	}
	size := int64(len(b) - hub.Headroom)
	if err := c.transport.Write(b, c.codec.Text); err != nil {
		return err
	}
	left := c.unsent.Add(-size)
	if p := c.pendingClose.Load(); p != nil && left <= 0 {
		c.end(p.code, p.text, p.after)
	}
	return nil
}

// Ping implements hub.Sink.
func (c *client) Ping() error {
	if c.ended.Load() {
		return nil
	}
	return c.transport.Ping()
}

// Close implements hub.Sink.
func (c *client) Close(cause hub.Cause) {
	switch cause {
	case hub.TooSlow:
		c.end(wire.CloseTooSlow, "too slow", 0)
	case hub.Silent:
		c.end(wire.CloseSilent, "silent", 0)
	case hub.Unbound:
		c.end(wire.CloseSilent, "no hello in time", 0)
	case hub.FeedLost:
		c.end(wire.CloseFeedLost, "events may be missing, resume", reconnectDelay())
	case hub.Stopping:
		c.end(wire.CloseRestarting, "restarting", reconnectDelay())
	}
}

// SessionEnded closes the connection because its signed-in session has ended.
func (c *client) SessionEnded() { c.end(wire.CloseSessionEnded, "this session has ended", 0) }

// reconnectDelay spreads clients that reconnect at the same time over some seconds.
func reconnectDelay() time.Duration { return 200*time.Millisecond + rand.N(5*time.Second) }

// end closes the connection with a code. Only the first call has an effect: after it
// nothing is written, and the session's context ends.
func (c *client) end(code int, text string, retryAfter time.Duration) {
	if c.ended.Swap(true) {
		return
	}
	c.cancel()
	c.Closed(code)
	c.transport.Close(code, wire.CloseReason(text, retryAfter))
}

// Malformed closes the connection because of bytes that no value of the protocol is.
func (c *client) Malformed() { c.end(wire.CloseProtocol, "malformed message", 0) }

// closeAfter replies with an error and closes the connection once the reply is
// written. It is for a session that has joined no chat: what topics deliver is not
// counted in unsent.
func (c *client) closeAfter(id uint64, err error, p pendingClose) {
	b := c.codec.Encode(wire.Failure{Re: id, Error: c.Service.ClientError(c.ctx, err), Closes: true})
	c.unsent.Add(int64(len(b))) // before pendingClose is visible: the close waits for this reply
	c.pendingClose.Store(&p)
	if !c.conn.Send(b) {
		c.end(p.code, p.text, p.after)
	}
}

// fail closes a session whose position in a log is not certain any more.
func (c *client) fail(err error) {
	if c.ctx.Err() == nil {
		c.Service.ClientError(c.ctx, err)
		c.end(closeInternal, "the log could not be read, resume", reconnectDelay())
	}
}
