package push

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

const (
	busyWait  = time.Second           // after the store failed
	startWait = 10 * time.Millisecond // outcomes of so long are looked at together
	flushSize = 64                    // outcomes that are saved together
	flushWait = 50 * time.Millisecond
	endWait   = 2 * time.Second  // for the last outcomes to be saved
	lookEvery = 30 * time.Second // at the queue, if nothing is known to wait

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
	client    *webpush.Client
	history   *history
	done      chan outcome // from the goroutines that send
	sending   sync.WaitGroup
	preparing chan struct{} // has a token for each push that is being prepared: half of the cores are left for deliveries

	// Of the goroutine of run:
	queue   *queue
	urgent  *places // for devices with an urgent push that is due
	others  *places
	unsaved []outcome
	flushAt time.Time // when the unsaved outcomes are saved, if there are not enough of them before
	failing bool      // saving failed: nothing is sent until it works
	loaded  bool      // what devices may show
}

// outcome is what became of the pushes of a session.
type outcome struct {
	*device
	tried        []chat.QueuedPush // what was due
	ended, again []chat.QueuedPush
	subscription *chat.Subscription
	last         *chat.PushResult // of the push that was sent; nil: none was
	shown        chat.Shown       // what the device may show; nil: the same as before
	wait         time.Duration    // not 0: nothing was done, try again after that
}

func newSender(p *Pushes, client *webpush.Client) *sender {
	return &sender{Pushes: p, client: client, history: newHistory(), done: make(chan outcome, 2*workers),
		preparing: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)), queue: newQueue(), urgent: newPlaces(), others: newPlaces()}
}

// run sends pushes until ctx ends, and returns once no goroutine sends any more and what they
// sent is saved.
func (s *sender) run(ctx context.Context) error {
	s.readers.set(true)
	defer s.readers.set(false)
	defer s.end(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case o := <-s.done:
			s.take(o)
			s.collect(ctx)
		case <-s.queue.wake:
		case <-s.readers.wake:
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		timer.Reset(time.Until(s.work(ctx)))
	}
}

func (s *sender) end(ctx context.Context) {
	s.sending.Wait()
	for len(s.done) > 0 {
		s.take(<-s.done)
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), endWait)
	defer cancel()
	s.flush(bounded)
}

// take takes an outcome. Its session is busy until the outcome is saved, so that nothing is sent
// twice.
func (s *sender) take(o outcome) {
	if len(s.unsaved) == 0 {
		s.flushAt = time.Now().Add(flushWait)
	}
	s.unsaved = append(s.unsaved, o)
	o.release()
}

// collect waits a moment for further outcomes.
func (s *sender) collect(ctx context.Context) {
	end := time.NewTimer(startWait)
	defer end.Stop()
	for len(s.unsaved) < flushSize {
		select {
		case o := <-s.done:
			s.take(o)
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// work saves outcomes, reads the queue and sends what is due, each if it is time, and returns
// when to do so again.
func (s *sender) work(ctx context.Context) (next time.Time) {
	now := time.Now()
	if len(s.unsaved) > 0 && (!now.Before(s.flushAt) || len(s.unsaved) >= flushSize && !s.failing) {
		s.flush(ctx)
		now = time.Now()
	}
	if s.failing {
		return s.flushAt
	}
	if !s.loaded {
		if err := s.load(ctx); err != nil {
			s.failed(ctx, err)
			return now.Add(busyWait)
		}
	}
	s.queue.addMade()
	s.closeRead(now)
	if !now.Before(s.queue.readAt) {
		if err := s.queue.read(ctx, s.Service, now); err != nil {
			s.failed(ctx, err)
			s.queue.readAt = now.Add(busyWait)
		}
	}
	next = s.queue.readAt
	if len(s.unsaved) > 0 && s.flushAt.Before(next) {
		next = s.flushAt
	}
	if at := s.start(ctx, now); at.Before(next) {
		next = at
	}
	return next
}

// start begins to send what is due, and returns when the next push is due.
func (s *sender) start(ctx context.Context, now time.Time) (next time.Time) {
	next = now.Add(lookEvery)
	for _, d := range s.queue.devices {
		at, ok := d.dueAt()
		if d.busy || !ok {
			continue
		}
		if at.After(now) {
			if at.Before(next) {
				next = at
			}
			continue
		}
		places := s.others
		if d.isUrgent(now) {
			places = s.urgent
		}
		if !places.take(d) {
			continue // the end of another push makes room
		}
		pushes := d.due(now)
		if len(pushes) == 0 {
			d.closing = time.Time{}
		}
		s.sending.Go(func() { // s.done has room for all that are running
			if len(pushes) == 0 {
				s.done <- s.sendClose(ctx, d)
			} else {
				s.done <- s.send(ctx, d, pushes)
			}
		})
	}
	return next
}

// flush saves the outcomes. If that fails, it is tried again later, and nothing is sent until
// then.
func (s *sender) flush(ctx context.Context) {
	var ended, again []chat.QueuedPush
	states := map[chat.SessionID]chat.PushState{}
	for _, o := range s.unsaved {
		ended, again = append(ended, o.ended...), append(again, o.again...)
		state := chat.PushState{Shown: o.shown}
		if o.last != nil && o.last.Result != string(webpush.Gone) && !repeats(o.subscription.Last, o.last) {
			state.Last = o.last
		}
		if state.Last != nil || state.Shown != nil {
			states[o.session] = state
		}
	}
	if len(ended)+len(again)+len(states) > 0 {
		if err := s.Service.EndPushes(ctx, ended, again, states); err != nil {
			s.failed(ctx, err)
			s.failing, s.flushAt = true, time.Now().Add(busyWait)
			return
		}
	}
	for _, o := range s.unsaved {
		s.queue.end(o)
		if o.last == nil || o.last.Result != string(webpush.Gone) {
			continue
		}
		if err := s.save(ctx, o.subscription, *o.last); err != nil {
			s.failed(ctx, err) // the next push ends it too
		}
	}
	s.failing, s.unsaved = false, nil
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

// backoff returns when to send a push again that failed so many times.
func backoff(tries int, asked time.Duration) time.Duration {
	wait := retryMin << min(tries, 16)
	return max(min(wait, retryMax), asked)
}
