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

// position is a place in a chat's log: the number of an event and its time. A
// number alone does not tell two histories apart, such as a database and a copy
// of it that was put back.
type position struct {
	seq chat.Seq
	at  int64 // ms, or untimed
}

// untimed is the time of a position that was given by its number alone, or that
// needs no comparing any more.
const untimed = -1

// begins reports whether the first of the events is that of the position.
func (p position) begins(events []chat.Event) bool {
	return len(events) > 0 && events[0].Seq == p.seq && events[0].At == p.at
}

// headOf returns the position of a chat's head.
func headOf(c *chat.Chat) position { return position{c.Head, c.Activity} }

// seenIn returns the position that a resume gives for one of its chats. Before
// the first event there is none to compare.
func seenIn(cmd *wire.Command, id chat.ChatID) position {
	seen := position{cmd.Seen[id], untimed}
	if at, ok := cmd.At[id]; ok && seen.seq != 0 {
		seen.at = at
	}
	return seen
}

func checkSeen(cmd *wire.Command) error {
	for id := range cmd.Seen {
		if err := chat.CheckID("seen", id); err != nil {
			return err
		}
	}
	for id := range cmd.At {
		if err := chat.CheckID("at", id); err != nil {
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
	for id := range cmd.Seen {
		if c.conn.Room(c.ctx) != nil {
			return
		}
		c.takeUp(id, seenIn(cmd, id), same, &left, &unpaid)
	}
	if !cmd.More {
		c.settle()
	}
	c.send(wire.Signal{Signal: wire.SignalCaughtUp})
}

// takeUp brings what was missed of one chat, and makes it live. unpaid are the
// events brought that cost nothing yet.
func (c *session) takeUp(id chat.ChatID, seen position, same bool, left, unpaid *int) {
	head, held := c.held[id]
	delete(c.held, id)
	if !held || seen.seq > head.seq {
		// Not fresh from hello, or the peer saw more than there was then.
		if !c.conn.In(string(id)) {
			c.gone(id)
			return
		}
		one, ok := c.check(id) // behind the Join, so its head counts
		if !ok {
			return
		}
		head = headOf(&one)
	}
	atHead := seen.seq == head.seq
	switch missed := head.seq - seen.seq; {
	case !same || seen.seq > head.seq || missed > maxMissed || int(missed) > *left,
		atHead && seen.at != untimed && seen.at != head.at,
		!c.afford(int(missed), unpaid):
		c.reset(id, head.seq)
		return
	case atHead:
		seen.at = untimed
	}
	*left -= c.follow(id, seen, head.seq)
}

// reset tells the peer to forget what it holds of a chat, which goes on from its head.
func (c *session) reset(id chat.ChatID, head chat.Seq) {
	c.send(wire.Signal{Signal: wire.SignalReset, ChatID: id, Head: head, Epoch: c.s.Store.Epoch()})
	c.follow(id, position{head, untimed}, head)
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
