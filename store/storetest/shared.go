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

// Trouble is something that happens to the server below while replicas write.
type Trouble struct {
	Name string
	// Around calls work, which returns when everything is written, and makes
	// the trouble meanwhile.
	Around func(t *testing.T, work func())
	Loses  bool // every feed ends with ErrFeedLost, once at least
}

// Shared runs the cases of a store that several processes have open at once:
// each opening of the same data is a replica.
func Shared(t *testing.T, open func(t testing.TB, dir string) chat.Store, troubles ...Trouble) {
	t.Run("OneWinner", func(t *testing.T) { oneWinner(t, open) })
	t.Run("Rights", func(t *testing.T) { rights(t, open) })
	t.Run("Across", func(t *testing.T) { across(t, open) })
	t.Run("Outrun", func(t *testing.T) { outrun(t, open) })
	t.Run("Unchanged", func(t *testing.T) { unchangedAcross(t, open) })
	t.Run("GivenUp", func(t *testing.T) { givenUp(t, open) })
	t.Run("OneOutcome", func(t *testing.T) { oneOutcome(t, open) })
	for _, trouble := range append([]Trouble{{Name: "no trouble", Around: func(_ *testing.T, work func()) { work() }}}, troubles...) {
		t.Run("Troubles/"+trouble.Name, func(t *testing.T) { troubled(t, open, trouble) })
	}
}

// What only one can have, two replicas ask for at the same time.
func oneWinner(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := []chat.Store{open(t, dir), open(t, dir)}
	info, err := s[0].Server(ctx)
	must(t, err)
	equal(t, "epoch", s[0].Epoch(), s[1].Epoch())

	first, second := race(func(i int) error { // the owner's link
		n := newAccount(fmt.Sprint("owner", i))
		n.Setup = info.Setup
		_, _, err := s[i].CreateAccount(ctx, n)
		return err
	})
	oneWins(t, chat.Forbidden, first, second)
	first, second = race(func(i int) error {
		n := newAccount("ann")
		n.Session = newSession(fmt.Sprint("token", i))
		_, _, err := s[i].CreateAccount(ctx, n)
		return err
	})
	oneWins(t, chat.HandleTaken, first, second)
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
	oneWins(t, chat.InviteSpent, first, second)

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
	oneWins(t, chat.LastOwner, first, second)
	owners, err := s[0].UsersByHandle(ctx, []string{"owner0", "owner1"})
	must(t, err)
	equal(t, "owners", len(owners), 1)
	admin, member := chat.RoleAdmin, chat.RoleMember
	_, err = s[0].PatchUser(ctx, ann.ID, chat.UserPatch{Role: &admin})
	must(t, err)
	first, second = race(func(i int) error {
		_, err := s[i].PatchUser(ctx, [2]chat.User{ann, owners[0]}[i].ID, chat.UserPatch{Role: &member})
		return err
	})
	oneWins(t, chat.LastOwner, first, second)
	replayed(t, s[1], ann.ID, c)
}

// Somebody writes on one replica while they are taken out and put in again on
// the other: nothing of theirs stands behind a left, and what is deleted on one
// is not edited on the other.
func rights(t *testing.T, open opener) {
	const rounds = 10
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann, bob := account(t, here, "ann"), account(t, here, "bob")
	c := group(t, here, "garden", ann, bob)
	target := say(t, here, bob, c, "edited until it is deleted")
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
	for _, e := range replayed(t, there, ann.ID, c) {
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

// What one replica was told or has committed, the other hears and can read at
// once: its reads are not behind its feed.
func across(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann := account(t, here, "ann")
	bob, session, err := here.CreateAccount(ctx, newAccount("bob"))
	must(t, err)
	c := group(t, here, "garden", ann, bob)
	feed, err := there.OpenFeed(t.Context())
	must(t, err)
	heard := listen(t, there)
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
	equal(t, "events of a second feed", len(heard()), posts)

	// An answer that never arrived is asked for again elsewhere.
	ev, again, err := do(t, there, posting(ann, c, "0", "text"), chat.Post)
	must(t, err)
	equal(t, "again", again, true)
	equal(t, "seq", ev.Seq, c.Head+1)

	heard()
	must(t, here.EndSession(ctx, bob.ID, session.ID))
	ended(t, heard(), bob.ID, session.ID)
	_, _, err = there.Identify(ctx, chat.SecretHash("token of bob"))
	refused(t, err, chat.NoIdentity)
	remove(t, here, ann, c, bob)
	_, err = there.Page(ctx, bob.ID, c.ID, chat.Window{Limit: 1})
	refused(t, err, chat.NotFound)
}
