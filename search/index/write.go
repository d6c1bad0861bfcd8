package index

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"parley/chat"
	"parley/search"
	"parley/search/segment"
)

const (
	checkEvery = time.Minute            // for what another server left to do
	retryAfter = 5 * time.Second        // an error
	stopLimit  = time.Second            // for texts to be removed when Write ends
	shortPause = 100 * time.Millisecond // also while a text must be removed
)

// writer writes the stored part of an index.
type writer struct {
	*Index
	builder *builder // nil: what is not indexed must be read first
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		pace := w.pace()
		worked, err := w.work(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil:
			w.builder = nil
			if !chat.Is(err, chat.Conflict) && !errors.Is(err, segment.ErrGone) { // else another server wrote
				w.log.LogAttrs(ctx, slog.LevelWarn, "the search index could not be written; it is tried again", slog.String("error", err.Error()))
			}
			wait(ctx, retryAfter, nil)
		case worked:
			pace(ctx)
		default:
			select {
			case <-w.wake:
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	}
	// A text that was deleted must not stay until the next start.
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	for {
		if worked, err := w.removeReplaced(last); err != nil || !worked {
			return nil
		}
	}
}

// pace returns a function that waits after work, which began when pace was called. It does not
// wait for long once a text was replaced or deleted.
func (w *writer) pace() func(ctx context.Context) {
	began, applied := time.Now(), w.applied.Load()
	return func(ctx context.Context) {
		took := time.Since(began)
		pause := w.pause(took, w.applied.Load()-applied)
		short := min(pause, shortPause)
		if wait(ctx, short, nil) {
			wait(ctx, pause-short, w.urgent)
		}
	}
}

// pause returns how long Write waits after work that took a time in which events came, which
// come first.
func (w *writer) pause(took time.Duration, events int64) time.Duration {
	return min(time.Duration(events)*w.sizes.pause, time.Duration(w.sizes.maxPause)*took)
}

// work does one piece of work and reports whether there may be more. drop comes before rewrite:
// segments that were merged also hold the words of what is rewritten, and a checkpoint waits
// only until rewrite has forgotten that.
func (w *writer) work(ctx context.Context) (worked bool, err error) {
	m, err := w.load(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range []func(context.Context, *manifest) (bool, error){w.begin, w.drop, w.rewrite, w.fold, w.merge, w.build} {
		if worked, err = step(ctx, m); worked || err != nil {
			return worked, err
		}
	}
	return false, nil
}

// begin makes the manifest of this version of the tokenizer, and says of all chats that
// nothing is indexed. It ends the merge of a server that is gone.
func (w *writer) begin(ctx context.Context, m *manifest) (bool, error) {
	switch {
	case m.Version != search.Version:
		return true, w.change(ctx, chat.IndexChange{}, func(m *manifest) {
			fresh := manifest{Version: search.Version, Next: m.Next + 1, Garbage: append(m.Garbage, m.Writing...), IndexedFrom: chat.Now(), Rewritten: m.Rewritten + 1}
			for _, s := range m.Segments {
				fresh.Garbage = append(fresh.Garbage, s.ID)
			}
			*m = fresh
		})
	case !m.Ready:
		for after := chat.ChatID(""); ; {
			last, err := w.store.ResetIndexed(ctx, after, pageChats)
			if err != nil {
				return false, err
			}
			if after = last; last == "" {
				break
			}
		}
		w.builder = nil
		return true, w.change(ctx, chat.IndexChange{}, func(m *manifest) { m.Ready = true })
	case len(m.Writing) > 0:
		return true, w.change(ctx, chat.IndexChange{}, func(m *manifest) {
			m.Garbage, m.Writing = append(m.Garbage, m.Writing...), nil
		})
	}
	return false, nil
}

// drop removes the rows of garbage.
func (w *writer) drop(ctx context.Context, m *manifest) (bool, error) {
	if len(m.Garbage) == 0 {
		return false, nil
	}
	// A segment is garbage in every manifest until its rows are gone, so that no other
	// server makes it a part of the index meanwhile.
	more, err := w.store.DropSegment(ctx, m.Garbage[0], w.sizes.flush)
	if err != nil || more {
		return more, err
	}
	return true, w.change(ctx, chat.IndexChange{}, func(m *manifest) { m.Garbage = m.Garbage[1:] })
}

// removeReplaced does one piece of the work that removes replaced texts from the index, if
// there are any, and reports whether there may be more.
func (w *writer) removeReplaced(ctx context.Context) (bool, error) {
	list, err := w.store.Replaced(ctx, 1)
	if err != nil || len(list) == 0 {
		return false, err
	}
	m, err := w.load(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range []func(context.Context, *manifest) (bool, error){w.begin, w.drop, w.rewrite} {
		if worked, err := step(ctx, m); worked || err != nil {
			return worked, err
		}
	}
	return false, nil
}
