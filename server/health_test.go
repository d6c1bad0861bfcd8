package server

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
)

type fullDiskStore struct {
	chat.Store
	full bool
}

func (c *fullDiskStore) Full() bool { return c.full }

// On a full disk /readyz is 200, since reading and deleting work, and reports the disk.
func TestReadyWithFullDisk(t *testing.T) {
	store := &fullDiskStore{}
	x := start(t, func(c *Config) { store.Store, c.Store = c.Store, store })
	x.eventually(func() bool { return x.s.index.IndexedFrom() == 0 })
	for full, want := range map[bool]string{false: `{"ok":true}`, true: `{"ok":true,"disk":"full"}`} {
		store.full = full
		if got := strings.TrimSpace(string(x.anonymous().call("GET", "/readyz", nil).want(200).body)); got != want {
			t.Errorf("full %v: %s", full, got)
		}
	}
	w := httptest.NewRecorder()
	store.full = true
	x.s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if !strings.Contains(w.Body.String(), "parley_disk_full 1\n") {
		t.Error("the metrics do not say it")
	}
	x.anonymous().call("GET", "/healthz", nil).want(200)
}

// pingCounter is a store that counts its pings.
type pingCounter struct {
	chat.Store
	n atomic.Int64
}

func (p *pingCounter) Ping(ctx context.Context) error {
	p.n.Add(1)
	return p.Store.Ping(ctx)
}

// /readyz needs no identity, and the store's answer costs a write to the disk: it is cached
// for a second.
func TestReadinessIsCached(t *testing.T) {
	store := &pingCounter{}
	x := start(t, func(c *Config) { store.Store, c.Store = c.Store, store })
	anonymous, began := x.anonymous(), time.Now()
	for range 100 {
		anonymous.call("GET", "/readyz", nil).want(200)
	}
	if n, most := store.n.Load(), 1+int64(time.Since(began)/readyFor); n < 1 || n > most {
		t.Errorf("%d writes, want at most %d", n, most)
	}
}

// hangingStore is a store whose Ping hangs until its context ends.
type hangingStore struct {
	chat.Store
	asked chan struct{}
	n     atomic.Int64
}

func (h *hangingStore) Ping(ctx context.Context) error {
	h.n.Add(1)
	h.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// A store that hangs makes the server unready after pingTimeout, also for callers that come
// while another one waits, and also if that one has gone.
func TestReadinessOfAStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p readinessCache
		h := &hangingStore{asked: make(chan struct{}, 10)}
		began := time.Now()
		ctx, gone := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		calls.Go(func() { _ = p.check(ctx, h.Ping) })
		<-h.asked
		gone()
		for range 5 {
			calls.Go(func() {
				if err := p.check(t.Context(), h.Ping); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("ready: %v", err)
				}
			})
		}
		calls.Wait()
		if d := time.Since(began); d != pingTimeout || h.n.Load() != 1 {
			t.Errorf("%d pings in %v", h.n.Load(), d)
		}
		if err := p.check(t.Context(), func(context.Context) error { return nil }); err != nil {
			t.Errorf("it answers again: %v", err)
		}
	})
}
