package sqlite

import (
	"context"
	"sync"
	"time"

	"parley/chat"
)

// leases are kept in memory: one process at a time has the database open, and the leases of
// an earlier one ended with it. Time is the monotonic clock.
type leases struct {
	mu sync.Mutex
	of map[string]lease // by name; guarded by mu
}

type lease struct {
	holder string
	until  time.Time
}

// AcquireLease is [chat.Leases].AcquireLease.
func (db *DB) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	if err := db.reachable(ctx); err != nil {
		return false, err
	}
	l := &db.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if held, ok := l.of[name]; ok && held.holder != holder && now.Before(held.until) {
		return false, nil
	}
	if l.of == nil {
		l.of = map[string]lease{}
	}
	l.of[name] = lease{holder, now.Add(ttl)}
	return true, nil
}

// ReleaseLease is [chat.Leases].ReleaseLease.
func (db *DB) ReleaseLease(ctx context.Context, name, holder string) error {
	if err := db.reachable(ctx); err != nil {
		return err
	}
	l := &db.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of[name].holder == holder {
		delete(l.of, name)
	}
	return nil
}

// reachable returns why a call that needs no database must fail, or nil.
func (db *DB) reachable(ctx context.Context) error {
	select {
	case <-db.stop:
		return chat.StoreClosed(nil)
	default:
		return ctx.Err()
	}
}
