package server

import (
	"errors"
	"time"

	"parley/chat"
	"parley/wire"
)

// Commands in a row that may be refused, for their number or for want of an
// identity, before the socket is closed.
const (
	maxRefused  = 1000
	maxStrange  = 100
	maxUnderway = 128     // places for commands of one session begun and not answered
	placeBytes  = 4 << 10 // of the message for which a command takes one place more
	resumeCost  = 32      // places for a resume, which holds much memory
)

// handle gets each message on the read loop. It replies to every command in it
// exactly once, now or later; it returns while slow ones are under way.
func (c *session) handle(text bool, message []byte) error {
	defer c.rescue()
	c.conn.Heard()
	if text && !c.codec.Text {
		c.end(wire.CloseProtocol, "a text message on a MessagePack socket", 0)
		return nil
	}
	// Without a hello under way, arrival is the read loop's.
	limited := c.greeting == nil && !c.known() && !c.arrival.Known()
	for rest := message; !c.ended.Load(); {
		before := len(rest)
		var cmd wire.Command
		var err error
		cmd, rest, err = c.codec.Next(rest)
		if errors.Is(err, wire.ErrMalformed) {
			c.end(wire.CloseProtocol, "malformed message", 0)
			return nil
		}
		c.command(&task{cmd, 1 + (before-len(rest))/placeBytes}, err)
		if len(rest) == 0 {
			break
		}
	}
	if limited && c.greeting != nil {
		c.pause(c.greeting) // what comes next may be longer than maxFirst
	}
	return nil
}

// command judges who may ask at all, and hands the command on.
func (c *session) command(t *task, malformed error) {
	cmd := &t.Command
	if c.greeting != nil {
		// Whatever was sent along with hello comes after it.
		if !c.pause(c.greeting) {
			return
		}
		c.greeting = nil
	}
	if c.farewell.Load() != nil {
		return // a refused hello was the last word
	}
	if err := c.admissible(cmd, malformed); err != nil {
		c.answer(cmd.ID, nil, err)
		return
	}
	if cmd.Do != "ping" && cmd.Do != "resume" {
		c.release(true)
	}
	switch cmd.Do {
	case "ping":
		c.answer(cmd.ID, wire.Pong{Now: chat.Now()}, nil)
	case "hello":
		over := make(chan struct{})
		c.greeting = over
		c.later(func() { defer close(over); c.hello(cmd) })
	case "resume":
		if err := checkSeen(cmd); err != nil {
			c.answer(cmd.ID, nil, err)
			return
		}
		cost := resumeCost
		if cmd.At != nil {
			cost *= 2
		}
		if !c.take(cost) {
			return
		}
		if !cmd.More {
			c.release(false) // the resume lets the held chats go itself
		}
		c.later(func() { defer c.give(cost); c.resume(cmd) })
	case "post", "edit", "delete", "react", "read", "typing", "history", "focus":
		if c.take(t.places) {
			c.order(t)
		}
	default:
		c.answer(cmd.ID, nil, chat.FailField(chat.BadInput, "do", "there is no such command"))
	}
}

// admissible judges the command before what it says: identity, and how many.
func (c *session) admissible(cmd *wire.Command, malformed error) error {
	if !c.known() {
		if c.refused++; c.refused > maxStrange {
			c.end(wire.CloseOverLimit, "too many commands before hello", soon())
		}
		if cmd.Do != "hello" && cmd.Do != "ping" {
			if malformed != nil {
				return malformed
			}
			return chat.Fail(chat.NoIdentity, "say hello first")
		}
		return malformed
	}
	if cmd.Do == "hello" {
		return chat.FailField(chat.Conflict, "do", "this socket has said hello already")
	}
	err := c.spend(commandCost(cmd))
	if err == nil {
		c.refused = 0
		return malformed
	}
	if c.refused++; c.refused > maxRefused {
		c.end(wire.CloseOverLimit, "too many commands", max(time.Duration(chat.AsError(err).RetryAfterMs)*time.Millisecond, time.Second))
	}
	return err
}

// spend takes what a command costs of what its user may ask of the server.
func (c *session) spend(cost int) error {
	if ok, _, wait := c.s.users.TakeN(string(c.user), cost); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many commands, wait a moment")
	}
	return nil
}

// do runs a command that is no draft and is answered with nothing but ok or an
// error, on its lane.
func (c *session) do(cmd *wire.Command) error {
	if cmd.Do == "focus" {
		return c.focus(cmd.ChatIDs)
	}
	if err := chat.CheckID("chatId", cmd.ChatID); err != nil {
		return err
	}
	if cmd.Do == "typing" {
		return c.typing(cmd.ChatID)
	}
	if cmd.Seq == 0 {
		return chat.FailField(chat.BadInput, "seq", "seq must be a number in the chat")
	}
	return c.s.markRead(c.ctx, c.user, cmd.ChatID, cmd.Seq)
}

// maxValue is above what one value should hold, in bytes: it must find room in
// a queue that is half full.
const maxValue = 384 << 10

// slowValue is the same for a peer that asked for parts: a line of 4 kB/s takes
// it within the time for one write (hub.Config.StuckAfter).
const slowValue = 32 << 10

// history answers with a page, and with a smaller one when its texts are long:
// the client sees by moreBefore and moreAfter that there is more.
func (c *session) history(cmd *wire.Command) {
	if c.conn.Room(c.ctx) != nil {
		return // nobody reads the answer
	}
	most := maxValue
	if c.parts {
		most = slowValue
	}
	w, err := window(cmd)
	for err == nil {
		var h wire.History
		if h, err = c.s.history(c.ctx, c.user, cmd.ChatID, w); err != nil {
			break
		}
		n := len(h.Messages)
		if b := c.codec.Encode(wire.Reply{Re: cmd.ID, OK: h}); n <= 1 || len(b) <= most {
			c.push(b)
			return
		}
		w.Limit = n / 2
	}
	c.answer(cmd.ID, nil, err)
}
