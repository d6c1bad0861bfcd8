package push

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

const (
	workers   = 64          // pushes that are sent at the same time
	perHost   = 16          // of those, to one push service
	perUser   = 8           // and to one user
	busyWait  = time.Second // before a push is tried for which there was no room
	flushSize = 64          // outcomes that are saved together
	flushWait = 50 * time.Millisecond
	endWait   = 2 * time.Second  // for the last outcomes to be saved
	lookEvery = 30 * time.Second // at the queue, if nothing is known to wait
	readAhead = 500              // queued pushes that are read at once, beside those that are being sent

	dropAfter = 24 * time.Hour // after it was queued, a push that cannot be sent is dropped
	retryMin  = 2 * time.Second
	retryMax  = time.Hour
	saveLast  = time.Minute // a result like the last one is saved again after that
)

// sender sends queued pushes, while this server holds the lease. One goroutine reads the
// queue and saves what became of the pushes; those that send wait for nothing but their
// push service.
type sender struct {
	*Pushes
	client  *webpush.Client
	history *history
	wake    chan struct{} // has a token when pushes were queued
	done    chan outcome  // from the goroutines that send
	sending sync.WaitGroup

	// Of the goroutine of run:
	busy    map[chat.SessionID]bool
	later   map[chat.SessionID]time.Time // there was no room, or too many were sent
	unsaved []outcome

	mu    sync.Mutex
	inUse map[string]int // guarded by mu: pushes that are being sent, by host and by user
}

// outcome is what became of the pushes of a session.
type outcome struct {
	session      chat.SessionID
	ended, again []chat.QueuedPush
	subscription *chat.Subscription
	last         *chat.PushResult // of the push that was sent; nil: none was
	wait         time.Duration    // not 0: nothing was done, try again after that
}

func newSender(p *Pushes, client *webpush.Client) *sender {
	return &sender{Pushes: p, client: client, history: newHistory(), wake: make(chan struct{}, 1), done: make(chan outcome, workers),
		busy: map[chat.SessionID]bool{}, later: map[chat.SessionID]time.Time{}, inUse: map[string]int{}}
}

// run sends pushes until ctx ends, and returns once no goroutine sends any more and what they
// sent is saved.
func (s *sender) run(ctx context.Context) error {
	defer s.end(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case o := <-s.done:
			s.unsaved = append(s.unsaved, o)
			s.collect(ctx)
			timer.Reset(0)
		case <-s.wake:
			timer.Reset(0)
		case <-timer.C:
			s.flush(ctx)
			timer.Reset(s.start(ctx))
		case <-ctx.Done():
			return nil
		}
	}
}

func (s *sender) end(ctx context.Context) {
	s.sending.Wait()
	for len(s.done) > 0 {
		s.unsaved = append(s.unsaved, <-s.done)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
	defer cancel()
	s.flush(bounded)
}

// collect waits a moment for further outcomes, which are saved together.
func (s *sender) collect(ctx context.Context) {
	end := time.NewTimer(flushWait)
	defer end.Stop()
	for len(s.unsaved) < flushSize {
		select {
		case o := <-s.done:
			s.unsaved = append(s.unsaved, o)
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// flush saves the outcomes. If that fails, their sessions stay busy, so that nothing is sent
// twice.
func (s *sender) flush(ctx context.Context) {
	var ended, again []chat.QueuedPush
	for _, o := range s.unsaved {
		ended, again = append(ended, o.ended...), append(again, o.again...)
	}
	if len(ended)+len(again) > 0 {
		if err := s.Service.EndPushes(ctx, ended, again); err != nil {
			s.failed(ctx, err)
			return
		}
	}
	for _, o := range s.unsaved {
		delete(s.busy, o.session)
		if o.wait > 0 {
			s.later[o.session] = time.Now().Add(o.wait)
		}
		if o.last == nil || repeats(o.subscription.Last, o.last) {
			continue
		}
		if err := s.save(ctx, o.subscription, *o.last); err != nil {
			s.failed(ctx, err) // the next push has a result too
		}
	}
	s.unsaved = nil
}

// repeats reports whether a result need not be saved: the last one is the same, and recent.
func repeats(last, next *chat.PushResult) bool {
	return last != nil && last.Result == next.Result && last.Reason == next.Reason && next.At-last.At < saveLast.Milliseconds()
}

func (s *sender) failed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		s.Log.LogAttrs(ctx, slog.LevelError, "sending pushes failed", slog.String("error", err.Error()))
	}
}

// start begins to send what is due, and returns when to look again.
func (s *sender) start(ctx context.Context) time.Duration {
	now := time.Now()
	for id, at := range s.later {
		if !now.Before(at) {
			delete(s.later, id)
		}
	}
	if len(s.unsaved) > 0 {
		return busyWait
	}
	queued, err := s.Service.QueuedPushes(ctx, readAhead+4*(len(s.busy)+len(s.later)))
	if err != nil {
		s.failed(ctx, err)
		return busyWait
	}
	next := now.Add(lookEvery)
	bySession := map[chat.SessionID][]chat.QueuedPush{}
	var order []chat.SessionID // who waits longest comes first
	for _, q := range queued {
		at, waits := s.later[q.Session]
		switch due := time.UnixMilli(q.Due); {
		case waits && at.Before(next):
			next = at
		case waits, s.busy[q.Session]:
		case due.After(now):
			if due.Before(next) {
				next = due
			}
		default:
			if bySession[q.Session] == nil {
				order = append(order, q.Session)
			}
			bySession[q.Session] = append(bySession[q.Session], q)
		}
	}
	for _, id := range order {
		if len(s.busy) >= workers {
			break // the end of one starts the next
		}
		s.busy[id] = true
		pushes := bySession[id]
		s.sending.Go(func() { s.done <- s.send(ctx, id, pushes) }) // has room for all that are busy
	}
	return max(time.Until(next), 0)
}

// reserve reserves room to send to a host and to a user. release must be called if ok.
func (s *sender) reserve(host string, user chat.UserID) (release func(), ok bool) {
	user = "user " + user
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inUse[host] >= perHost || s.inUse[string(user)] >= perUser {
		return nil, false
	}
	s.inUse[host]++
	s.inUse[string(user)]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, key := range []string{host, string(user)} {
			if s.inUse[key]--; s.inUse[key] == 0 {
				delete(s.inUse, key)
			}
		}
	}, true
}

// backoff returns when to send a push again that failed so many times.
func backoff(tries int, asked time.Duration) time.Duration {
	wait := retryMin << min(tries, 16)
	return max(min(wait, retryMax), asked)
}
