package session

import (
	"parley/chat"
	"parley/server/budget"
	"parley/server/service"
	"parley/wire"
)

// Bounds on the events that a resume sends; a client that is further behind is told to
// load a page.
const (
	MaxMissed      = 1000 // of one chat
	MaxMissedInAll = 5000 // of one resume
)

// resume continues each chat where the peer was; a job of the subscriber. A chat that
// is live stops before the reply, so that after it each chat goes on from what the peer
// has seen, without a value of before between.
func (s *subscriber) resume(cmd *wire.Command) {
	for id := range cmd.Seen {
		if _, held := s.held[id]; !held && s.conn.In(string(id)) {
			s.conn.Join(string(id))
		}
	}
	s.answer(cmd.ID, nil)
	r := resumption{left: MaxMissedInAll, sameEpoch: cmd.Epoch == s.Service.Epoch()}
	for id := range cmd.Seen {
		if s.conn.Room(s.ctx) != nil {
			return
		}
		s.resumeChat(id, service.SeenIn(cmd, id), &r)
	}
	if !cmd.More {
		s.goLive()
	}
	s.send(wire.Signal{Signal: wire.SignalCaughtUp})
}

// resumption is the state of one resume.
type resumption struct {
	sameEpoch bool
	left      int // events that it may still send
	unpaid    int // events that it sent or will send and that cost nothing yet
}

// resumeChat sends what was missed of one chat, and makes it live.
func (s *subscriber) resumeChat(id chat.ChatID, seen service.Position, r *resumption) {
	head, held := s.held[id]
	delete(s.held, id)
	if !held || seen.Seq > head.Seq {
		// Not fresh from hello, or the peer saw more than there was then.
		if !s.conn.In(string(id)) {
			s.leaveChat(id)
			return
		}
		one, ok := s.readChat(id) // after the Join, so its head counts
		if !ok {
			return
		}
		head = service.HeadOf(&one)
	}
	atHead := seen.Seq == head.Seq
	switch missed := head.Seq - seen.Seq; {
	case !r.sameEpoch || seen.Seq > head.Seq || missed > MaxMissed || int(missed) > r.left,
		atHead && seen.At != service.Untimed && seen.At != head.At,
		!s.afford(int(missed), r):
		s.reset(id, head.Seq)
		return
	case atHead:
		seen.At = service.Untimed
	}
	r.left -= s.catchUp(id, seen, head.Seq)
}

// reset tells the peer to drop what it holds of a chat, which continues from its head.
func (s *subscriber) reset(id chat.ChatID, head chat.Seq) {
	s.send(wire.Signal{Signal: wire.SignalReset, ChatID: id, Head: head, Epoch: s.Service.Epoch()})
	s.catchUp(id, service.Position{Seq: head, At: service.Untimed}, head)
}

// afford takes what it costs to send that many events of a chat, and reports whether the
// user's budget allows it. Otherwise the client loads a page instead.
func (s *subscriber) afford(missed int, r *resumption) bool {
	if missed == 0 {
		return true
	}
	r.unpaid += 1 + missed // the read itself costs as much as an event
	if r.unpaid < budget.PerLog {
		return true
	}
	cost := r.unpaid / budget.PerLog
	r.unpaid %= budget.PerLog
	return s.Service.Spend(s.user, cost) == nil
}
