package session

import (
	"slices"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
)

// Bounds of one page of the log, and the distance from the log's end at which the
// hub's ring is asked before the log: what it holds is queued without waiting for room.
const (
	ringEvents = 32
	pageEvents = 200
	pageBytes  = 256 << 10
)

// catchUp makes a chat live from seen on: the peer has every event up to seen. head is
// that of the log, read after the Join. What the hub cannot deliver is read from the
// log, page by page. With a time the first page begins at seen itself: if the event there
// is of another time, the peer saw another history and gets a reset. It returns the number
// of events that it sent.
func (s *subscriber) catchUp(id chat.ChatID, seen service.Position, head chat.Seq) (sent int) {
	for {
		if s.conn.Room(s.ctx) != nil {
			return sent
		}
		if seen.At == service.Untimed && head <= seen.Seq+ringEvents {
			// What is beyond head was committed after head was read, and so after the
			// Join: the feed delivers it to the topic. So the log ends at seen for the
			// hub, also when head is below it.
			switch s.conn.Live(string(id), uint64(seen.Seq), seen.Seq >= head) {
			case hub.IsLive:
				return sent
			case hub.Gone:
				// Removed since the check, and perhaps added again: start over.
				s.conn.Leave(string(id))
				s.subscribe(id)
				return sent
			}
		}
		from := seen.Seq
		if seen.At != service.Untimed {
			from--
		}
		events, now, err := s.readLog(id, from)
		if chat.Is(err, chat.NotFound) {
			s.leaveChat(id)
			return sent
		}
		if err != nil {
			s.fail(err)
			return sent
		}
		head = now
		if seen.At != service.Untimed {
			if !seen.Begins(events) {
				s.reset(id, head)
				return sent
			}
			events, seen.At = events[1:], service.Untimed
		}
		for i := range events {
			if s.conn.Room(s.ctx) != nil {
				return sent
			}
			s.send(&events[i])
			sent++
			seen.Seq = events[i].Seq
			if s.endsMembership(&events[i]) {
				s.leaveChat(id)
				return sent
			}
		}
	}
}

// endsMembership reports whether the user left with this event and did not rejoin:
// a page stops at one's own left.
func (s *subscriber) endsMembership(ev *chat.Event) bool {
	if !ev.Kind.Is().Removes || !slices.Contains(ev.Users, s.user) {
		return false
	}
	_, err := s.Service.MemberChat(s.ctx, s.user, ev.ChatID)
	return chat.Is(err, chat.NotFound)
}

// readLog reads one page as the user, which also checks the membership. It holds a
// place among the readers only while it reads, never while the peer is slow.
func (s *subscriber) readLog(id chat.ChatID, seen chat.Seq) (events []chat.Event, head chat.Seq, err error) {
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	case <-s.ctx.Done():
		return nil, 0, s.ctx.Err()
	}
	s.LogRead()
	return s.Service.After(s.ctx, s.user, id, seen, pageEvents, pageBytes)
}
