package index

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/lease"
	"parley/internal/mongotest"
	"parley/search"
	"parley/store"
)

// replica is a server as far as searches go.
type replica struct {
	store chat.Store
	index *Index
	stop  func()
}

func newReplica(t *testing.T, url string) *replica {
	t.Helper()
	s, err := store.Open(t.Context(), url, 20, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	x := New(Config{Store: s, Log: slog.New(slog.DiscardHandler)})
	x.sizes = smallSizes()
	ctx, cancel := context.WithCancel(context.Background())
	feed, err := s.OpenFeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	x.Opened()
	wait.Go(func() {
		for n, err := range feed {
			if err == nil && n.Event != nil {
				x.Apply(n.Event)
			}
		}
	})
	wait.Go(func() { _ = x.Run(ctx) })
	wait.Go(func() { _ = lease.Run(ctx, s, "search index", nil, x.Write) })
	stop := sync.OnceFunc(func() { cancel(); wait.Wait(); _ = s.Close() })
	t.Cleanup(stop)
	return &replica{s, x, stop}
}

// Three replicas write at the same time. Each finds what it wrote at once, and in the end all
// find the same, also when the one that wrote the index is gone.
func TestReplicas(t *testing.T) {
	url := mongotest.Start(t).URL("search")
	m := newModel(t, url, 1)
	id := m.newChat(m.users[0])
	other := m.newChat(m.users[0])
	replicas := []*replica{newReplica(t, url), newReplica(t, url), newReplica(t, url)}
	one := func(word string) search.Query {
		return search.Query{Terms: []search.Term{{Words: []search.Word{{Text: word}}}}}
	}
	do := func(r *replica, e chat.Event, rule chat.Rule) (ev chat.Event) {
		done := make(chan error, 1)
		err := r.store.Append(t.Context(), e, rule, func(got chat.Event, _ bool, err error) { ev = got; done <- err })
		if err == nil {
			err = <-done
		}
		if err != nil {
			t.Error(err)
		}
		r.index.Acknowledged(&ev)
		return ev
	}
	find := func(r *replica, word string) int {
		hits, _, _, err := r.index.Search(t.Context(), []chat.ChatID{id, other}, one(word), 100, "")
		if err != nil {
			t.Error(err)
		}
		return len(hits)
	}
	const each = 40
	var wait sync.WaitGroup
	for i, r := range replicas {
		wait.Go(func() {
			for n := range each {
				word := fmt.Sprintf("word%dx%d", i, n)
				ev := do(r, chat.Event{Kind: chat.Posted, ChatID: []chat.ChatID{id, other}[n%2], By: m.users[0].ID, ClientID: word, Text: word + " tea"}, chat.Post)
				if find(r, word) != 1 {
					t.Errorf("%s is not found at once", word)
				}
				if n%4 == 1 {
					do(r, chat.Event{Kind: chat.Edited, ChatID: ev.ChatID, By: m.users[0].ID, Target: ev.Seq, ClientID: word, Text: "changed" + word + " tea"}, chat.Edit)
					if find(r, word) != 0 || find(r, "changed"+word) != 1 {
						t.Errorf("%s was edited: %d, %d", word, find(r, word), find(r, "changed"+word))
					}
				}
			}
		})
	}
	wait.Wait()
	// The writer, or one who waits for the lease: any may be stopped.
	replicas[0].stop()
	if replicas[1].index.Stats().Segments == 0 {
		t.Error("nothing was folded")
	}
	deadline := time.Now().Add(2 * lease.TTL)
	for _, r := range replicas {
		if r.store.Ping(context.Background()) != nil {
			continue
		}
		for {
			hits, _, _, err := r.index.Search(t.Context(), []chat.ChatID{id, other}, one("tea"), 1000, "")
			if err == nil && len(hits) == 3*each {
				break
			}
			if time.Now().After(deadline) || err != nil {
				t.Fatalf("%d of %d are found, %v", len(hits), 3*each, err)
			}
		}
		for i := range replicas {
			for n := range each {
				word := fmt.Sprintf("word%dx%d", i, n)
				want := 1
				if n%4 == 1 { // it was edited
					want = 0
				}
				if find(r, word) != want {
					t.Errorf("%s is found %d times, want %d", word, find(r, word), want)
				}
			}
		}
	}
}
