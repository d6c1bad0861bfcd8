package server

import (
	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// maxJobs bounds what waits for one session's pager. They are few unless its
// peer does not read while somebody adds and removes the user all the time.
const maxJobs = 10_000

// later hands a job to the pager: one goroutine that does all that changes where
// the session stands in its chats, one job after the other, so that no two of
// them (hello, a resume, an admission) can cross.
func (c *session) later(job func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if len(c.jobs) >= maxJobs {
		c.end(wire.CloseTooSlow, "too slow", 0) // takes no lock
		return
	}
	c.jobs = append(c.jobs, job)
	if !c.paging {
		c.paging = true
		c.run(c.pager)
	}
}

func (c *session) pager() {
	stretch(-1)
	for {
		c.mu.Lock()
		// Who was refused is let into no chat while that waits to be written.
		if len(c.jobs) == 0 || c.farewell.Load() != nil {
			c.jobs, c.paging = nil, false
			c.mu.Unlock()
			return
		}
		job := c.jobs[0]
		c.jobs[0] = nil
		c.jobs = c.jobs[1:]
		c.mu.Unlock()
		job()
	}
}

// release ends the holding back of delivery after hello; with settle the held
// chats go live from their heads. After the first time it does nothing.
func (c *session) release(settle bool) {
	c.mu.Lock()
	timer := c.holding
	c.holding = nil
	c.mu.Unlock()
	if timer == nil {
		return
	}
	timer.Stop()
	if settle {
		c.later(c.settle)
	}
}

// settle makes live what is still held.
func (c *session) settle() {
	held := c.held
	c.held = nil
	for id, head := range held {
		c.follow(id, position{head.seq, untimed}, head.seq)
	}
}

// admit lets a chat in whose joined event came by, or that went and came back.
// One that the session is in already is another job's to make live, or has been.
func (c *session) admit(id chat.ChatID) {
	topic := string(id)
	if c.ctx.Err() != nil || c.conn.In(topic) {
		return
	}
	c.conn.Join(topic)
	// The check comes behind the Join: who is removed after it is evicted from
	// the topic, who was removed before it is no member here.
	one, ok := c.check(id)
	if !ok {
		return
	}
	names := people{}
	names.chat(&one)
	users, err := c.s.Store.Users(c.ctx, names.list())
	if err != nil {
		c.abandon(err)
		return
	}
	if one.Kind == chat.Direct {
		c.meet(one.With)
	}
	c.refocus(id)
	c.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Head: one.Head, Chat: &one, Users: users})
	c.follow(id, position{one.Head, untimed}, one.Head)
}

// left tells the peer that a chat went, unless it is back meanwhile.
func (c *session) left(id chat.ChatID) {
	if !c.conn.In(string(id)) {
		c.gone(id)
	}
}

// gone leaves a chat whose membership ended.
func (c *session) gone(id chat.ChatID) {
	c.conn.Leave(string(id))
	c.unfocus(id)
	c.send(wire.Signal{Signal: wire.SignalChat, ChatID: id, Gone: true})
}

// check reads a chat that was joined; not ok: it went, or cannot be read.
func (c *session) check(id chat.ChatID) (one chat.Chat, ok bool) {
	one, err := c.chat(id)
	switch {
	case chat.Is(err, chat.NotFound):
		c.gone(id)
	case err != nil:
		c.abandon(err)
	}
	return one, err == nil
}

// chat reads a chat of which the user is a member, else not_found: an open chat
// can be seen by others, but is not followed by them.
func (c *session) chat(id chat.ChatID) (chat.Chat, error) {
	one, err := c.s.Store.Chat(c.ctx, c.user, id)
	if err == nil && one.Role == "" {
		err = chat.FailField(chat.NotFound, "chatId", "there is no such chat")
	}
	return one, err
}

// follow makes a chat live from seen on: the peer has or was sent everything up
// to there. head is that of the log, read after the Join. What the hub does not
// cover comes from the log, page by page; follow gives how many events that were.
// With a time the first page begins at seen itself: where the event there is of
// another time, the peer saw another history and gets a reset.
func (c *session) follow(id chat.ChatID, seen position, head chat.Seq) (sent int) {
	for {
		if c.conn.Room(c.ctx) != nil {
			return sent
		}
		if seen.at == untimed && head <= seen.seq+ringWorth {
			// What is beyond head was committed after head was read, and so after
			// the Join: the feed brings it to the topic. So seen is the end of the
			// log for the hub, also when head is older than that.
			switch c.conn.Live(string(id), uint64(seen.seq), seen.seq >= head) {
			case hub.IsLive:
				return sent
			case hub.Gone:
				// Removed since the check. Perhaps added again since then: ask anew.
				c.conn.Leave(string(id))
				c.admit(id)
				return sent
			}
		}
		from := seen.seq
		if seen.at != untimed {
			from--
		}
		events, now, err := c.readLog(id, from)
		if chat.Is(err, chat.NotFound) {
			c.gone(id)
			return sent
		}
		if err != nil {
			c.abandon(err)
			return sent
		}
		head = now
		if seen.at != untimed {
			if !seen.begins(events) {
				c.reset(id, head)
				return sent
			}
			events, seen.at = events[1:], untimed
		}
		for i := range events {
			if c.conn.Room(c.ctx) != nil {
				return sent
			}
			c.send(&events[i])
			sent++
			seen.seq = events[i].Seq
			if c.isOut(&events[i]) {
				c.gone(id)
				return sent
			}
		}
	}
}

// isOut reports whether the event ended the user's membership for good: a page
// stops at one's own left, unless one came back after it.
func (c *session) isOut(ev *chat.Event) bool {
	if ev.Kind != chat.Left {
		return false
	}
	for _, u := range ev.Users {
		if u == c.user {
			_, err := c.chat(ev.ChatID)
			return chat.Is(err, chat.NotFound)
		}
	}
	return false
}

// Bounds of one page of the log, and how far behind the log's end the hub's ring
// is asked before the log: its part is queued at once, without waiting for room.
const (
	ringWorth  = 32
	pageEvents = 200
	pageBytes  = 256 << 10
)

// readLog reads one page as the user, so that it is also the check of their
// membership. A place among the readers is held for the read alone, never while
// a peer is slow to take what was read.
func (c *session) readLog(id chat.ChatID, seen chat.Seq) (events []chat.Event, head chat.Seq, err error) {
	select {
	case c.s.resumes <- struct{}{}:
		defer func() { <-c.s.resumes }()
	case <-c.ctx.Done():
		return nil, 0, c.ctx.Err()
	}
	c.s.metrics.caughtUp.Inc()
	return c.s.Store.After(c.ctx, c.user, id, seen, pageEvents, pageBytes)
}
