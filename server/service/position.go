package service

import (
	"context"

	"parley/chat"
	"parley/wire"
)

// Position is a place in a chat's log: the number of an event and its time. The number
// alone does not tell two histories apart, such as a database and an older copy of it
// that was restored.
type Position struct {
	Seq chat.Seq
	At  int64 // ms, or Untimed
}

// Untimed is the time of a position that was given by its number alone, or that needs
// no comparison any more.
const Untimed = -1

// Begins reports whether the first of the events is the one at the position.
func (p Position) Begins(events []chat.Event) bool {
	return len(events) > 0 && events[0].Seq == p.Seq && events[0].At == p.At
}

// HeadOf returns the position of a chat's head.
func HeadOf(c *chat.Chat) Position { return Position{c.Head, c.Activity} }

// SeenIn returns the position that a resume names for one of its chats. Before the first
// event there is nothing to compare.
func SeenIn(cmd *wire.Command, id chat.ChatID) Position {
	seen := Position{cmd.Seen[id], Untimed}
	if at, ok := cmd.At[id]; ok && seen.Seq != 0 {
		seen.At = at
	}
	return seen
}

// EventPage is a page of a chat's log.
type EventPage struct {
	Epoch  string       `json:"epoch" msgpack:"epoch"`
	Events []chat.Event `json:"events" msgpack:"events"`
	Head   chat.Seq     `json:"head" msgpack:"head"`
	More   bool         `json:"more" msgpack:"more"` // the next call has events at once
}

// maxEventBytes bounds the events of one page.
const maxEventBytes = 256 << 10

// Events returns the log behind a position. If the position has a time, its event is
// read as well: another time there means that the caller saw another history (reset).
func (s *Service) Events(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen Position, most int) (EventPage, error) {
	from := seen.Seq
	if seen.At != Untimed {
		from, most = from-1, most+1
	}
	events, head, err := s.After(ctx, viewer, id, from, most, maxEventBytes)
	if err != nil {
		return EventPage{}, err
	}
	if seen.Seq > head {
		return EventPage{}, chat.FailField(chat.Reset, "after", "the chat has only %d events: load a page and go on from its head", head)
	}
	if seen.At != Untimed {
		if !seen.Begins(events) {
			return EventPage{}, chat.FailField(chat.Reset, "at", "event %d is of another time, so the history is another one: load a page and go on from its head", seen.Seq)
		}
		events = events[1:]
	}
	last := seen.Seq
	if len(events) > 0 {
		last = events[len(events)-1].Seq
	}
	return EventPage{Epoch: s.Epoch(), Events: events, Head: max(head, last), More: last < head}, nil
}
