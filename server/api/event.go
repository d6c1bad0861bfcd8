package api

import (
	"net/http"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
	"parley/wire"
)

const (
	defaultEvents = 200
	maxEvents     = 1000
	maxWait       = 30 // seconds
	MaxPolls      = 20 // waiting calls of one user
)

// ListEvents reads a chat's log above a number. With wait it holds the call
// until there is something to read.
func (a *API) ListEvents(w http.ResponseWriter, r *http.Request) error {
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
	if e := r.URL.Query().Get("epoch"); e != "" && e != a.Service.Epoch() {
		return chat.FailField(chat.Reset, "epoch", "the history is another one since: load a page and go on from its head")
	}
	seen := service.Position{Seq: chat.Seq(*after), At: service.Untimed}
	if at != nil && seen.Seq != 0 {
		seen.At = *at
	}
	page, err := a.Service.Events(r.Context(), me(r), id, seen, most)
	if err != nil {
		return err
	}
	if len(page.Events) == 0 && wait != nil && *wait > 0 {
		page, err = a.awaitEvents(r, id, seen.Seq, most, time.Duration(*wait)*time.Second)
		if err != nil {
			return err
		}
	}
	a.Answer(w, r, http.StatusOK, page)
	return nil
}

// awaitEvents waits on the hub, as a socket does, for a sign that the log grew;
// what it answers is read from the log as the caller, so that nothing is told
// to somebody who was removed, or signed out, meanwhile.
func (a *API) awaitEvents(r *http.Request, id chat.ChatID, after chat.Seq, most int, wait time.Duration) (service.EventPage, error) {
	ctx, who, seen := r.Context(), caller(r), service.Position{Seq: after, At: service.Untimed}
	if err := a.Ready(); err != nil {
		return service.EventPage{}, err
	}
	p := &poll{who: who, woken: make(chan struct{})}
	c := a.Hub.Attach(p, wire.MsgPack.Index, p)
	defer c.Detach()
	// An owner of its own: waiting calls take no socket's place, make nobody
	// present, and need no Evict, since the log is asked again.
	if !c.Bind(service.PollOwner(who.User.ID), MaxPolls) {
		return service.EventPage{}, chat.FailAfter(chat.RateLimited, time.Second, "at most %d calls of one user may wait", MaxPolls)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	c.Join(string(id))
	for {
		page, err := a.Service.Events(ctx, who.User.ID, id, seen, most)
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
			return service.EventPage{}, ctx.Err()
		}
		if err := a.Service.SessionLive(ctx, who.User.ID, who.Session.ID, who.Session.CreatedAt); err != nil {
			return service.EventPage{}, err
		}
		return a.Service.Events(ctx, who.User.ID, id, seen, most)
	}
}

// poll is the hub's sink of one waiting call, and its tag (live.Conn): whatever comes
// wakes it, once.
type poll struct {
	who   service.Caller
	woken chan struct{} // closed by the first value
	once  sync.Once
}

func (p *poll) Write([]byte) error        { p.wake(); return nil }
func (p *poll) Ping() error               { return nil } // the call ends before a second ping could go unanswered
func (p *poll) Close(hub.Cause)           { p.wake() }
func (p *poll) wake()                     { p.once.Do(func() { close(p.woken) }) }
func (p *poll) SessionID() chat.SessionID { return p.who.Session.ID }
func (p *poll) Began() int64              { return p.who.Session.CreatedAt }
func (p *poll) SessionEnded()             { p.wake() } // the call asks the store again
