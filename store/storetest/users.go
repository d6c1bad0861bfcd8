package storetest

import (
	"context"
	"slices"
	"testing"

	"parley/chat"
)

func users(t *testing.T, open opener) {
	ctx := context.Background()

	t.Run("the setup code makes the first admin, once", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		before, err := s.Server(ctx)
		must(t, err)
		equal(t, "name before", before.Name, chat.DefaultServer)
		if before.Setup == "" {
			t.Fatal("a new store has no setup code")
		}
		n := newAccount("olga")
		n.Setup, n.ServerName = before.Setup+"x", "Our place"
		_, _, err = s.CreateAccount(ctx, n)
		wantError(t, err, chat.Forbidden)
		n.Setup = before.Setup
		olga, session, err := s.CreateAccount(ctx, n)
		must(t, err)
		equal(t, "role", olga.Role, chat.RoleAdmin)
		if u, own, err := s.Identify(ctx, n.Session.TokenHash); err != nil || u != olga || own != session {
			t.Fatalf("identified %+v %+v %v, want %+v %+v", u, own, err, olga, session)
		}
		after, err := s.Server(ctx)
		must(t, err)
		equal(t, "server", after, chat.Server{Name: "Our place"})
		chats, err := s.ChatsOf(ctx, olga.ID, chat.ChatList{WithLast: 10})
		must(t, err)
		equal(t, "chats", len(chats), 1)
		c := chats[0]
		equal(t, "first chat", c, chat.Chat{ID: c.ID, Kind: chat.Group, Open: true, Title: chat.FirstChatTitle, Head: 1, MemberCount: 1,
			Activity: c.Activity, GroupMentions: chat.ByEveryone, Role: chat.RoleAdmin, ReadUpTo: 1, Mine: chat.Mine{}.OrDefaults()})

		must(t, s.Close())
		s = open(t, dir)
		n = newAccount("mallory")
		for _, code := range []string{before.Setup, "x"} {
			n.Setup = code
			_, _, err = s.CreateAccount(ctx, n)
			wantError(t, err, chat.Forbidden)
		}
		again, err := s.Server(ctx)
		must(t, err)
		equal(t, "server after reopening", again, after)
	})

	t.Run("two use the setup code at once: one admin", func(t *testing.T) {
		s := open(t, t.TempDir())
		server, err := s.Server(ctx)
		must(t, err)
		first, second := race(func(i int) error {
			n := newAccount([]string{"ann", "bob"}[i])
			n.Setup = server.Setup
			_, _, err := s.CreateAccount(ctx, n)
			return err
		})
		wantOneWinner(t, chat.Forbidden, first, second)
		all, _, err := s.FindUsers(ctx, "", "", 10)
		must(t, err)
		equal(t, "users", len(all), 1)
	})

	t.Run("a handle is unique", func(t *testing.T) {
		s := open(t, t.TempDir())
		first, second := race(func(i int) error {
			n := newAccount("ann")
			n.Session = newSession([]string{"one", "two"}[i])
			_, _, err := s.CreateAccount(ctx, n)
			return err
		})
		wantOneWinner(t, chat.HandleTaken, first, second)
		_, _, one := s.Identify(ctx, chat.SecretHash("one"))
		_, _, two := s.Identify(ctx, chat.SecretHash("two"))
		wantOneWinner(t, chat.NoIdentity, one, two) // nothing of the other's is left
		_, _, err := s.CreateAccount(ctx, newAccount("ann"))
		wantError(t, err, chat.HandleTaken, "handle")
	})

	t.Run("read users", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		equal(t, "ann", ann, chat.User{ID: ann.ID, Handle: "ann", Name: "Name of ann", Role: chat.RoleMember, Active: true})
		must(t, chat.CheckID("userId", ann.ID))
		must(t, s.Close())
		s = open(t, dir)
		u, hash, err := s.Credentials(ctx, "ann")
		must(t, err)
		equal(t, "user", u, ann)
		equal(t, "hash", hash, "hash of ann")
		_, _, err = s.Credentials(ctx, "nobody")
		wantError(t, err, chat.NotFound)

		both, err := s.Users(ctx, []chat.UserID{bob.ID, "no\x00\"body", ann.ID, bob.ID, ""})
		must(t, err)
		sameUsers(t, both, ann, bob)
		both, err = s.UsersByHandle(ctx, []string{"bob", "nobody", "\xff", "ann", "ANN"})
		must(t, err)
		sameUsers(t, both, ann, bob)
		none, err := s.Users(ctx, nil)
		must(t, err)
		sameUsers(t, none)
	})

	t.Run("patch", func(t *testing.T) { patches(t, open) })
}

// sameUsers compares without order.
func sameUsers(t testing.TB, got []chat.User, want ...chat.User) {
	t.Helper()
	byID := func(a, b chat.User) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	}
	slices.SortFunc(got, byID)
	slices.SortFunc(want, byID)
	if !slices.Equal(got, want) {
		t.Fatalf("users %+v, want %+v", got, want)
	}
}

