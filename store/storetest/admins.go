package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"parley/chat"
)

// admins tests that a group with an active member has an active admin, whatever made the
// last one go: the event is in the commit of its cause.
func admins(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	root, ann, bob, cid := account(t, s, "root"), account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	active := func(t *testing.T, u chat.User, on bool) {
		t.Helper()
		_, err := s.PatchUser(ctx, u.ID, chat.UserPatch{Active: &on, By: root.ID})
		must(t, err)
	}
	leave := func(by, u chat.User, c chat.Chat) step {
		e := draft(chat.Left, by, c, "")
		e.Users = []chat.UserID{u.ID}
		return step{e, chat.Leave}
	}
	join := func(by, u chat.User, c chat.Chat) step {
		e := draft(chat.Joined, by, c, "")
		e.Users = []chat.UserID{u.ID}
		return step{e, chat.Join}
	}
	role := func(by, u chat.User, c chat.Chat, r chat.Role) step {
		e := draft(chat.RoleChanged, by, c, "")
		e.Users, e.Role = []chat.UserID{u.ID}, r
		return step{e, chat.SetRole}
	}
	// later makes a group of ann in which cid joined before bob.
	later := func(t *testing.T, title string) chat.Chat {
		t.Helper()
		c := group(t, s, title, ann)
		for _, o := range appendAll(t, s, join(ann, cid, c), join(ann, bob, c)) {
			must(t, o.err)
		}
		return c
	}
	last := func(t *testing.T, c chat.Chat) chat.Event {
		t.Helper()
		log := fullLog(t, s, c.ID)
		return log[len(log)-1]
	}
	promoted := func(t *testing.T, c chat.Chat, by, u chat.User) {
		t.Helper()
		e := last(t, c)
		if e.Kind != chat.RoleChanged || e.Role != chat.RoleAdmin || e.By != by.ID || !slices.Equal(e.Users, []chat.UserID{u.ID}) {
			t.Fatalf("the last event is %+v, want that %s is an admin by %s", e, u.Handle, by.Handle)
		}
		checkReplay(t, s, u.ID, c)
	}

	t.Run("the last one leaves", func(t *testing.T) {
		c := later(t, "leaves")
		received := listen(t, s)
		must(t, try(t, s, leave(ann, ann, c)).err)
		promoted(t, c, ann, cid)
		if got := received(); len(got) != 2 || got[0].Event.Kind != chat.Left || got[1].Event.Kind != chat.RoleChanged {
			t.Fatalf("received %+v", got)
		}
		got := appendAll(t, s, leave(cid, cid, c), join(bob, ann, c), leave(bob, bob, c))
		for _, o := range got {
			must(t, o.err)
		}
		promoted(t, c, bob, ann)
	})

	t.Run("all leave at once", func(t *testing.T) {
		c := later(t, "all leave")
		for _, o := range appendAll(t, s, leave(ann, ann, c), leave(cid, cid, c), leave(bob, bob, c)) {
			must(t, o.err)
		}
		equal(t, "the last event", last(t, c).Kind, chat.Left)
	})

	t.Run("who joins an empty open chat", func(t *testing.T) {
		n := newGroup("open", ann)
		n.Open = true
		c, _, err := s.CreateChat(ctx, n)
		must(t, err)
		for _, o := range appendAll(t, s, leave(ann, ann, c), join(bob, bob, c), join(cid, cid, c)) {
			must(t, o.err)
		}
		members, err := s.Members(ctx, cid.ID, c.ID, "", 10)
		must(t, err)
		for _, m := range members {
			want := chat.RoleMember
			if m.UserID == bob.ID {
				want = chat.RoleAdmin
			}
			equal(t, "role", m.Role, want)
		}
		// Joins and leaves race: the one who is left is the admin.
		for i := range 20 {
			first, second := race(func(i int) error {
				if i == 0 {
					return errors.Join(try(t, s, leave(cid, cid, c)).err, try(t, s, join(cid, cid, c)).err)
				}
				return errors.Join(try(t, s, leave(bob, bob, c)).err, try(t, s, join(bob, bob, c)).err)
			})
			must(t, first)
			must(t, second)
			wantAdmin(t, s, cid.ID, c, fmt.Sprint("round ", i))
		}
	})

	t.Run("one of two is inactive, and the other one goes", func(t *testing.T) {
		c := later(t, "inactive")
		must(t, try(t, s, role(ann, bob, c, chat.RoleAdmin)).err)
		active(t, ann, false)
		defer active(t, ann, true)
		wantError(t, try(t, s, role(bob, bob, c, chat.RoleMember)).err, chat.LastOwner)
		must(t, try(t, s, leave(bob, bob, c)).err)
		promoted(t, c, bob, cid)
		must(t, try(t, s, role(cid, ann, c, chat.RoleMember)).err)
	})

	t.Run("the last one is deactivated", func(t *testing.T) {
		c, direct, alone := later(t, "deactivated"), group(t, s, "not direct", bob, cid), group(t, s, "alone", ann)
		_, _, err := s.CreateChat(ctx, chat.NewChat{Kind: chat.Direct, By: ann.ID, ClientID: "direct", Members: []chat.UserID{bob.ID}})
		must(t, err)
		heads := []chat.Seq{last(t, direct).Seq, last(t, alone).Seq}
		received := listen(t, s)
		post(t, s, bob, c, "a post before")
		active(t, ann, false)
		promoted(t, c, root, cid)
		for _, o := range appendAll(t, s, step{posting(bob, c, "after", "a post after"), chat.Post}, role(cid, bob, c, chat.RoleAdmin)) {
			must(t, o.err)
		}
		events := 0
		for _, n := range received() {
			if n.Event != nil && n.Event.ChatID == c.ID {
				events++
			}
		}
		equal(t, "events", events, 4)
		active(t, ann, true)
		equal(t, "other chats", fmt.Sprint(last(t, direct).Seq, last(t, alone).Seq), fmt.Sprint(heads[0], heads[1]))
	})

	t.Run("all are deactivated, and one is activated", func(t *testing.T) {
		c := later(t, "all inactive")
		for _, u := range []chat.User{bob, cid, ann} {
			active(t, u, false)
		}
		head := last(t, c).Seq
		active(t, bob, true)
		promoted(t, c, root, bob)
		equal(t, "number", last(t, c).Seq, head+1)
		active(t, ann, true)
		active(t, cid, true)
		equal(t, "number", last(t, c).Seq, head+1)
	})

	t.Run("by an invite, where nobody is active", func(t *testing.T) {
		c := later(t, "invited")
		must(t, try(t, s, leave(ann, ann, c)).err)
		invite(t, s, bob, c, "to bob's", 5)
		active(t, cid, false)
		promoted(t, c, root, bob)
		_, _, err := s.CreateAccount(ctx, invited("guest", "to bob's"))
		must(t, err)
		wantAdmin(t, s, bob.ID, c, "a guest joined")
		active(t, cid, true)
	})

	must(t, s.Close())
	s = open(t, dir)
	chats, err := s.ChatsOf(ctx, bob.ID, chat.ChatList{})
	must(t, err)
	for _, c := range chats {
		if c.Kind == chat.Group {
			wantAdmin(t, s, bob.ID, c, c.Title)
		}
	}
}

