package storetest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"parley/chat"
)

const minute = 60_000 // ms

// clocked opens a store whose clock is now.
type clocked = func(t testing.TB, dir string, now func() int64) chat.Store

// Clocks runs the cases that set the clock.
func Clocks(t *testing.T, open func(t testing.TB, dir string, now func() int64) chat.Store) {
	t.Run("SessionTTL", func(t *testing.T) { sessionTTL(t, open) })
	t.Run("SessionLife", func(t *testing.T) { sessionLife(t, open) })
	t.Run("SurplusSessions", func(t *testing.T) { surplusSessions(t, open) })
	t.Run("RecoveryUses", func(t *testing.T) { manyRecoveries(t, open) })
	t.Run("Seen", func(t *testing.T) { seenToTheMinute(t, open) })
	t.Run("ClockBack", func(t *testing.T) { clockBack(t, open) })
	t.Run("Leases", func(t *testing.T) { leasesAnyClock(t, open) })
	t.Run("ClockAhead", func(t *testing.T) { clockAhead(t, open) })
}

// ticking opens a store with a clock that the test sets, at a full minute.
func ticking(t *testing.T, open clocked) (chat.Store, *atomic.Int64) {
	t.Helper()
	var clock atomic.Int64
	clock.Store(30_000_000 * minute)
	return open(t, t.TempDir(), clock.Load), &clock
}

// seen identifies ann's token until SeenAt is the given time: it is saved without making
// the caller wait.
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

// wantLive fails the test unless every call treats ann's only session as live, or none does.
func wantLive(t *testing.T, s chat.Store, session chat.Session, want bool) {
	t.Helper()
	ctx := context.Background()
	_, _, err := s.Identify(ctx, chat.SecretHash("token of ann"))
	if !want {
		wantError(t, err, chat.NoIdentity)
	} else {
		must(t, err)
	}
	of, err := s.SessionsOf(ctx, session.UserID)
	must(t, err)
	equal(t, "listed", len(of) == 1, want)
	for _, ids := range [][]chat.SessionID{{session.ID}, {session.ID, "never"}} {
		ended, err := s.Ended(ctx, ids)
		must(t, err)
		equal(t, "ended", len(ended) == len(ids)-1, want)
	}
}

// sessionLife tests that a session ends when its life is over, although it is seen.
func sessionLife(t *testing.T, open clocked) {
	ctx := context.Background()
	for _, life := range []int64{0, 20 * minute} {
		s, clock := ticking(t, open)
		n := newAccount("ann")
		n.Session.Life = life
		ann, session, err := s.CreateAccount(ctx, n)
		must(t, err)
		if life == 0 {
			life = chat.DefaultSessionLife
		}
		equal(t, "end", session.ExpiresAt, clock.Load()+life)
		clock.Add(life - 1)
		wantLive(t, s, session, true)
		seen(t, s, clock.Load())
		wantLive(t, s, session, true)
		clock.Add(1)
		wantLive(t, s, session, false)
		_, err = s.CreateSession(ctx, ann.ID, newSession("second")) // deletes it
		must(t, err)
		wantError(t, s.EndSession(ctx, ann.ID, session.ID), chat.NotFound)
	}
}

// surplusSessions tests that a sign-in past MaxSessions ends the session that was not seen
// for the longest time.
func surplusSessions(t *testing.T, open clocked) {
	ctx := context.Background()
	s, clock := ticking(t, open)
	account(t, s, "bob")
	ann, first, err := s.CreateAccount(ctx, newAccount("ann"))
	must(t, err)
	var made []chat.Session
	for n := range chat.MaxSessions - 1 {
		clock.Add(1)
		next, err := s.CreateSession(ctx, ann.ID, newSession(fmt.Sprint("token ", n)))
		must(t, err)
		made = append(made, next)
	}
	clock.Add(minute)
	seen(t, s, clock.Load()) // the oldest, which is in use
	received := listen(t, s)
	_, err = s.CreateSession(ctx, ann.ID, newSession("one more"))
	must(t, err)
	wantRevoked(t, received(), ann.ID, made[0].ID)
	ended, err := s.Ended(ctx, []chat.SessionID{first.ID, made[0].ID, made[1].ID})
	must(t, err)
	sameIDs(t, ended, made[0].ID)
	of, err := s.SessionsOf(ctx, ann.ID)
	must(t, err)
	equal(t, "sessions", len(of), chat.MaxSessions)
	_, _, err = s.Identify(ctx, chat.SecretHash("token of bob"))
	must(t, err)
}

// sessionTTL tests that every call treats a session as live for SessionTTL after it was
// seen.
func sessionTTL(t *testing.T, open clocked) {
	ctx := context.Background()
	s, clock := ticking(t, open)
	long := newAccount("ann")
	long.Session.Life = 10 * chat.SessionTTL
	ann, first, err := s.CreateAccount(ctx, long)
	must(t, err)
	wantLive(t, s, first, true)
	for range 2 { // being seen prolongs it
		clock.Add(chat.SessionTTL - 1)
		wantLive(t, s, first, true)
		seen(t, s, clock.Load())
	}
	clock.Add(chat.SessionTTL)
	wantLive(t, s, first, false)

	// The next one that is made sweeps it out.
	_, err = s.CreateSession(ctx, ann.ID, newSession("second"))
	must(t, err)
	wantError(t, s.EndSession(ctx, ann.ID, first.ID), chat.NotFound)
}

