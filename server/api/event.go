package api

import (
	"net/http"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
	"parley/wire"
)

const (
	defaultEvents = 200
	maxEvents     = 1000
	maxWait       = 30 // seconds
	MaxPolls      = 20 // waiting calls of one user
)

// Events has the handlers of the log of a chat.
type Events struct{ *API }

// List answers with a chat's events after a seq. With wait the call waits until
// there is one.
func (a Events) List(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	after, err := request.Int(query, "after")
	if err != nil {
		return err
	}
	if after == nil || *after < 0 {
		return chat.FailField(chat.BadInput, "after", "after must be the last number seen, or 0")
	}
	at, err := request.Int(query, "at")
	if err != nil {
		return err
	}
	if at != nil && *at < 0 {
		return chat.FailField(chat.BadInput, "at", "at must be the time of the event after, in milliseconds")
	}
	limit, err := request.Limit(r, defaultEvents, maxEvents)
	if err != nil {
		return err
	}
	wait, err := request.Int(query, "wait")
	if err != nil {
		return err
	}
	if wait != nil && (*wait < 0 || *wait > maxWait) {
		return chat.FailField(chat.BadInput, "wait", "wait must be 0 to %d seconds", maxWait)
	}
	if e := r.URL.Query().Get("epoch"); e != "" && e != a.Service.Epoch() {
		return chat.FailField(chat.Reset, "epoch", "the epoch has changed: load a page and go on from its head")
	}
	seen := service.Position{Seq: chat.Seq(*after), At: service.Untimed}
	if at != nil && seen.Seq != 0 {
		seen.At = *at
	}
	page, err := a.Service.Events(r.Context(), request.CallerID(r), id, seen, limit)
	if err != nil {
		return err
	}
	if len(page.Events) == 0 && wait != nil && *wait > 0 {
		page, err = a.awaitEvents(r, id, seen.Seq, limit, time.Duration(*wait)*time.Second)
		if err != nil {
			return err
		}
	}
	response.Write(w, r, http.StatusOK, page)
	return nil
}

// awaitEvents waits until the hub delivers a frame of the chat. It then reads the log as
// the caller, so that a user who was removed or signed out meanwhile receives nothing.
func (a Events) awaitEvents(r *http.Request, id chat.ChatID, after chat.Seq, limit int, wait time.Duration) (service.EventPage, error) {
	ctx, caller, seen := r.Context(), request.Caller(r), service.Position{Seq: after, At: service.Untimed}
	if err := a.Ready(); err != nil {
		return service.EventPage{}, err
	}
	p := &poll{caller: caller, woken: make(chan struct{})}
	c := a.Hub.Attach(p, wire.MsgPack.Index, p)
	defer c.Detach()
	// The owner is not the user: waiting calls do not count as sockets or for presence, and
	// need no Evict, since the log is read again.
	if !c.Bind(service.PollOwner(caller.User.ID), MaxPolls) {
		return service.EventPage{}, chat.FailAfter(chat.RateLimited, time.Second, "at most %d calls of one user may wait", MaxPolls)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	c.Join(string(id))
	for {
		page, err := a.Service.Events(ctx, caller.User.ID, id, seen, limit)
		if err != nil || len(page.Events) > 0 {
			return page, err
		}
		if verdict := c.Live(string(id), uint64(after), true); verdict == hub.Behind {
			continue // the log has grown: read again
		} else if verdict == hub.Gone {
			return page, nil // the feed is lost or the server stops: an empty page
		}
		select {
		case <-p.woken:
		case <-timer.C:
		case <-ctx.Done():
			return service.EventPage{}, ctx.Err()
		}
		if err := a.Service.SessionLive(ctx, caller.User.ID, caller.Session.ID, caller.Session.CreatedAt); err != nil {
			return service.EventPage{}, err
		}
		return a.Service.Events(ctx, caller.User.ID, id, seen, limit)
	}
}

// poll is the hub's sink of one waiting call, and its tag (live.Conn). Any value or close
// wakes the call.
type poll struct {
	caller service.Caller
	woken  chan struct{} // closed by the first value or close
	once   sync.Once
}

func (p *poll) Write([]byte) error        { p.wake(); return nil }
func (p *poll) Ping() error               { return nil } // the call ends before the hub's second ping
func (p *poll) Close(hub.Cause)           { p.wake() }
func (p *poll) wake()                     { p.once.Do(func() { close(p.woken) }) }
func (p *poll) SessionID() chat.SessionID { return p.caller.Session.ID }
func (p *poll) Began() int64              { return p.caller.Session.CreatedAt }
func (p *poll) SessionEnded()             { p.wake() } // the call checks the session again
