package service

import (
	"context"

	"parley/chat"
)

// EventPage is a page of a chat's log.
type EventPage struct {
	Epoch  string       `json:"epoch" msgpack:"epoch"`
	Events []chat.Event `json:"events" msgpack:"events"`
	Head   chat.Seq     `json:"head" msgpack:"head"`
	More   bool         `json:"more" msgpack:"more"` // the next call has events at once
}

// maxEventBytes bounds the events of one page.
const maxEventBytes = 256 << 10

// events are the operations on the log of a chat.
type events struct{ *core }

// Events returns the log after a position. If the position has a time, its event is
// read as well: another time there means that the caller saw another history (reset).
func (s events) Events(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen Position, most int) (EventPage, error) {
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
