package server

import (
	"context"
	"net/http"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

const (
	defaultEvents = 200
	maxEvents     = 1000
	maxEventBytes = 256 << 10
	maxWait       = 30 // seconds
	maxPolls      = 20 // waiting calls of one user
)

type eventPage struct {
	Epoch  string       `json:"epoch" msgpack:"epoch"`
	Events []chat.Event `json:"events" msgpack:"events"`
	Head   chat.Seq     `json:"head" msgpack:"head"`
	More   bool         `json:"more" msgpack:"more"` // the next call has events at once
}

// listEvents reads a chat's log above a number. With wait it holds the call
// until there is something to read.
func (s *Server) listEvents(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	after, err := number(query, "after")
	if err != nil {
		return err
	}
	if after == nil || *after < 0 {
		return chat.FailField(chat.BadInput, "after", "after must be the last number seen, or 0")
	}
	at, err := number(query, "at")
	if err != nil {
		return err
	}
	if at != nil && *at < 0 {
		return chat.FailField(chat.BadInput, "at", "at must be the time of the event after, in milliseconds")
	}
	most, err := pageSize(r, defaultEvents, maxEvents)
	if err != nil {
		return err
	}
	wait, err := number(query, "wait")
	if err != nil {
		return err
	}
	if wait != nil && (*wait < 0 || *wait > maxWait) {
		return chat.FailField(chat.BadInput, "wait", "wait must be 0 to %d seconds", maxWait)
	}
	if e := r.URL.Query().Get("epoch"); e != "" && e != s.Store.Epoch() {
		return chat.FailField(chat.Reset, "epoch", "the history is another one since: load a page and go on from its head")
	}
	seen := position{chat.Seq(*after), untimed}
	if at != nil && seen.seq != 0 {
		seen.at = *at
	}
	page, err := s.events(r.Context(), me(r), id, seen, most)
	if err != nil {
		return err
	}
	if len(page.Events) == 0 && wait != nil && *wait > 0 {
		page, err = s.awaitEvents(r, id, seen.seq, most, time.Duration(*wait)*time.Second)
		if err != nil {
			return err
		}
	}
	s.answer(w, r, http.StatusOK, page)
	return nil
}

// events reads the log behind a position, and with a time from its event on:
// where that is of another time, the caller saw another history.
func (s *Server) events(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen position, most int) (eventPage, error) {
	from := seen.seq
	if seen.at != untimed {
		from, most = from-1, most+1
	}
	events, head, err := s.Store.After(ctx, viewer, id, from, most, maxEventBytes)
	if err != nil {
		return eventPage{}, err
	}
	if seen.seq > head {
		return eventPage{}, chat.FailField(chat.Reset, "after", "the chat has only %d events: load a page and go on from its head", head)
	}
	if seen.at != untimed {
		if !seen.begins(events) {
			return eventPage{}, chat.FailField(chat.Reset, "at", "event %d is of another time, so the history is another one: load a page and go on from its head", seen.seq)
		}
		events = events[1:]
	}
	last := seen.seq
	if len(events) > 0 {
		last = events[len(events)-1].Seq
	}
	return eventPage{Epoch: s.Store.Epoch(), Events: events, Head: max(head, last), More: last < head}, nil
}

// awaitEvents waits on the hub, as a socket does, for a sign that the log grew;
// what it answers is read from the log as the caller, so that nothing is told
// to somebody who was removed, or signed out, meanwhile.
func (s *Server) awaitEvents(r *http.Request, id chat.ChatID, after chat.Seq, most int, wait time.Duration) (eventPage, error) {
	ctx, who, seen := r.Context(), caller(r), position{after, untimed}
	if err := s.ready(); err != nil {
		return eventPage{}, err
	}
	p := &poll{id: who.Session.ID, woken: make(chan struct{})}
	c := s.hub.Attach(p, wire.MsgPack.Index, p)
	defer c.Detach()
	// An owner of its own: waiting calls take no socket's place, make nobody
	// present, and need no Evict, since the log is asked again.
	if !c.Bind(pollOwner(who.User.ID), maxPolls) {
		return eventPage{}, chat.FailAfter(chat.RateLimited, time.Second, "at most %d calls of one user may wait", maxPolls)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	c.Join(string(id))
	for {
		page, err := s.events(ctx, who.User.ID, id, seen, most)
		if err != nil || len(page.Events) > 0 {
			return page, err
		}
		if verdict := c.Live(string(id), uint64(after), true); verdict == hub.Behind {
			continue // the log has grown: read again
		} else if verdict == hub.Gone {
			return page, nil // the feed is lost, or the server stops: come back
		}
		select {
		case <-p.woken:
		case <-timer.C:
		case <-ctx.Done():
			return eventPage{}, ctx.Err()
		}
		if err := s.live(ctx, who.User.ID, who.Session.ID, who.Session.CreatedAt); err != nil {
			return eventPage{}, err
		}
		return s.events(ctx, who.User.ID, id, seen, most)
	}
}

// pollOwner is whose the waiting calls of a user are in the hub.
func pollOwner(u chat.UserID) string { return "poll:" + string(u) }

// poll is the hub's sink of one waiting call: whatever comes wakes it, once.
type poll struct {
	id    chat.SessionID
	woken chan struct{} // closed by the first value
	once  sync.Once
}

func (p *poll) Write([]byte) error { p.wake(); return nil }
func (p *poll) Ping() error        { return nil } // it is gone before a second one could go unanswered
func (p *poll) Close(hub.Cause)    { p.wake() }
func (p *poll) wake()              { p.once.Do(func() { close(p.woken) }) }