// seenToTheMinute tests that SeenAt is saved once a minute, and never goes back.
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

// clockBack tests that times in a chat do not go back when the clock is set back by at
// most MaxClockLead.
func clockBack(t *testing.T, open clocked) {
	s, clock := ticking(t, open)
	ann := account(t, s, "ann")
	c := group(t, s, "garden", ann)
	first := clock.Load()
	for i, step := range []struct{ now, at int64 }{
		{first, first},
		{first - 1, first},
		{first - chat.MaxClockLead, first},
		{first + 1, first + 1},
		{first + 1 - chat.MaxClockLead, first + 1},
	} {
		clock.Store(step.now)
		equal(t, fmt.Sprint("time of event ", i+2), eventAt(t, s, ann, c, post(t, s, ann, c, fmt.Sprint("message ", i))), step.at)
		stands(t, s, ann, c, step.at)
	}
}

// clockAhead tests that a clock that was further ahead does not freeze times: once it is
// right, the times of new events are, and the chat has its place in lists.
func clockAhead(t *testing.T, open clocked) {
	const year = 365 * 24 * 60 * minute
	s, clock := ticking(t, open)
	ann := account(t, s, "ann")
	c, other := group(t, s, "garden", ann), group(t, s, "orchard", ann)
	right := clock.Load()
	for i, ahead := range []int64{year, chat.MaxClockLead + 1} {
		clock.Store(right + ahead)
		seq := post(t, s, ann, c, fmt.Sprint("ahead ", i))
		equal(t, "time ahead", eventAt(t, s, ann, c, seq), right+ahead)
		for n := range int64(3) { // of every kind, one after the other
			clock.Store(right + n)
			draft := [...]chat.Event{posting(ann, c, fmt.Sprint("right ", i), "right"), targeting(chat.Edited, ann, c, seq, "", fmt.Sprint("edited ", i)), reacting(ann, c, seq, "👍", true)}[n]
			ev, _, err := do(t, s, draft, [...]chat.Rule{chat.Post, chat.Edit, chat.React}[n])
			must(t, err)
			equal(t, "time that is right again", ev.At, right+n)
			stands(t, s, ann, c, right+n)
		}
		clock.Store(right + 10)
		post(t, s, ann, other, fmt.Sprint("in the other chat ", i))
		list, err := s.ChatsOf(context.Background(), ann.ID, chat.ChatList{})
		must(t, err)
		equal(t, "first of the list", list[0].ID, other.ID)
		right += 100
	}
}

// stands asserts that every list has the chat with the time of its head.
func stands(t *testing.T, s chat.Store, viewer chat.User, c chat.Chat, at int64) {
	t.Helper()
	ctx := context.Background()
	one, err := s.Chat(ctx, viewer.ID, c.ID)
	must(t, err)
	all, err := s.ChatsOf(ctx, viewer.ID, chat.ChatList{})
	must(t, err)
	i := slices.IndexFunc(all, func(x chat.Chat) bool { return x.ID == c.ID })
	equal(t, "activity", fmt.Sprint(one.Activity, all[i].Activity), fmt.Sprint(at, at))
	equal(t, "time of the head", eventAt(t, s, viewer, c, one.Head), at)
}

// eventAt returns the time of an event as the log has it.
func eventAt(t *testing.T, s chat.Store, viewer chat.User, c chat.Chat, seq chat.Seq) int64 {
	t.Helper()
	events, _, err := s.After(context.Background(), viewer.ID, c.ID, seq-1, 1, 1<<20)
	must(t, err)
	equal(t, "events", len(events), 1)
	return events[0].At
}

// Skewed tests two replicas whose clocks differ. If they differ by a little, times do not
// go back in a chat; if by a lot, each event has the time of the clock of its replica.
// Sessions neither end nor have an earlier SeenAt.
func Skewed(t *testing.T, open func(t testing.TB, dir string, now func() int64) chat.Store) {
	for name, lead := range map[string]int64{"a little": chat.MaxClockLead - 1000, "a lot": minute} {
		t.Run(name, func(t *testing.T) { skewed(t, open, lead) })
	}
}

func skewed(t *testing.T, open clocked, lead int64) {
	ctx := context.Background()
	dir := t.TempDir()
	slow := open(t, dir, chat.Now)
	fast := open(t, dir, func() int64 { return chat.Now() + lead })
	ann := account(t, slow, "ann")
	c := group(t, slow, "garden", ann)
	for _, text := range []string{"one", "two", "three"} {
		target := post(t, fast, ann, c, text+" on the fast one")
		post(t, slow, ann, c, text+" on the slow one")
		ev, _, err := do(t, slow, targeting(chat.Edited, ann, c, target, text, text), chat.Edit)
		must(t, err)
		if ahead := ev.At - chat.Now(); ahead > chat.MaxClockLead {
			t.Errorf("event %d of the slow one is %d ms ahead of its clock", ev.Seq, ahead)
		}
		stands(t, fast, ann, c, ev.At)
	}
	at := int64(0)
	for _, e := range fullLog(t, slow, c.ID) {
		if e.At < at && lead <= chat.MaxClockLead {
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
	checkReplay(t, fast, ann.ID, c)
}
