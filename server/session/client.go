package session

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// client is the connection as all parts of its session see it: the write side, and the
// user behind it. It is also the hub's Sink (close.go).
type client struct {
	// Static after construction.
	*Sessions
	transport Transport
	conn      *hub.Conn
	codec     *wire.Codec
	address   string          // Peer.Address
	ctx       context.Context // ends with the session
	cancel    context.CancelFunc

	// Written by hello before Bind makes the session visible to others; then static.
	user  chat.UserID
	id    chat.SessionID
	began int64 // when the signed-in session was created

	parts bool // set by hello before its reply; then static: the peer's line may be slow

	ended        atomic.Bool                  // end was called
	unsent       atomic.Int64                 // bytes of replies and signals queued but not written
	pendingClose atomic.Pointer[pendingClose] // how to end once unsent is 0
}

// Heard records a sign of life of the peer.
func (c *client) Heard() { c.conn.Heard() }

// SessionID returns the id of the signed-in session behind this connection.
func (c *client) SessionID() chat.SessionID { return c.id }

// Began returns when that session was created, in ms.
func (c *client) Began() int64 { return c.began }

// recoverPanic is deferred: a panic ends one session, not the server.
func (c *client) recoverPanic() {
	if p := recover(); p != nil {
		c.Log.LogAttrs(c.ctx, slog.LevelError, "panic in a session",
			slog.String("user", string(c.user)), slog.String("panic", fmt.Sprint(p)), slog.String("stack", string(debug.Stack())))
		c.end(closeInternal, "the server failed", reconnectDelay())
	}
}

// send queues one value of the session's own behind everything queued.
func (c *client) send(v any) bool { return c.push(c.codec.Encode(v)) }

// SendEncoded is send for what is encoded already.
func (c *client) SendEncoded(b []byte) bool { return c.push(b) }

func (c *client) push(b []byte) bool {
	if len(b) == 0 { // Socket.IO has no reply to a command without an ack
		return true
	}
	c.unsent.Add(int64(len(b)))
	return c.conn.Send(b)
}

// answer replies to a command with ok.
func (c *client) answer(id uint64, ok any) { c.send(wire.Reply{Re: id, OK: ok}) }

// answerError replies to a command with the error.
func (c *client) answerError(cmd *wire.Command, err error) {
	c.send(wire.Failure{Re: cmd.ID, Do: cmd.Do, Error: c.Service.ClientError(c.ctx, err)})
}

// refuse replies to a command with the error or, if err is nil, with an empty ok. It writes
// a security event if err is a refusal.
func (c *client) refuse(t *task, err error) {
	if err != nil {
		name := "" // not what the peer sent
		if row := commandsByName[t.Do]; row != nil {
			name = row.name
		}
		c.Audit.WriteRefused(c.ctx, c.user, name, c.address, err)
		c.answerError(&t.Command, err)
		return
	}
	c.answer(t.ID, nil)
}

// wait blocks the read loop until ch is closed. It reports false if the session has
// ended. Meanwhile the peer cannot be heard, so it counts as heard.
func (c *client) wait(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
	}
	tick := time.NewTicker(c.Heartbeat / 3)
	defer tick.Stop()
	for {
		// No case for the end of the session: it also ends what ch waits for. And a
		// context whose Done was never called is a hundred bytes smaller.
		select {
		case <-ch:
			return !c.ended.Load()
		case <-tick.C:
			c.conn.Heard()
		}
	}
}
