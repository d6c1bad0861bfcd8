package search

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"time"

	"parley/chat"
)

const (
	checkEvery = time.Minute     // for what another server left to do
	retryAfter = 5 * time.Second // an error
	retryFill  = 200 * time.Millisecond
	stopLimit  = time.Second // for texts to be removed when Write ends
	pageChats  = 500
	shortPause = 100 * time.Millisecond // also while a text must be removed
)

// Run keeps the memory part complete until ctx ends: it fills it when the feed was opened, and
// removes what another server folded or rewrote.
func (x *Index) Run(ctx context.Context) error {
	for {
		select {
		case <-x.opened:
			for x.fill(ctx) != nil {
				if !wait(ctx, retryFill, nil) {
					return nil
				}
			}
		case <-x.grown:
			_, _ = x.load(ctx) // a search tries again
			x.forgetRewritten(ctx)
			if !wait(ctx, time.Second, x.opened) {
				return nil
			}
		case <-ctx.Done():
			return nil
		}
	}
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

// Write writes the stored index until ctx ends. Of all servers of a store only one may run
// it; if another one does, nothing is lost, but work is done in vain.
func (x *Index) Write(ctx context.Context) error {
	x.builder = nil
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		pace := x.pace()
		worked, err := x.work(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			x.builder = nil
			if !chat.Is(err, chat.Conflict) && !errors.Is(err, errGone) { // else another server wrote
				x.log.LogAttrs(ctx, slog.LevelWarn, "the search index could not be written; it is tried again", slog.String("error", err.Error()))
			}
			wait(ctx, retryAfter, nil)
		case worked:
			pace(ctx)
		default:
			select {
			case <-x.wake:
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}
	// A text that was deleted must not stay until the next start.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for {
		if worked, err := x.removeReplaced(last); err != nil || !worked {
			return nil
		}
	}
}

// pace returns a function that waits after work, which began when pace was called. It does not
// wait for long once a text was replaced or deleted.
func (x *Index) pace() func(ctx context.Context) {
	began, applied := time.Now(), x.applied.Load()
	return func(ctx context.Context) {
		took := time.Since(began)
		pause := x.pause(took, x.applied.Load()-applied)
		short := min(pause, shortPause)
		if wait(ctx, short, nil) {
			wait(ctx, pause-short, x.urgent)
		}
	}
}

// pause returns how long Write waits after work that took a time in which events came, which
// come first.
func (x *Index) pause(took time.Duration, events int64) time.Duration {
	return min(time.Duration(events)*x.sizes.pause, time.Duration(x.sizes.maxPause)*took)
}

// work does one piece of work and reports whether there may be more. drop comes before rewrite:
// segments that were merged also hold the words of what is rewritten, and a checkpoint waits
// only until rewrite has forgotten that.
func (x *Index) work(ctx context.Context) (worked bool, err error) {
	m, err := x.load(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range []func(context.Context, *manifest) (bool, error){x.begin, x.drop, x.rewrite, x.fold, x.merge, x.build} {
		if worked, err = step(ctx, m); worked || err != nil {
			return worked, err
		}
	}
	return false, nil
}

// begin makes the manifest of this version of the tokenizer, and says of all chats that
// nothing is indexed. It ends the merge of a server that is gone.
func (x *Index) begin(ctx context.Context, m *manifest) (bool, error) {
	switch {
	case m.Version != Version:
		return true, x.change(ctx, chat.IndexChange{}, func(m *manifest) {
			fresh := manifest{Version: Version, Next: m.Next + 1, Garbage: append(m.Garbage, m.Writing...), IndexedFrom: chat.Now(), Rewritten: m.Rewritten + 1}
			for _, s := range m.Segments {
				fresh.Garbage = append(fresh.Garbage, s.ID)
			}
			*m = fresh
		})
	case !m.Ready:
		for after := chat.ChatID(""); ; {
			last, err := x.store.ResetIndexed(ctx, after, pageChats)
			if err != nil {
				return false, err
			}
			if after = last; last == "" {
				break
			}
		}
		x.builder = nil
		return true, x.change(ctx, chat.IndexChange{}, func(m *manifest) { m.Ready = true })
	case len(m.Writing) > 0:
		return true, x.change(ctx, chat.IndexChange{}, func(m *manifest) {
			m.Garbage, m.Writing = append(m.Garbage, m.Writing...), nil
		})
	}
	return false, nil
}

// fill reads what is not folded into memory, after the feed was opened.
func (x *Index) fill(ctx context.Context) error {
	for {
		m, err := x.load(ctx)
		if err != nil {
			return err
		}
		if m.Ready && m.Version == Version {
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
			err := x.events(ctx, c.ChatID, c.Last, c.Head, func(e *chat.Event) bool {
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

// events calls f with the events of a chat after seen up to last, until it returns false.
func (x *Index) events(ctx context.Context, id chat.ChatID, seen, last chat.Seq, f func(*chat.Event) bool) error {
	for seen < last {
		events, _, err := x.store.After(ctx, "", id, seen, int(min(last-seen, pageEvents)), pageBytes)
		if chat.Is(err, chat.NotFound) || err == nil && len(events) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range events {
			if events[i].Seq > last || !f(&events[i]) {
				return nil
			}
		}
		seen = events[len(events)-1].Seq
	}
	return nil
}

const (
	pageEvents = 500
	pageBytes  = 1 << 20
)

// drop removes the rows of garbage.
func (x *Index) drop(ctx context.Context, m *manifest) (bool, error) {
	if len(m.Garbage) == 0 {
		return false, nil
	}
	// A segment is garbage in every manifest until its rows are gone, so that no other
	// server makes it a part of the index meanwhile.
	more, err := x.store.DropSegment(ctx, m.Garbage[0], x.sizes.flush)
	if err != nil || more {
		return more, err
	}
	return true, x.change(ctx, chat.IndexChange{}, func(m *manifest) { m.Garbage = m.Garbage[1:] })
}
