package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/chat"
)

// feed tests that a feed yields every event after OpenFeed, each chat in order, not before
// its commit, with the text that was posted; and signals.
func feed(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	a, b := group(t, s, "a", ann), group(t, s, "b", ann)
	post(t, s, ann, a, "before")
	first, second := listen(t, s), listen(t, s)
	var wait sync.WaitGroup
	for caller := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range 50 {
				for _, c := range []chat.Chat{a, b} {
					id := fmt.Sprint(caller, "-", i)
					wait.Add(1)
					if err := s.Append(ctx, posting(ann, c, id, "text "+id), chat.Post, func(chat.Event, bool, error) { wait.Done() }); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	wait.Wait()
	_, again, err := do(t, s, posting(ann, a, "0-0", "again"), chat.Post)
	must(t, err)
	equal(t, "again", again, true)
	_, _, err = do(t, s, posting(account(t, s, "eve"), a, "no", "refused"), chat.Post)
	wantError(t, err, chat.NotFound)
	for _, received := range []func() []chat.Notice{first, second} {
		next := map[chat.ChatID]chat.Seq{a.ID: 3, b.ID: 2}
		for _, n := range received() {
			e := n.Event
			if e == nil || n.Signal != nil || n.Ended != nil {
				t.Fatalf("not an event alone: %+v", n)
			}
			equal(t, "seq", e.Seq, next[e.ChatID])
			equal(t, "text", e.Text, "text "+e.ClientID)
			next[e.ChatID]++
		}
		equal(t, "last of a", next[a.ID], 203)
		equal(t, "last of b", next[b.ID], 202)
	}

	t.Run("the end of a context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		events, err := s.OpenFeed(ctx)
		must(t, err)
		post(t, s, ann, a, "one more")
		got := 0
		for n, err := range events {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				break
			}
			equal(t, "text", n.Event.Text, "one more")
			got++
			cancel()
		}
		equal(t, "events", got, 1)
		if _, err := s.OpenFeed(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("opened with %v", err)
		}
	})
}

// feedLost tests that a reader that falls far behind loses its feed, and others do not.
func feedLost(t *testing.T, open opener) {
	ctx := t.Context()
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	c := group(t, s, "garden", ann)
	slow, err := s.OpenFeed(ctx)
	must(t, err)
	good := listen(t, s)
	text := strings.Repeat("x", 16<<10)
	for i := range 5 { // 80 MiB
		var wait sync.WaitGroup
		for j := range 1000 {
			wait.Add(1)
			must(t, s.Append(ctx, posting(ann, c, fmt.Sprint(i, "-", j), text), chat.Post, func(chat.Event, bool, error) { wait.Done() }))
		}
		wait.Wait()
		if n := len(good()); n != 1000 {
			t.Fatalf("the reader that keeps up got %d", n)
		}
	}
	for n, err := range slow {
		if err == nil {
			t.Fatalf("%v came through a feed that lost others", n.Event.Seq)
		}
		if !errors.Is(err, chat.ErrFeedLost) {
			t.Fatal(err)
		}
	}
	if n := len(good()); n != 0 {
		t.Fatalf("%d too many", n)
	}
}

// closed tests Close in the middle of work: queued drafts are committed and acknowledged,
// others are refused, feeds end, and all later calls fail.
func closed(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann := account(t, s, "ann")
	c := group(t, s, "garden", ann)
	events, err := s.OpenFeed(ctx)
	must(t, err)
	var mu sync.Mutex
	acked := map[string]chat.Seq{}
	var callers, acks sync.WaitGroup
	begun := make(chan struct{}) // closed when many appends were accepted
	var accepted atomic.Int64
	for caller := range 8 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for i := range 8000 { // fewer in all than a feed may hold
				id := fmt.Sprint(caller, "-", i)
				acks.Add(1)
				err := s.Append(ctx, posting(ann, c, id, "text"), chat.Post, func(ev chat.Event, _ bool, err error) {
					defer acks.Done()
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						acked[id] = ev.Seq
					} else if !chat.Is(err, chat.Unavailable) {
						t.Errorf("done with %v", err)
					}
				})
				if err != nil {
					acks.Done()
					if !chat.Is(err, chat.Unavailable) {
						t.Errorf("refused with %v", err)
					}
					return
				}
				if accepted.Add(1) == 800 {
					close(begun)
				}
			}
		}()
	}
	<-begun
	must(t, s.Close())
	must(t, s.Close())
	callers.Wait()
	acks.Wait()
	yielded, end := 0, error(nil)
	for n, err := range events {
		if err != nil {
			end = err
			break
		}
		yielded++
		equal(t, "yielded", n.Event.Seq, chat.Seq(yielded+1))
	}
	if !errors.Is(end, chat.ErrFeedLost) {
		t.Fatalf("the feed ended with %v", end)
	}
	equal(t, "yielded", yielded, len(acked))
	_, err = s.Page(ctx, ann.ID, c.ID, chat.Window{Limit: 1})
	wantError(t, err, chat.Unavailable)
	_, err = s.OpenFeed(ctx)
	wantError(t, err, chat.Unavailable)
	wantError(t, s.Ping(ctx), chat.Unavailable)

	s = open(t, dir)
	log := fullLog(t, s, c.ID)
	equal(t, "events", len(log), len(acked)+1)
	for _, e := range log[1:] {
		equal(t, "number of "+e.ClientID, acked[e.ClientID], e.Seq)
	}
	must(t, s.Ping(ctx))
}
