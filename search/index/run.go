package index

import (
	"context"
	"math"
	"time"

	"parley/chat"
	"parley/search"
)

const (
	retryFill = 200 * time.Millisecond
	lookPause = time.Second      // between two looks at what was folded and rewritten
	lookEvery = 10 * time.Second // while messages wait to be rewritten and no events come
	pageChats = 500
)

// Run keeps the memory part complete until ctx ends: it fills it when the feed was opened, and
// removes what another server folded or rewrote.
func (x *Index) Run(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-x.opened:
			for x.fill(ctx) != nil {
				if !wait(ctx, retryFill, nil) {
					return nil
				}
			}
		case <-x.grown:
			if m, err := x.load(ctx); err == nil { // else a search tries again
				x.forgetRewritten(ctx, m)
			}
			if !wait(ctx, lookPause, x.opened) {
				return nil
			}
		case <-tick.C: // what another server rewrote brings no event
			if x.memory.manyEdited(x.sizes.edited) {
				give(x.grown)
			}
		case <-ctx.Done():
			return nil
		}
	}
}

// Write writes the stored index until ctx ends. Of all servers of a store only one may run
// it; if another one does, nothing is lost, but work is done in vain.
func (x *Index) Write(ctx context.Context) error {
	w := writer{Index: x}
	return w.run(ctx)
}

// wait waits for a time, and no longer than until there is a token, which it leaves there. It
// returns false at the end of ctx.
func wait(ctx context.Context, d time.Duration, c chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c:
		give(c)
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// fill reads what is not folded into memory, after the feed was opened.
func (x *Index) fill(ctx context.Context) error {
	for {
		m, err := x.load(ctx)
		if err != nil {
			return err
		}
		if m.Ready && m.Version == search.Version {
			break
		}
		if !wait(ctx, retryFill, x.changed) { // until Write, of this server or of another, has begun the index
			return ctx.Err()
		}
	}
	generation := x.memory.current()
	for after := chat.ChatID(""); ; {
		chats, last, err := x.store.Unindexed(ctx, after, pageChats)
		if err != nil {
			return err
		}
		for _, c := range chats {
			err := events(ctx, x.store, c.ChatID, c.Last, c.Head, func(e *chat.Event) bool {
				if e.Kind.Is().Message && e.DeletedAt == 0 {
					x.memory.add(messageOf(e), generation)
				}
				return true
			})
			if err != nil {
				return err
			}
		}
		if after = last; last == "" {
			break
		}
	}
	// The segments do not know yet of texts that were replaced before the feed was opened.
	list, err := x.store.Replaced(ctx, math.MaxInt32)
	if err != nil {
		return err
	}
	x.memory.addReplaced(list, generation)
	x.filled.Set(true)
	if x.memory.current() != generation { // the feed was lost meanwhile
		x.filled.Set(false)
	}
	return nil
}

// look is a reading of the messages that were to be rewritten.
type look struct {
	rewritten int64 // of the manifest before it
	left      int   // messages
}

// forgetRewritten makes the memory part forget edited messages that were rewritten, by this
// server or another, if there are many. It reads all that are to be rewritten, so it does
// nothing until half of those that it read last can have been rewritten: what it reads is in
// proportion to the work of the writer.
func (x *Index) forgetRewritten(ctx context.Context, m *manifest) {
	if !x.memory.manyEdited(x.sizes.edited) {
		return
	}
	if changes := m.Rewritten - x.looked.rewritten; 2*changes*maxReplaced < int64(x.looked.left) {
		return
	}
	edited, droppedAt := x.memory.editedNow()
	list, err := x.store.Replaced(ctx, maxEdited)
	if err != nil {
		return
	}
	x.looked = look{m.Rewritten, len(list)}
	if len(list) < maxEdited { // else there may be more
		x.memory.rewritten(edited, droppedAt, list)
	}
}
