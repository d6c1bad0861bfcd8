package server

import (
	"time"

	"parley/chat"
	"parley/wire"
)

// task is a command under way, and how many places it takes (session.take).
type task struct {
	wire.Command
	places int
}

// lane keeps one session's commands for one chat in order. Drafts are handed to
// the store one behind the other without waiting, for the store keeps their
// order; any other command waits until all before it are done, so that it sees
// them. A lane exists while something of it is under way. Its fields are
// guarded by the session's mu.
type lane struct {
	waiting   []*task
	appending int  // drafts whose outcome is not known
	busy      bool // a goroutine works on waiting
}

func isDraft(cmd *task) bool {
	switch cmd.Do {
	case "post", "edit", "delete", "react":
		return true
	}
	return false
}

// order puts a command on the lane of its chat. A draft with nothing before it
// that it must wait for goes to the store at once, on the caller's goroutine.
func (c *session) order(cmd *task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lanes[cmd.ChatID]
	if l == nil {
		if c.lanes == nil {
			c.lanes = map[chat.ChatID]*lane{}
		}
		l = &lane{}
		c.lanes[cmd.ChatID] = l
	}
	l.waiting = append(l.waiting, cmd)
	if isDraft(cmd) && !l.busy && len(l.waiting) == 1 {
		l.busy = true
		c.advance(cmd.ChatID, l)
		return
	}
	c.stir(cmd.ChatID, l)
}

// can reports whether the first waiting command may begin. c.mu is held.
func (l *lane) can() bool {
	return len(l.waiting) > 0 && (l.appending == 0 || isDraft(l.waiting[0]))
}

// stir starts a goroutine for the lane if there is something for it to do, and
// forgets the lane if nothing of it is left. c.mu is held.
func (c *session) stir(id chat.ChatID, l *lane) {
	switch {
	case l.busy:
	case c.over || c.ended.Load():
		if l.appending == 0 {
			delete(c.lanes, id)
		}
	case l.can():
		l.busy = true
		c.run(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.advance(id, l)
		})
	case l.appending == 0:
		if delete(c.lanes, id); len(c.lanes) == 0 {
			c.lanes = nil
		}
	}
}

// advance runs what can run, one command after the other. c.mu is held, but not
// while a command runs; l.busy is the caller's.
func (c *session) advance(id chat.ChatID, l *lane) {
	for l.can() && !c.ended.Load() {
		cmd := l.waiting[0]
		l.waiting[0] = nil
		if l.waiting = l.waiting[1:]; len(l.waiting) == 0 {
			l.waiting = nil
		}
		if isDraft(cmd) {
			l.appending++
		}
		c.mu.Unlock()
		c.perform(l, cmd)
		c.mu.Lock()
	}
	l.busy = false
	c.stir(id, l)
}

// perform runs one command; a draft's outcome comes later.
func (c *session) perform(l *lane, cmd *task) {
	defer c.rescue()
	if !isDraft(cmd) {
		if cmd.Do == "history" {
			c.history(&cmd.Command)
		} else {
			c.answer(cmd.ID, nil, c.do(&cmd.Command))
		}
		c.give(cmd.places)
		return
	}
	err := c.s.act(c.ctx, c.user, &cmd.Command, func(ev chat.Event, again bool, err error) { c.outcome(l, cmd, ev, again, err) })
	if err != nil {
		c.outcome(l, cmd, chat.Event{}, false, err)
	}
}

// outcome replies to a draft. It comes from the store's goroutine, and must not
// block it.
func (c *session) outcome(l *lane, cmd *task, ev chat.Event, again bool, err error) {
	if cmd.Do == "post" {
		c.answer(cmd.ID, wire.Posted{Seq: ev.Seq, At: ev.At, Again: again}, err)
	} else {
		c.answer(cmd.ID, wire.Changed{Seq: ev.Seq}, err)
	}
	c.mu.Lock()
	l.appending--
	c.stir(cmd.ChatID, l)
	c.mu.Unlock()
	c.give(cmd.places)
}

// take waits for n places: who sends faster than the server works is not read. False: the session is over. Read loop only.
func (c *session) take(n int) bool {
	for {
		c.mu.Lock()
		if c.underway == 0 || c.underway+n <= maxUnderway {
			c.underway += n
			c.mu.Unlock()
			return true
		}
		freed := make(chan struct{})
		c.freed = freed
		c.mu.Unlock()
		if !c.pause(freed) {
			return false
		}
	}
}

func (c *session) give(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.underway -= n
	if c.freed != nil {
		close(c.freed)
		c.freed = nil
	}
}

// pause holds the read loop until ch is closed; false: the session is over.
// Meanwhile it cannot hear the peer, which is not the peer's silence.
func (c *session) pause(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
	}
	tick := time.NewTicker(heartbeat / 3)
	defer tick.Stop()
	for {
		// No case for the session's end: that ends what ch waits for, too. And a
		// context whose Done was never asked for is a hundred bytes smaller.
		select {
		case <-ch:
			return !c.ended.Load()
		case <-tick.C:
			c.conn.Heard()
		}
	}
}
