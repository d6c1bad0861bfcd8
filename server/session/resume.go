package session

import (
	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// Bounds on the events that a resume sends; a client that is further behind is told to
// load a page.
const (
	MaxMissed      = 1000 // of one chat
	MaxMissedInAll = 5000 // of one resume
)

// resumePlaces are the places of a resume, which holds much memory; twice as many with
// times.
const resumePlaces = 32

func (c *Session) startResume(t *task) {
	if err := checkSeen(&t.Command); err != nil {
		c.answer(t.ID, nil, err)
		return
	}
	places := resumePlaces
	if t.At != nil {
		places *= 2
	}
	if !c.takePlaces(places) {
		return
	}
	if !t.More {
		c.endHold(false) // resume makes the held chats live itself
	}
	c.schedule(func() {
		defer c.freePlaces(places)
		c.resume(&t.Command)
	})
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

// resume continues each chat where the peer was; a job of the subscriber. A chat that
// is live stops before the reply, so that after it each chat goes on from what the peer
// has seen, without a value of before between.
func (c *Session) resume(cmd *wire.Command) {
	for id := range cmd.Seen {
		if _, held := c.held[id]; !held && c.conn.In(string(id)) {
			c.conn.Join(string(id))
		}
	}
	c.answer(cmd.ID, nil, nil)
	r := resumption{left: MaxMissedInAll, sameEpoch: cmd.Epoch == c.Service.Epoch()}
	for id := range cmd.Seen {
		if c.conn.Room(c.ctx) != nil {
			return
		}
		c.resumeChat(id, service.SeenIn(cmd, id), &r)
	}
	if !cmd.More {
		c.goLive()
	}
	c.send(wire.Signal{Signal: wire.SignalCaughtUp})
}

// resumption is the state of one resume.
type resumption struct {
	sameEpoch bool
	left      int // events that it may still send
	unpaid    int // events that it sent or will send and that cost nothing yet
}

// resumeChat sends what was missed of one chat, and makes it live.
func (c *Session) resumeChat(id chat.ChatID, seen service.Position, r *resumption) {
	head, held := c.held[id]
	delete(c.held, id)
	if !held || seen.Seq > head.Seq {
		// Not fresh from hello, or the peer saw more than there was then.
		if !c.conn.In(string(id)) {
			c.leaveChat(id)
			return
		}
		one, ok := c.readChat(id) // after the Join, so its head counts
		if !ok {
			return
		}
		head = service.HeadOf(&one)
	}
	atHead := seen.Seq == head.Seq
	switch missed := head.Seq - seen.Seq; {
	case !r.sameEpoch || seen.Seq > head.Seq || missed > MaxMissed || int(missed) > r.left,
		atHead && seen.At != service.Untimed && seen.At != head.At,
		!c.afford(int(missed), r):
		c.reset(id, head.Seq)
		return
	case atHead:
		seen.At = service.Untimed
	}
	r.left -= c.catchUp(id, seen, head.Seq)
}

// reset tells the peer to drop what it holds of a chat, which continues from its head.
func (c *Session) reset(id chat.ChatID, head chat.Seq) {
	c.send(wire.Signal{Signal: wire.SignalReset, ChatID: id, Head: head, Epoch: c.Service.Epoch()})
	c.catchUp(id, service.Position{Seq: head, At: service.Untimed}, head)
}

// afford takes what it costs to send that many events of a chat, and reports whether the
// user's budget allows it. Otherwise the client loads a page instead.
func (c *Session) afford(missed int, r *resumption) bool {
	if missed == 0 {
		return true
	}
	r.unpaid += 1 + missed // the read itself costs as much as an event
	if r.unpaid < service.PerLog {
		return true
	}
	cost := r.unpaid / service.PerLog
	r.unpaid %= service.PerLog
	return c.Service.Spend(c.user, cost) == nil
}
