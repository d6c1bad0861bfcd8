package index

import (
	"context"
	"maps"
	"sync"
	"time"

	"parley/chat"
)

// Opened must be called when the feed was opened. Apply is then called with every later event.
func (x *Index) Opened() {
	give(x.opened)
}

// Lost must be called when the feed was lost: events may be missing until it is opened again.
func (x *Index) Lost() {
	x.filled.Set(false)
	x.memory.clear()
	x.passed.clear()
}

// Apply applies an event of the feed. It is called in the order of the feed, must be fast,
// and reads nothing.
func (x *Index) Apply(e *chat.Event) {
	x.applied.Add(1)
	is := e.Kind.Is()
	if is.Message || is.ReplacesText || is.Removes {
		x.memory.apply(e)
		if is.Message && x.memory.len() >= x.sizes.fold {
			give(x.wake)
			give(x.grown)
		}
		if !is.Message && (is.ReplacesText || e.DeletesChat()) {
			give(x.urgent)
			give(x.wake)
			if x.memory.manyEdited(x.sizes.edited) {
				give(x.grown)
			}
		}
	}
	x.passed.apply(e.ChatID, e.Seq)
}

// Acknowledged must be called when this server acknowledged an event: later searches wait
// until Apply was called with it.
func (x *Index) Acknowledged(e *chat.Event) {
	if is := e.Kind.Is(); is.Message || is.ReplacesText {
		x.passed.acknowledge(e.ChatID, e.Seq)
	}
}

// token returns a channel for one token, which give puts there unless it has one.
func token() chan struct{} { return make(chan struct{}, 1) }

func give(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// passed has the acknowledged events that the feed has not yielded yet.
type passed struct {
	mu sync.Mutex
	// seen and seenBefore have the last events of the chats that the feed yielded last.
	seen, seenBefore map[chat.ChatID]chat.Seq // guarded by mu
	missing          map[chat.ChatID]chat.Seq // guarded by mu: acknowledged ones
	waiters          map[*waiter]struct{}     // guarded by mu
}

// waiter is a search that waits for what was missing when it began.
type waiter struct {
	missing map[chat.ChatID]chat.Seq // guarded by passed.mu
	done    chan struct{}            // closed when missing is empty
}

const (
	maxSeen    = 4096        // chats
	maxMissing = time.Second // that a search waits for the feed
)

func (p *passed) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen, p.seenBefore, p.missing = nil, nil, nil
	for w := range p.waiters {
		close(w.done)
	}
	p.waiters = nil
}

func (p *passed) apply(id chat.ChatID, seq chat.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen == nil || len(p.seen) >= maxSeen {
		p.seen, p.seenBefore = map[chat.ChatID]chat.Seq{}, p.seen
	}
	p.seen[id] = max(p.seen[id], seq)
	if last, ok := p.missing[id]; ok && last <= seq {
		delete(p.missing, id)
	}
	for w := range p.waiters {
		if last, ok := w.missing[id]; ok && last <= seq {
			if delete(w.missing, id); len(w.missing) == 0 {
				delete(p.waiters, w)
				close(w.done)
			}
		}
	}
}

func (p *passed) acknowledge(id chat.ChatID, seq chat.Seq) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.seen[id] >= seq || p.seenBefore[id] >= seq {
		return
	}
	if p.missing == nil {
		p.missing = map[chat.ChatID]chat.Seq{}
	}
	p.missing[id] = max(p.missing[id], seq)
}

// wait returns when the feed has yielded what is missing now, after maxMissing, or at the
// end of ctx.
func (p *passed) wait(ctx context.Context) {
	p.mu.Lock()
	if len(p.missing) == 0 {
		p.mu.Unlock()
		return
	}
	w := &waiter{missing: maps.Clone(p.missing), done: make(chan struct{})}
	if p.waiters == nil {
		p.waiters = map[*waiter]struct{}{}
	}
	p.waiters[w] = struct{}{}
	p.mu.Unlock()
	timer := time.NewTimer(maxMissing)
	defer timer.Stop()
	select {
	case <-w.done:
		return
	case <-ctx.Done():
	case <-timer.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.waiters, w)
	if ctx.Err() != nil {
		return
	}
	// The feed yielded them so long ago that seen does not have them any more.
	for id, seq := range w.missing {
		if p.missing[id] == seq {
			delete(p.missing, id)
		}
	}
}
