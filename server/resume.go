package server

import (
	"parley/chat"
	"parley/wire"
)

// How many events a resume brings; who is further behind loads a page.
const (
	maxMissed      = 1000 // of one chat
	maxMissedInAll = 5000 // of one resume
)

func checkSeen(cmd *wire.Command) error {
	for id := range cmd.Seen {
		if err := chat.CheckID("seen", id); err != nil {
			return err
		}
	}
	return nil
}

// resume takes up each chat where the peer was; a job of the pager. A chat that
// is live stops before the reply, so that behind it each chat goes on from what
// the peer has seen, and nothing of before comes between.
func (c *session) resume(cmd *wire.Command) {
	for id := range cmd.Seen {
		if _, held := c.held[id]; !held && c.conn.In(string(id)) {
			c.conn.Join(string(id))
		}
	}
	c.answer(cmd.ID, nil, nil)
	left, unpaid := maxMissedInAll, 0
	same := cmd.Epoch == c.s.Store.Epoch()
	for id, seen := range cmd.Seen {
		if c.conn.Room(c.ctx) != nil {
			return
		}
		c.takeUp(id, seen, same, &left, &unpaid)
	}
	if !cmd.More {
		c.settle()
	}
	c.send(wire.Signal{Signal: wire.SignalCaughtUp})
}

// takeUp brings what was missed of one chat, and makes it live. unpaid are the
// events brought that cost nothing yet.
func (c *session) takeUp(id chat.ChatID, seen chat.Seq, same bool, left, unpaid *int) {
	head, held := c.held[id]
	delete(c.held, id)
	if !held || seen > head {
		// Not fresh from hello, or the peer saw more than there was then.
		if !c.conn.In(string(id)) {
			c.gone(id)
			return
		}
		one, ok := c.check(id) // behind the Join, so its head counts
		if !ok {
			return
		}
		head = one.Head
	}
	if !same || seen > head || head-seen > maxMissed || int(head-seen) > *left || !c.afford(int(head-seen), unpaid) {
		c.send(wire.Signal{Signal: wire.SignalReset, ChatID: id, Head: head, Epoch: c.s.Store.Epoch()})
		c.follow(id, head, head)
		return
	}
	*left -= c.follow(id, seen, head)
}

// afford takes what it costs to bring so many more events of a chat. Whoever has
// spent everything loads a page instead.
func (c *session) afford(missed int, unpaid *int) bool {
	if missed == 0 {
		return true
	}
	*unpaid += 1 + missed // the read itself costs as much as an event
	if *unpaid < perLog {
		return true
	}
	cost := *unpaid / perLog
	*unpaid %= perLog
	return c.spend(cost) == nil
}
