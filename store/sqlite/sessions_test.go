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

func TestSessionTTL(t *testing.T) {
	db, clock := clocked(t)
	ctx := t.Context()
	ann, first := signUp(t, db)
	live := func(want bool) {
		t.Helper()
		_, _, err := db.Identify(ctx, chat.SecretHash("first"))
		of, errOf := db.SessionsOf(ctx, ann.ID)
		ended, errEnded := db.Ended(ctx, []chat.SessionID{first.ID})
		if errOf != nil || errEnded != nil || (err == nil) != want || (len(of) == 1) != want || (len(ended) == 0) != want {
			t.Fatalf("live %v: identify %v, of %v %v, ended %v %v", want, err, of, errOf, ended, errEnded)
		}
		if !want && !chat.Is(err, chat.NoIdentity) {
			t.Fatal(err)
		}
	}
	live(true)
	clock.Add(chat.SessionTTL - 1)
	live(true) // and this notes that it was seen
	barrier(t, db)
	clock.Add(chat.SessionTTL - 1)
	live(true)
	barrier(t, db)
	clock.Add(chat.SessionTTL)
	live(false)

	// The next one that is made sweeps it out.
	if _, err := db.CreateSession(ctx, ann.ID, chat.NewSession{TokenHash: chat.SecretHash("second")}); err != nil {
		t.Fatal(err)
	}
	if err := db.EndSession(ctx, ann.ID, first.ID); !chat.Is(err, chat.NotFound) {
		t.Fatalf("the expired session is still there: %v", err)
	}
}

// barrier waits for all that was queued before.
func barrier(t *testing.T, db *DB) {
	t.Helper()
	if err := db.write(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestSeenToTheMinute(t *testing.T) {
	db, clock := clocked(t)
	made := clock.Load() / minute * minute
	clock.Store(made)
	signUp(t, db)
	for _, c := range []struct{ now, seen int64 }{
		{made + 59_999, made},          // the same minute
		{made + 60_000, made + 60_000}, // the next one
		{made + 90_000, made + 60_000},
		{made + 300_001, made + 300_001},
		{made + 60_000, made + 300_001}, // a clock that went back takes nothing back
	} {
		clock.Store(c.now)
		for range 2 { // the first look notes it, the second one sees it
			if _, _, err := db.Identify(t.Context(), chat.SecretHash("first")); err != nil {
				t.Fatal(err)
			}
			barrier(t, db)
		}
		if _, s, err := db.Identify(t.Context(), chat.SecretHash("first")); err != nil || s.SeenAt != c.seen {
			t.Fatalf("at +%d seen at +%d, want +%d (%v)", c.now-made, s.SeenAt-made, c.seen-made, err)
		}
	}
}

// Two who looked at one session write in the order of the queue, which need not
// be the order of their looks.
func TestSeenNeverGoesBack(t *testing.T) {
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

// However a user came to be inactive (say, by a statement at the database
// itself), no token of theirs is good.
func TestInactiveIsNobody(t *testing.T) {
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

// A disk that hangs must not hang those who ask whether the store is well, nor
// those who only want to be known.
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