// wantAdmin fails the test unless the group has an active admin.
func wantAdmin(t *testing.T, s chat.Store, viewer chat.UserID, c chat.Chat, what string) {
	t.Helper()
	ctx := context.Background()
	members, err := s.Members(ctx, viewer, c.ID, "", 1000)
	must(t, err)
	var ids []chat.UserID
	for _, m := range members {
		if m.Role == chat.RoleAdmin {
			ids = append(ids, m.UserID)
		}
	}
	users, err := s.Users(ctx, ids)
	must(t, err)
	if !slices.ContainsFunc(users, func(u chat.User) bool { return u.Active }) {
		t.Fatalf("%s: no active admin among %+v", what, members)
	}
}

// adminsRace lets an admin be deactivated on one replica while on the other one the second
// admin leaves, steps down, or the only other member joins: an active admin remains.
func adminsRace(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	here, there := open(t, dir), open(t, dir)
	ann, bob, cid := account(t, here, "ann"), account(t, here, "bob"), account(t, here, "cid")
	about := func(kind chat.Kind, by, u chat.User, r chat.Role) func(chat.Chat) chat.Event {
		return func(c chat.Chat) chat.Event {
			e := draft(kind, by, c, "")
			e.Users, e.Role = []chat.UserID{u.ID}, r
			return e
		}
	}
	set := func(on bool) error {
		_, err := here.PatchUser(ctx, ann.ID, chat.UserPatch{Active: &on})
		return err
	}
	for _, w := range []struct {
		name    string
		members []chat.User
		draft   func(chat.Chat) chat.Event
		rule    chat.Rule
		viewer  chat.User
	}{
		{"leaves", []chat.User{bob, cid}, about(chat.Left, bob, bob, ""), chat.Leave, cid},
		{"steps down", []chat.User{bob, cid}, about(chat.RoleChanged, bob, bob, chat.RoleMember), chat.SetRole, cid},
		{"joins", nil, about(chat.Joined, cid, cid, ""), chat.Join, cid},
	} {
		t.Run(w.name, func(t *testing.T) {
			for i := range 8 {
				n := newGroup(fmt.Sprint(w.name, " ", i), ann, w.members...)
				n.Open = true
				c, _, err := here.CreateChat(ctx, n)
				must(t, err)
				if w.members != nil {
					_, _, err := do(t, here, about(chat.RoleChanged, ann, bob, chat.RoleAdmin)(c), chat.SetRole)
					must(t, err)
				}
				first, second := race(func(i int) error {
					if i == 0 {
						return set(false)
					}
					return try(t, there, step{w.draft(c), w.rule}).err
				})
				must(t, first)
				if second != nil {
					wantError(t, second, chat.LastOwner)
				}
				wantAdmin(t, there, w.viewer.ID, c, fmt.Sprint("round ", i))
				must(t, set(true))
			}
		})
	}
}
