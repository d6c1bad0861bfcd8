// Package keyed has a mutex with keys.
package keyed

import (
	"context"
	"sync"

	"golang.org/x/sync/semaphore"
)

// Mutex is a mutex for each key. Waiting callers get it in the order in which they
// came. The zero value is ready to use.
type Mutex struct {
	mu   sync.Mutex
	keys map[string]*keyLock // guarded by mu: keys that are locked or waited for
}

type keyLock struct {
	sem     *semaphore.Weighted
	callers int // holder and waiting callers; guarded by Mutex.mu
}

// Lock locks the key. It waits until the key is free or ctx ends. If err is nil, the
// caller must call unlock once.
func (m *Mutex) Lock(ctx context.Context, key string) (unlock func(), err error) {
	m.mu.Lock()
	if m.keys == nil {
		m.keys = map[string]*keyLock{}
	}
	k := m.keys[key]
	if k == nil {
		k = &keyLock{sem: semaphore.NewWeighted(1)}
		m.keys[key] = k
	}
	k.callers++
	m.mu.Unlock()
	release := func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if k.callers--; k.callers == 0 {
			delete(m.keys, key)
		}
	}
	if err := k.sem.Acquire(ctx, 1); err != nil {
		release()
		return nil, err
	}
	return func() { k.sem.Release(1); release() }, nil
}

// Locked returns the number of keys that are locked or waited for.
func (m *Mutex) Locked() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.keys)
}
