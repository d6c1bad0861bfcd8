package sqlite

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
)

const minute = 60_000 // ms

// SetClock sets the store's clock, before its first use.
func SetClock(db *DB, now func() int64) { db.now = now }

// clocked opens a store whose clock the test sets.
func clocked(t *testing.T) (*DB, *atomic.Int64) {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "parley.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var clock atomic.Int64
	clock.Store(1_800_000_000_000)
	db.now = clock.Load
	return db, &clock
}

func signUp(t *testing.T, db *DB) (chat.User, chat.Session) {
	t.Helper()
	u, s, err := db.CreateAccount(t.Context(), chat.NewAccount{Handle: "ann", Name: "Ann", Session: chat.NewSession{TokenHash: chat.SecretHash("first")}})
	if err != nil {
		t.Fatal(err)
	}
	return u, s
}

// barrier waits for all jobs that were queued before.
func barrier(t *testing.T, db *DB) {
	t.Helper()
	if err := db.write(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// Two calls that identified one session write SeenAt in the order of the queue, which need
// not be the order of the calls.
func TestSeenAtNeverGoesBack(t *testing.T) {
	db, clock := clocked(t)
	start := clock.Load()
	signUp(t, db)
	free := hold(t, db)
	for _, after := range []int64{2 * minute, minute} {
		clock.Store(start + after)
		if _, _, err := db.Identify(t.Context(), chat.SecretHash("first")); err != nil {
			t.Fatal(err)
		}
	}
	free()
	barrier(t, db)
	if _, s, err := db.Identify(t.Context(), chat.SecretHash("first")); err != nil || s.SeenAt != start+2*minute {
		t.Fatalf("seen at +%d, want +%d (%v)", s.SeenAt-start, 2*minute, err)
	}
}

// No token of an inactive user is valid, also if they were deactivated by a statement on
// the database.
func TestInactiveUserHasNoSession(t *testing.T) {
	db, _ := clocked(t)
	ann, _ := signUp(t, db)
	err := db.write(t.Context(), func(t *tx) error {
		_, err := t.exec("UPDATE users SET active = 0 WHERE id = ?", string(ann.ID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Identify(t.Context(), chat.SecretHash("first")); !chat.Is(err, chat.NoIdentity) {
		t.Fatal(err)
	}
}

// hold keeps the writer busy until free is called.
func hold(t *testing.T, db *DB) (free func()) {
	t.Helper()
	stuck, gate, result := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		result <- db.write(context.Background(), func(*tx) error {
			close(stuck)
			<-gate
			return nil
		})
	}()
	<-stuck
	return func() {
		close(gate)
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	}
}

// Ping and Identify must not hang with a disk that hangs.
func TestStuckWriter(t *testing.T) {
	db, clock := clocked(t)
	signUp(t, db)
	clock.Add(minute)
	free := hold(t, db)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := db.Ping(ctx); err != context.DeadlineExceeded {
		t.Errorf("ping of a stuck store: %v", err)
	}
	for range maxQueue + 10 { // more than the queue holds
		if _, _, err := db.Identify(t.Context(), chat.SecretHash("first")); err != nil {
			t.Fatal(err)
		}
	}
	free()
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}
