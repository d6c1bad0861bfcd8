package session

import (
	"errors"
	"time"

	"parley/chat"
	"parley/wire"
)

// Consecutive commands that may be refused before the connection is closed.
const (
	maxRefused            = 1000 // for their number
	maxRefusedBeforeHello = 100  // for want of a hello
)

// Handle takes each message of the peer, on the transport's read loop. Every command
// in it is answered exactly once, now or later; Handle returns while slow ones are
// under way. The transport owns message again when Handle returns.
func (c *Session) Handle(text bool, message []byte) error {
	defer c.recoverPanic()
	if c.ended.Load() || c.pendingClose.Load() != nil {
		return nil // nothing is parsed any more
	}
	c.conn.Heard()
	if text && !c.codec.Text {
		c.end(wire.CloseProtocol, "a text message on a MessagePack socket", 0)
		return nil
	}
	// While no hello is under way, peer is owned by the read loop.
	limited := c.helloDone == nil && !c.identified() && !c.peer.known()
	for rest := message; !c.ended.Load() && c.pendingClose.Load() == nil; {
		before := len(rest)
		t := &task{}
		var err error
		t.Command, rest, err = c.codec.Next(rest, commandNames...)
		if errors.Is(err, wire.ErrMalformed) {
			c.Malformed()
			return nil
		}
		c.dispatch(t, before-len(rest), err)
		if len(rest) == 0 {
			break
		}
	}
	if limited && c.helloDone != nil {
		c.wait(c.helloDone) // the next message may be longer
	}
	return nil
}

// HandlePacket is Handle for one packet of Socket.IO: a CONNECT is a hello and, if it names
// what the client has seen, a resume; an event is a command.
func (c *Session) HandlePacket(p *wire.Packet) {
	defer c.recoverPanic()
	if c.ended.Load() || c.pendingClose.Load() != nil {
		return
	}
	c.conn.Heard()
	if p.Type != wire.PacketConnect {
		t := &task{}
		var err error
		t.Command, err = p.Command(commandNames...)
		c.dispatch(t, len(p.Data), err)
		return
	}
	cmd, err := p.Connect()
	if err != nil {
		c.refuseHello(0, err)
		return
	}
	c.dispatch(&task{Command: wire.Command{Do: "hello", Token: cmd.Token, As: cmd.As}}, len(p.Data), nil)
	if cmd.Seen != nil || cmd.Epoch != "" {
		c.dispatch(&task{Command: wire.Command{Do: "resume", Epoch: cmd.Epoch, Seen: cmd.Seen, At: cmd.At, More: cmd.More}}, len(p.Data), nil)
	}
}

// HeardPacket is Heard for a packet of Engine.IO that is not a message. It costs as much as
// a command, so that a flood of them ends as one of commands does.
func (c *Session) HeardPacket() {
	c.conn.Heard()
	if c.ended.Load() || !c.awaitHello() {
		return
	}
	_ = c.admit(nil, nil, nil) // nothing answers a packet; too many close the connection
}

// awaitHello waits until the hello under way is over: what was sent together with it comes
// after it. It reports false if the session has ended or will.
func (c *Session) awaitHello() bool {
	if c.helloDone != nil {
		if !c.wait(c.helloDone) {
			return false
		}
		c.helloDone = nil
	}
	return c.pendingClose.Load() == nil // else hello was refused
}

// dispatch starts one command of size bytes, or refuses it. malformed is the error
// of a command that was decoded only in part.
func (c *Session) dispatch(t *task, size int, malformed error) {
	if !c.awaitHello() {
		return
	}
	row := commandsByName[t.Do]
	if err := c.admit(t, row, malformed); err != nil {
		c.refuse(t, err)
		return
	}
	if row == nil || !row.keepsHold {
		c.endHold(true)
	}
	if row == nil {
		c.answerError(&t.Command, chat.FailField(chat.BadInput, "do", "there is no such command"))
		return
	}
	t.row = row
	if row.places != nil {
		t.places = row.places(size)
		if !c.takePlaces(t.places) {
			return
		}
	}
	if row.draft != nil || row.ordered {
		c.queues.add(t)
	} else {
		row.run(c, t)
	}
}

// admit checks what does not depend on a command's fields: identity and number.
func (c *Session) admit(t *task, row *command, malformed error) error {
	if !c.identified() {
		if c.refused++; c.refused > maxRefusedBeforeHello {
			c.end(wire.CloseOverLimit, "too many commands before hello", reconnectDelay())
		}
		if malformed == nil && (row == nil || !row.beforeHello) {
			return chat.Fail(chat.NoIdentity, "say hello first")
		}
		return malformed
	}
	if row != nil && row.name == "hello" {
		return chat.FailField(chat.Conflict, "do", "this socket has said hello already")
	}
	cost := 1
	if row != nil && row.cost != nil {
		cost = row.cost(&t.Command)
	}
	err := c.Service.Spend(c.user, cost)
	if err == nil {
		c.refused = 0
		return malformed
	}
	if c.refused++; c.refused > maxRefused {
		c.end(wire.CloseOverLimit, "too many commands", max(time.Duration(chat.AsError(err).RetryAfterMs)*time.Millisecond, time.Second))
	}
	return err
}

// takePlaces waits until n places are free, so that a peer that sends faster than the
// server works is not read. It reports false when the session has ended. Read loop
// only.
func (c *Session) takePlaces(n int) bool {
	for {
		freed := c.places.take(n)
		if freed == nil {
			return true
		}
		if !c.wait(freed) {
			return false
		}
	}
}