func patches(t *testing.T, open opener) {
	ctx := context.Background()
	admin, member, on, off := chat.RoleAdmin, chat.RoleMember, true, false

	t.Run("each field", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann := account(t, s, "ann")
		name, status, hash := "Ann \x27; Lee", "busy", "another hash"
		for _, p := range []chat.UserPatch{{Name: &name}, {Status: &status}, {Role: &admin}, {}} {
			set(&ann.Name, p.Name)
			set(&ann.Status, p.Status)
			set(&ann.Role, p.Role)
			u, err := s.PatchUser(ctx, ann.ID, p)
			must(t, err)
			equal(t, "patched", u, ann)
		}
		_, err := s.PatchUser(ctx, ann.ID, chat.UserPatch{PasswordHash: &hash})
		must(t, err)
		_, err = s.PatchUser(ctx, "nobody", chat.UserPatch{Name: &name})
		wantError(t, err, chat.NotFound)
		must(t, s.Close())
		u, kept, err := open(t, dir).Credentials(ctx, "ann")
		must(t, err)
		equal(t, "user", u, ann)
		equal(t, "hash", kept, hash)
	})

	t.Run("the server keeps an active admin", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		patch := func(u chat.User, p chat.UserPatch) error {
			_, err := s.PatchUser(ctx, u.ID, p)
			return err
		}
		must(t, patch(ann, chat.UserPatch{Role: &admin}))
		wantError(t, patch(ann, chat.UserPatch{Role: &member}), chat.LastOwner)
		wantError(t, patch(ann, chat.UserPatch{Active: &off}), chat.LastOwner)
		must(t, patch(ann, chat.UserPatch{Role: &admin, Active: &on}))
		must(t, patch(bob, chat.UserPatch{Role: &admin, Active: &off})) // an inactive admin is no help
		wantError(t, patch(ann, chat.UserPatch{Role: &member}), chat.LastOwner)
		must(t, patch(bob, chat.UserPatch{Active: &on}))
		first, second := race(func(i int) error { return patch([]chat.User{ann, bob}[i], chat.UserPatch{Role: &member}) })
		wantOneWinner(t, chat.LastOwner, first, second)
	})

	t.Run("a new password ends the other sessions", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		_, first, err := s.Identify(ctx, chat.SecretHash("token of ann"))
		must(t, err)
		second, err := s.CreateSession(ctx, ann.ID, newSession("second"))
		must(t, err)
		third, err := s.CreateSession(ctx, ann.ID, newSession("third"))
		must(t, err)
		must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash("old link")))
		received := listen(t, s)
		hash := "new"
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{PasswordHash: &hash, Keep: second.ID})
		must(t, err)
		wantRevoked(t, received(), ann.ID, first.ID, third.ID)
		gone, err := s.Ended(ctx, []chat.SessionID{first.ID, second.ID, third.ID})
		must(t, err)
		sameIDs(t, gone, first.ID, third.ID)
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{PasswordHash: &hash, Keep: second.ID})
		must(t, err)
		wantRevoked(t, received(), ann.ID) // nothing was left to end
		_, _, err = s.UseRecovery(ctx, chat.SecretHash("old link"), "undone", newSession("thief"))
		wantError(t, err, chat.InviteSpent)
		_, _, err = s.Identify(ctx, chat.SecretHash("token of bob"))
		must(t, err)
		_ = bob
	})

	t.Run("a renewed hash ends nothing", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash("link")))
		received := listen(t, s)
		for _, c := range []struct{ old, renewed, want string }{
			{"hash of ann", "renewed", "renewed"},
			{"hash of ann", "late", "renewed"}, // somebody else was faster
		} {
			must(t, s.RenewHash(ctx, ann.ID, c.old, c.renewed))
			_, hash, err := s.Credentials(ctx, "ann")
			must(t, err)
			equal(t, "hash", hash, c.want)
		}
		wantRevoked(t, received(), ann.ID)
		_, _, err := s.Identify(ctx, chat.SecretHash("token of ann"))
		must(t, err)
		_, err = s.PeekRecovery(ctx, chat.SecretHash("link"))
		must(t, err)
	})

	t.Run("deactivation ends all sessions", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		_, first, err := s.Identify(ctx, chat.SecretHash("token of ann"))
		must(t, err)
		second, err := s.CreateSession(ctx, ann.ID, newSession("second"))
		must(t, err)
		must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash("link")))
		received := listen(t, s)
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{Active: &off, Keep: first.ID}) // Keep is of no use here
		must(t, err)
		wantRevoked(t, received(), ann.ID, first.ID, second.ID)
		_, _, err = s.Identify(ctx, chat.SecretHash("token of ann"))
		wantError(t, err, chat.NoIdentity)
		_, err = s.CreateSession(ctx, ann.ID, newSession("third"))
		wantError(t, err, chat.NoIdentity)
		_, _, err = s.UseRecovery(ctx, chat.SecretHash("link"), "hash", newSession("fourth"))
		wantError(t, err, chat.InviteSpent)
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{Active: &on})
		must(t, err)
		_, _, err = s.Identify(ctx, chat.SecretHash("token of ann"))
		wantError(t, err, chat.NoIdentity) // the old sessions do not come back
		_, _, err = s.UseRecovery(ctx, chat.SecretHash("link"), "hash", newSession("fourth"))
		wantError(t, err, chat.InviteSpent) // nor does the old link
		_, err = s.CreateSession(ctx, ann.ID, newSession("fifth"))
		must(t, err)
	})
}

func set[T any](field *T, to *T) {
	if to != nil {
		*field = *to
	}
}

// sameIDs compares without order.
func sameIDs[T ~string](t testing.TB, got []T, want ...T) {
	t.Helper()
	got = slices.Clone(got)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("ids %v, want %v", got, want)
	}
}
