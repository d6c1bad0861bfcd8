package storetest

import (
	"context"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"parley/chat"
)

// once tests that a known clientId returns the first event, whatever the draft is, in one
// batch, at the same time or after a restart.
func once(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c, other := group(t, s, "garden", ann, bob), group(t, s, "other", ann, bob) // both end at 2

	t.Run("in one batch", func(t *testing.T) {
		got := appendAll(t, s, step{posting(ann, c, "x", "first"), chat.Post}, step{posting(ann, c, "x", "first"), chat.Post},
			step{posting(ann, c, "x", "another text"), chat.Post}, step{posting(bob, c, "x", "bob's own"), chat.Post}, step{posting(ann, other, "x", "elsewhere"), chat.Post})
		for i, want := range []struct {
			seq   chat.Seq
			again bool
			text  string
		}{{3, false, "first"}, {3, true, "first"}, {3, true, "first"}, {4, false, "bob's own"}, {3, false, "elsewhere"}} {
			must(t, got[i].err)
			equal(t, "seq", got[i].ev.Seq, want.seq)
			equal(t, "again", got[i].again, want.again)
			equal(t, "text", got[i].ev.Text, want.text)
			equal(t, "n", got[i].ev.N, want.seq-2)
		}
	})

	t.Run("at the same time", func(t *testing.T) {
		var wait sync.WaitGroup
		var mu sync.Mutex
		seqs, fresh := map[chat.Seq]int{}, 0
		for i := range 32 {
			wait.Add(1)
			go func() {
				defer wait.Done()
				ev, again, err := do(t, s, posting(ann, c, "same", "text "+strconv.Itoa(i)), chat.Post)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				seqs[ev.Seq]++
				if !again {
					fresh++
				}
			}()
		}
		wait.Wait()
		equal(t, "events", len(seqs), 1)
		equal(t, "first ones", fresh, 1)
	})

	t.Run("clientIds of posts and of other kinds are separate", func(t *testing.T) {
		edit := targeting(chat.Edited, ann, c, 3, "x", "edited")
		ev, again, err := do(t, s, edit, chat.Edit)
		must(t, err)
		equal(t, "again", again, false)
		equal(t, "seq", ev.Seq, 6)
		later, _, err := do(t, s, targeting(chat.Edited, ann, c, 3, "y", "edited later"), chat.Edit)
		must(t, err)
		// A late retry of the first edit must not undo the second.
		ev, again, err = do(t, s, edit, chat.Edit)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "seq", ev.Seq, 6)
		m, err := s.Message(ctx, ann.ID, c.ID, 3)
		must(t, err)
		equal(t, "text", m.Text, "edited later")
		// Also one that the rule would refuse, or find without effect.
		_, _, err = do(t, s, targeting(chat.Deleted, ann, c, 3, "z", ""), chat.Delete)
		must(t, err)
		ev, again, err = do(t, s, targeting(chat.Edited, ann, c, 3, "y", "edited later"), chat.Edit)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "seq", ev.Seq, later.Seq)
		equal(t, "text after the deletion", ev.Text, "")
		ev, again, err = do(t, s, targeting(chat.Deleted, ann, c, 3, "z", ""), chat.Delete)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "kind", ev.Kind, chat.Deleted)
	})

	t.Run("Find", func(t *testing.T) {
		ev, ok, err := s.Find(ctx, other.ID, ann.ID, "x")
		must(t, err)
		if !ok || ev.Seq != 3 || ev.Text != "elsewhere" || ev.Kind != chat.Posted || ev.ChatID != other.ID {
			t.Fatalf("found %v %+v", ok, ev)
		}
		for _, miss := range []string{"y", "z", "", "X"} {
			if ev, ok, err := s.Find(ctx, c.ID, ann.ID, miss); ok || err != nil {
				t.Fatalf("%q: found %+v, %v", miss, ev, err)
			}
		}
	})

	must(t, s.Close())
	s = open(t, dir)
	t.Run("after a restart, and after a removal", func(t *testing.T) {
		ev, again, err := do(t, s, posting(ann, other, "x", "sent again"), chat.Post)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "seq", ev.Seq, 3)
		equal(t, "text", ev.Text, "elsewhere")
		said := post(t, s, bob, other, "bob was here")
		remove(t, s, ann, other, bob)
		wantBare(t, s, step{posting(bob, other, "bob was here", "bob was here"), chat.Post}, said)
		_, _, err = do(t, s, posting(bob, other, "bob is new", "bob is new"), chat.Post)
		wantError(t, err, chat.NotFound, "chatId")
		back := draft(chat.Joined, ann, other, "")
		back.Users = []chat.UserID{bob.ID}
		_, _, err = do(t, s, back, chat.Join)
		must(t, err)
		ev, again, err = do(t, s, posting(bob, other, "bob was here", "bob was here"), chat.Post)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "seq", ev.Seq, said)
	})

	t.Run("every kind of command, by a user who was removed", func(t *testing.T) {
		c := group(t, s, "kinds", ann, bob)
		promote, rename := draft(chat.RoleChanged, ann, c, ""), draft(chat.Renamed, bob, c, "k6")
		promote.Users, promote.Role = []chat.UserID{bob.ID}, chat.RoleAdmin
		title := "kinds of commands"
		rename.Title = &title
		cid := account(t, s, "cid")
		add, out := draft(chat.Joined, bob, c, "k7"), draft(chat.Left, bob, c, "k8")
		add.Users, out.Users = []chat.UserID{cid.ID}, []chat.UserID{cid.ID}
		role := draft(chat.RoleChanged, bob, c, "k9")
		role.Users, role.Role = []chat.UserID{cid.ID}, chat.RoleAdmin
		react := reacting(bob, c, 4, "👍", true)
		react.ClientID = "k4"
		noop := reacting(bob, c, 4, "👎", false)
		noop.ClientID = "k10"
		_, _, err := do(t, s, promote, chat.SetRole) // 3
		must(t, err)
		steps := []step{
			{posting(bob, c, "k2", "a secret"), chat.Post}, {targeting(chat.Edited, bob, c, 4, "k3", "another secret"), chat.Edit}, {react, chat.React},
			{targeting(chat.Deleted, bob, c, 4, "k5", ""), chat.Delete}, {rename, chat.Rename}, {add, chat.Join}, {role, chat.SetRole}, {out, chat.Leave},
		}
		var first []chat.Seq
		for i, st := range steps {
			if i == 3 {
				wantUnchanged(t, "noop", try(t, s, step{noop, chat.React}), false)
			}
			got := try(t, s, st)
			must(t, got.err)
			first = append(first, got.ev.Seq)
		}
		leave := draft(chat.Left, bob, c, "k11")
		leave.Users = []chat.UserID{bob.ID}
		got := try(t, s, step{leave, chat.Leave})
		must(t, got.err)
		for i, st := range append(steps, step{leave, chat.Leave}) {
			wantBare(t, s, st, append(first, got.ev.Seq)[i])
		}
		wantUnchanged(t, "noop", try(t, s, step{noop, chat.React}), true)
	})

	t.Run("a user who left may repeat the leave", func(t *testing.T) {
		out := draft(chat.Left, bob, c, "bye")
		out.Users = []chat.UserID{bob.ID}
		first, _, err := do(t, s, out, chat.Leave)
		must(t, err)
		ev, again, err := do(t, s, out, chat.Leave)
		must(t, err)
		equal(t, "again", again, true)
		equal(t, "seq", ev.Seq, first.Seq)
		out.ClientID = "bye again"
		_, _, err = do(t, s, out, chat.Leave)
		wantError(t, err, chat.NotFound)
	})
}

// wantBare fails the test unless the retry of a command by a user who was removed returns
// the number, time, author and clientId of the first event, and nothing else.
func wantBare(t *testing.T, s chat.Store, st step, seq chat.Seq) {
	t.Helper()
	got := try(t, s, st)
	must(t, got.err)
	d := st.draft
	want := chat.Event{Kind: d.Kind, ChatID: d.ChatID, Seq: seq, At: got.ev.At, By: d.By, ClientID: d.ClientID}
	if !got.again || got.ev.At == 0 || !reflect.DeepEqual(got.ev, want) {
		t.Fatalf("again %v, %+v, want %+v", got.again, got.ev, want)
	}
}
