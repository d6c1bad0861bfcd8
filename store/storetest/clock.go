package storetest

import (
	"context"
	"sync/atomic"
	"testing"

	"parley/chat"
)

const minute = 60_000 // ms

// clocked opens a store that takes the time from now.
type clocked = func(t testing.TB, dir string, now func() int64) chat.Store

// Clocks runs the cases in which time passes.
func Clocks(t *testing.T, open func(t testing.TB, dir string, now func() int64) chat.Store) {
	t.Run("SessionTTL", func(t *testing.T) { sessionTTL(t, open) })
	t.Run("Seen", func(t *testing.T) { seenToTheMinute(t, open) })
}

// ticking opens a store with a clock that the test sets, at a full minute.
func ticking(t *testing.T, open clocked) (chat.Store, *atomic.Int64) {
	t.Helper()
	var clock atomic.Int64
	clock.Store(30_000_000 * minute)
	return open(t, t.TempDir(), clock.Load), &clock
}

// seen asks who holds ann's token until the answer is that they were seen at a
// time: it is noted without making the caller wait.
func seen(t *testing.T, s chat.Store, at int64) {
	t.Helper()
	for {
		_, session, err := s.Identify(t.Context(), chat.SecretHash("token of ann"))
		must(t, err)
		if session.SeenAt == at {
			return
		}
	}
}

// A session lives for SessionTTL after it was seen, whoever asks.
func sessionTTL(t *testing.T, open clocked) {
	ctx := context.Background()
	s, clock := ticking(t, open)
	ann, first, err := s.CreateAccount(ctx, newAccount("ann"))
	must(t, err)
	live := func(want bool) {
		t.Helper()
		_, _, err := s.Identify(ctx, chat.SecretHash("token of ann"))
		if !want {
			refused(t, err, chat.NoIdentity)
		} else {
			must(t, err)
		}
		of, err := s.SessionsOf(ctx, ann.ID)
		must(t, err)
		equal(t, "listed", len(of) == 1, want)
		ended, err := s.Ended(ctx, []chat.SessionID{first.ID})
		must(t, err)
		equal(t, "ended", len(ended) == 0, want)
	}
	live(true)
	for range 2 { // being seen prolongs it
		clock.Add(chat.SessionTTL - 1)
		live(true)
		seen(t, s, clock.Load())
	}
	clock.Add(chat.SessionTTL)
	live(false)

	// The next one that is made sweeps it out.
	_, err = s.CreateSession(ctx, ann.ID, newSession("second"))
	must(t, err)
	refused(t, s.EndSession(ctx, ann.ID, first.ID), chat.NotFound)
}

// SeenAt is noted once a minute, and never goes back.
func seenToTheMinute(t *testing.T, open clocked) {
	s, clock := ticking(t, open)
	made := clock.Load()
	account(t, s, "ann")
	for _, c := range []struct{ now, seen int64 }{
		{made + 59_999, made}, // the same minute
		{made + 60_000, made + 60_000},
		{made + 90_000, made + 60_000},
		{made + 300_001, made + 300_001},
		{made + 60_000, made + 300_001}, // a clock that went back takes nothing back
	} {
		clock.Store(c.now)
		seen(t, s, c.seen)
	}
}

// Skewed runs two replicas whose clocks differ by a minute: times never go back
// in a chat, and nobody is signed out or seen earlier for it.
func Skewed(t *testing.T, open func(t testing.TB, dir string, now func() int64) chat.Store) {
	ctx := context.Background()
	dir := t.TempDir()
	slow := open(t, dir, chat.Now)
	fast := open(t, dir, func() int64 { return chat.Now() + minute })
	ann := account(t, slow, "ann")
	c := group(t, slow, "garden", ann)
	for _, text := range []string{"one", "two", "three"} {
		target := say(t, fast, ann, c, text+" on the fast one")
		say(t, slow, ann, c, text+" on the slow one")
		_, _, err := do(t, slow, targeting(chat.Edited, ann, c, target, text, text), chat.Edit)
		must(t, err)
	}
	at := int64(0)
	for _, e := range whole(t, slow, c.ID) {
		if e.At < at {
			t.Fatalf("%s %d was at %d, what came before at %d", e.Kind, e.Seq, e.At, at)
		}
		at = e.At
	}
	_, session, err := fast.Identify(ctx, chat.SecretHash("token of ann"))
	must(t, err)
	last := session.SeenAt
	for range 20 {
		for _, s := range []chat.Store{fast, slow} {
			_, session, err := s.Identify(ctx, chat.SecretHash("token of ann"))
			must(t, err)
			if session.SeenAt < last {
				t.Fatalf("seen at %d after %d", session.SeenAt, last)
			}
			last = session.SeenAt
		}
	}
	ended, err := slow.Ended(ctx, []chat.SessionID{session.ID})
	must(t, err)
	equal(t, "ended", len(ended), 0)
	replayed(t, fast, ann.ID, c)
}
