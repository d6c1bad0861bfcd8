package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"parley/chat"
)

// Failure is a failure of the database server while replicas write.
type Failure struct {
	Name string
	// Around calls work, which returns when everything is written, and causes
	// the failure meanwhile.
	Around    func(t *testing.T, work func())
	LosesFeed bool // every feed ends with ErrFeedLost, once at least
}

// Shared runs the cases of a store that several processes open at once: each open store of
// the same data is a replica.
func Shared(t *testing.T, open func(t testing.TB, dir string) chat.Store, failures ...Failure) {
	t.Run("OneWinner", func(t *testing.T) { oneWinner(t, open) })
	t.Run("Admins", func(t *testing.T) { adminsRace(t, open) })
	t.Run("RemovedAuthor", func(t *testing.T) { removedAuthor(t, open) })
	t.Run("Replicas", func(t *testing.T) { replicas(t, open) })
	t.Run("Stale", func(t *testing.T) { stale(t, open) })
	t.Run("Replay", func(t *testing.T) { replayAcross(t, open) })
	t.Run("Unchanged", func(t *testing.T) { unchangedAcross(t, open) })
	t.Run("CallerGone", func(t *testing.T) { callerGone(t, open) })
	t.Run("Leases", func(t *testing.T) { leasesAcross(t, open) })
	t.Run("OneOutcome", func(t *testing.T) { oneOutcome(t, open) })
	for _, failure := range append([]Failure{{Name: "no failure", Around: func(_ *testing.T, work func()) { work() }}}, failures...) {
		t.Run("Failures/"+failure.Name, func(t *testing.T) { withFailure(t, open, failure) })
	}
}

// oneWinner tests that of two replicas that request the same thing at the same time one
// gets it.
func oneWinner(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := []chat.Store{open(t, dir), open(t, dir)}
	info, err := s[0].Server(ctx)
	must(t, err)
	equal(t, "epoch", s[0].Epoch(), s[1].Epoch())

	first, second := race(func(i int) error { // the setup code
		n := newAccount(fmt.Sprint("admin", i))
		n.Setup = info.Setup
		_, _, err := s[i].CreateAccount(ctx, n)
		return err
	})
	wantOneWinner(t, chat.Forbidden, first, second)
	first, second = race(func(i int) error {
		n := newAccount("ann")
		n.Session = newSession(fmt.Sprint("token", i))
		_, _, err := s[i].CreateAccount(ctx, n)
		return err
	})
	wantOneWinner(t, chat.HandleTaken, first, second)
	anns, err := s[0].UsersByHandle(ctx, []string{"ann"})
	must(t, err)
	ann, bob := anns[0], account(t, s[1], "bob")

	var direct [2]chat.Chat
	first, second = race(func(i int) (err error) { // each asks for the other
		pair := [2]chat.User{ann, bob}
		direct[i], _, err = s[i].CreateChat(ctx, chat.NewChat{Kind: chat.Direct, By: pair[i].ID, Members: []chat.UserID{pair[1-i].ID}, ClientID: "direct"})
		return err
	})
	must(t, errors.Join(first, second))
	equal(t, "the direct chat", direct[0].ID, direct[1].ID)

	c := group(t, s[0], "garden", ann, bob)
	invite(t, s[0], ann, c, "one use", 1)
	first, second = race(func(i int) error {
		_, _, err := s[i].CreateAccount(ctx, invited(fmt.Sprint("guest", i), "one use"))
		return err
	})
	wantOneWinner(t, chat.InviteSpent, first, second)

	// Two who let go at once leave one admin: of a chat, and of the server.
	roled := draft(chat.RoleChanged, ann, c, "")
	roled.Users, roled.Role = []chat.UserID{bob.ID}, chat.RoleAdmin
	_, _, err = do(t, s[0], roled, chat.SetRole)
	must(t, err)
	first, second = race(func(i int) error {
		by := [2]chat.User{ann, bob}[i]
		e := draft(chat.RoleChanged, by, c, "")
		e.Users, e.Role = []chat.UserID{by.ID}, chat.RoleMember
		_, _, err := do(t, s[i], e, chat.SetRole)
		return err
	})
	wantOneWinner(t, chat.LastOwner, first, second)
	admins, err := s[0].UsersByHandle(ctx, []string{"admin0", "admin1"})
	must(t, err)
	equal(t, "admins", len(admins), 1)
	admin, member := chat.RoleAdmin, chat.RoleMember
	_, err = s[0].PatchUser(ctx, ann.ID, chat.UserPatch{Role: &admin})
	must(t, err)
	first, second = race(func(i int) error {
		_, err := s[i].PatchUser(ctx, [2]chat.User{ann, admins[0]}[i].ID, chat.UserPatch{Role: &member})
		return err
	})
	wantOneWinner(t, chat.LastOwner, first, second)
	checkReplay(t, s[1], ann.ID, c)
}

