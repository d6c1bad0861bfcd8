package service

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// turns lets one caller of each key through at a time, in the order in which
// they came. The zero value is ready.
type turns struct {
	mu sync.Mutex
	by map[string]*turn // guarded by mu: the keys that somebody has or waits for
}

type turn struct {
	one     *semaphore.Weighted
	callers int // guarded by turns.mu
}

// enter waits for the key's turn, or for the end of ctx. The caller must call
// leave once, if err is nil.
func (t *turns) enter(ctx context.Context, key string) (leave func(), err error) {
	t.mu.Lock()
	if t.by == nil {
		t.by = map[string]*turn{}
	}
	k := t.by[key]
	if k == nil {
		k = &turn{one: semaphore.NewWeighted(1)}
		t.by[key] = k
	}
	k.callers++
	t.mu.Unlock()
	gone := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if k.callers--; k.callers == 0 {
			delete(t.by, key)
		}
	}
	if err := k.one.Acquire(ctx, 1); err != nil {
		gone()
		return nil, err
	}
	return func() { k.one.Release(1); gone() }, nil
}