// removedAuthor tests a user who writes on one replica while they are removed and added on
// the other: the log has no event of theirs between a left and a joined event, and what is
// deleted on one replica is not edited on the other.
func removedAuthor(t *testing.T, open opener) {
	const rounds = 10
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann, bob := account(t, here, "ann"), account(t, here, "bob")
	c := group(t, here, "garden", ann, bob)
	target := post(t, here, bob, c, "edited until it is deleted")
	posted, tried := 0, 0
	for i := range rounds {
		change, rule := draft(chat.Left, ann, c, ""), chat.Leave
		change.Users = []chat.UserID{bob.ID}
		switch {
		case i == rounds-1:
			change, rule = targeting(chat.Deleted, ann, c, target, "deleted", ""), chat.Delete
		case i%2 == 1:
			change.Kind, rule = chat.Joined, chat.Join
		}
		var wait sync.WaitGroup
		wait.Go(func() {
			if _, _, err := do(t, here, change, rule); err != nil {
				t.Error(err)
			}
		})
		for range 4 {
			tried++
			_, _, err := do(t, there, posting(bob, c, fmt.Sprint("post", tried), "text"), chat.Post)
			if err == nil {
				posted++
			} else if !chat.Is(err, chat.NotFound) {
				t.Error(err)
			}
			_, _, err = do(t, there, targeting(chat.Edited, bob, c, target, fmt.Sprint("edit", tried), fmt.Sprint(tried)), chat.Edit)
			if err != nil && !chat.Is(err, chat.NotFound) && !chat.Is(err, chat.Conflict) {
				t.Error(err)
			}
		}
		wait.Wait()
	}
	in, deleted := true, false
	for _, e := range checkReplay(t, there, ann.ID, c) {
		switch {
		case e.Kind == chat.Left:
			in = false
		case e.Kind == chat.Joined && slices.Contains(e.Users, bob.ID):
			in = true
		case e.Kind == chat.Deleted:
			deleted = true
		case e.By == bob.ID && !in:
			t.Fatalf("%s %d stands behind its author's removal", e.Kind, e.Seq)
		case e.Kind == chat.Edited && deleted:
			t.Fatalf("%d edits what was deleted", e.Seq)
		}
	}
	t.Logf("%d of %d posts came through", posted, tried)
}

// replicas tests that one replica's feed yields what the other committed or told, and that
// its reads are not behind its feed.
func replicas(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann := account(t, here, "ann")
	bob, session, err := here.CreateAccount(ctx, newAccount("bob"))
	must(t, err)
	c := group(t, here, "garden", ann, bob)
	feed, err := there.OpenFeed(t.Context())
	must(t, err)
	received := listen(t, there)
	const posts = 60
	var wait sync.WaitGroup
	for i := range posts {
		wait.Add(1)
		must(t, here.Append(ctx, posting(ann, c, fmt.Sprint(i), "text"), chat.Post, func(chat.Event, bool, error) { wait.Done() }))
	}
	next := c.Head + 1
	last := c.Head + posts
	for n, err := range feed {
		must(t, err)
		if n.Event == nil {
			continue
		}
		e := n.Event
		equal(t, "seq", e.Seq, next)
		if next++; e.Seq%10 == 0 {
			_, head, err := there.After(ctx, bob.ID, c.ID, e.Seq, 1, 1)
			must(t, err)
			if head < e.Seq {
				t.Fatalf("the head is %d after the feed gave %d", head, e.Seq)
			}
			m, err := there.Message(ctx, bob.ID, c.ID, e.Seq)
			must(t, err)
			equal(t, "message", m.ClientID, e.ClientID)
		}
		if e.Seq == last {
			break
		}
	}
	wait.Wait()
	equal(t, "events of a second feed", len(received()), posts)

	// An answer that never arrived is asked for again elsewhere.
	ev, again, err := do(t, there, posting(ann, c, "0", "text"), chat.Post)
	must(t, err)
	equal(t, "again", again, true)
	equal(t, "seq", ev.Seq, c.Head+1)

	received()
	must(t, here.EndSession(ctx, bob.ID, session.ID))
	wantRevoked(t, received(), bob.ID, session.ID)
	_, _, err = there.Identify(ctx, chat.SecretHash("token of bob"))
	wantError(t, err, chat.NoIdentity)
	remove(t, here, ann, c, bob)
	_, err = there.Page(ctx, bob.ID, c.ID, chat.Window{Limit: 1})
	wantError(t, err, chat.NotFound)
}
