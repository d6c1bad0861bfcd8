package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

const hour = 60 * 60 * 1000 // ms

// invite makes an invite whose code is given; c may be the zero Chat.
func invite(t testing.TB, s chat.Store, by chat.User, c chat.Chat, code string, uses int) chat.Invite {
	t.Helper()
	i, err := s.CreateInvite(context.Background(), chat.Invite{By: by.ID, ChatID: c.ID, Uses: uses, ExpiresAt: chat.Now() + hour}, chat.SecretHash(code))
	must(t, err)
	return i
}

func invited(handle, code string) chat.NewAccount {
	n := newAccount(handle)
	n.Invite, n.HasInvite = chat.SecretHash(code), true
	return n
}

func invites(t *testing.T, open opener) {
	ctx := context.Background()

	t.Run("an account by invite", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		c := group(t, s, "garden", ann)
		i := invite(t, s, ann, c, "code", 2)
		received := listen(t, s)
		for _, bad := range []string{"", "other"} {
			_, _, err := s.CreateAccount(ctx, invited("ann", bad))
			wantError(t, err, chat.InviteSpent) // before the handle, which is taken
		}
		_, _, err := s.CreateAccount(ctx, invited("ann", "code"))
		wantError(t, err, chat.HandleTaken)
		peek, err := s.PeekInvite(ctx, chat.SecretHash("code"))
		must(t, err)
		equal(t, "nothing spent", peek, i)

		bob, _, err := s.CreateAccount(ctx, invited("bob", "code"))
		must(t, err)
		notices := received()
		if len(notices) != 1 || notices[0].Event == nil {
			t.Fatalf("received %+v", notices)
		}
		e := *notices[0].Event
		if e.Kind != chat.Joined || e.ChatID != c.ID || e.Seq != 2 || e.By != bob.ID || len(e.Users) != 1 || e.Users[0] != bob.ID || e.Role != chat.RoleMember {
			t.Fatalf("event %+v", e)
		}
		got, err := s.Chat(ctx, bob.ID, c.ID)
		must(t, err)
		equal(t, "members", got.MemberCount, 2)
		equal(t, "role", got.Role, chat.RoleMember)
		peek, err = s.PeekInvite(ctx, chat.SecretHash("code"))
		must(t, err)
		equal(t, "uses left", peek.Uses, 1)

		first, second := race(func(i int) error {
			_, _, err := s.CreateAccount(ctx, invited([]string{"cid", "dan"}[i], "code"))
			return err
		})
		wantOneWinner(t, chat.InviteSpent, first, second)
		all, err := s.Members(ctx, ann.ID, c.ID, "", 10)
		must(t, err)
		equal(t, "members", len(all), 3)
	})

	t.Run("accept", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
		c := group(t, s, "garden", ann)
		invite(t, s, ann, chat.Chat{}, "account", 5)
		i := invite(t, s, ann, c, "garden", 1)
		accept := func(code string, u chat.User) error {
			to, err := s.AcceptInvite(ctx, chat.SecretHash(code), u.ID, nil)
			if err == nil {
				equal(t, "chat", to, c.ID)
			}
			return err
		}
		wantError(t, accept("nothing", bob), chat.InviteSpent)
		wantError(t, accept("account", bob), chat.BadInput, "code")
		must(t, accept("garden", ann)) // in already: spends nothing
		peek, err := s.PeekInvite(ctx, chat.SecretHash("garden"))
		must(t, err)
		equal(t, "invite", peek, i)
		first, second := race(func(i int) error { return accept("garden", []chat.User{bob, cid}[i]) })
		wantOneWinner(t, chat.InviteSpent, first, second)
		if first == nil {
			must(t, accept("garden", bob)) // the answer was lost, the use is spent
		} else {
			must(t, accept("garden", cid))
		}
		got, err := s.Chat(ctx, ann.ID, c.ID)
		must(t, err)
		equal(t, "head", got.Head, 2)
		equal(t, "members", got.MemberCount, 2)
		wantError(t, accept("garden", chat.User{ID: "nobody"}), chat.InviteSpent)
		invite(t, s, ann, c, "more", 1)
		wantError(t, accept("more", chat.User{ID: "nobody"}), chat.NoIdentity)
	})

	t.Run("create, list, end", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c := group(t, s, "garden", ann)
		direct, _, err := s.CreateChat(ctx, chat.NewChat{Kind: chat.Direct, By: ann.ID, ClientID: "d", Members: []chat.UserID{bob.ID}})
		must(t, err)
		for who, where := range map[chat.UserID]chat.ChatID{bob.ID: c.ID, ann.ID: direct.ID, "nobody": c.ID} {
			_, err := s.CreateInvite(ctx, chat.Invite{By: who, ChatID: where, Uses: 1, ExpiresAt: chat.Now() + hour}, chat.SecretHash("x"))
			wantError(t, err, chat.NotFound)
		}
		first := invite(t, s, ann, c, "first", 7)
		equal(t, "invite", first, chat.Invite{ID: first.ID, By: ann.ID, ChatID: c.ID, Uses: 7, CreatedAt: first.CreatedAt, ExpiresAt: first.ExpiresAt})
		second, bobs := invite(t, s, ann, chat.Chat{}, "second", 1), invite(t, s, bob, chat.Chat{}, "third", 1)
		must(t, s.Close())
		s = open(t, dir)
		listed := func(by chat.UserID, want ...chat.Invite) {
			t.Helper()
			got, err := s.Invites(ctx, by)
			must(t, err)
			// Ids fall as they like within a millisecond.
			slices.SortFunc(want, func(a, b chat.Invite) int { return strings.Compare(string(b.ID), string(a.ID)) })
			if !slices.Equal(got, want) {
				t.Fatalf("invites %+v, want %+v", got, want)
			}
		}
		listed(ann.ID, second, first)
		listed("", bobs, second, first)
		listed("nobody")
		wantError(t, s.EndInvite(ctx, bob.ID, first.ID), chat.NotFound)
		must(t, s.EndInvite(ctx, ann.ID, first.ID))
		wantError(t, s.EndInvite(ctx, ann.ID, first.ID), chat.NotFound)
		must(t, s.EndInvite(ctx, "", bobs.ID)) // an admin
		listed("", second)
		_, err = s.PeekInvite(ctx, chat.SecretHash("first"))
		wantError(t, err, chat.NotFound)
		_, _, err = s.CreateAccount(ctx, invited("cid", "first"))
		wantError(t, err, chat.InviteSpent)
	})

	t.Run("expired", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c := group(t, s, "garden", ann)
		i, err := s.CreateInvite(ctx, chat.Invite{By: ann.ID, ChatID: c.ID, Uses: 1, ExpiresAt: chat.Now()}, chat.SecretHash("late"))
		must(t, err)
		peek, err := s.PeekInvite(ctx, chat.SecretHash("late"))
		must(t, err)
		equal(t, "invite", peek, i)
		_, err = s.AcceptInvite(ctx, chat.SecretHash("late"), bob.ID, nil)
		wantError(t, err, chat.InviteSpent)
		_, _, err = s.CreateAccount(ctx, invited("cid", "late"))
		wantError(t, err, chat.InviteSpent)
	})

	// A user who was removed from a chat, or from the server, still has the codes that they
	// made: none of them can be used any more.
	t.Run("a removed user's own code is invalid", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		c := group(t, s, "garden", ann, bob)
		invite(t, s, bob, c, "way back", 5)
		invite(t, s, bob, chat.Chat{}, "new me", 5)
		remove(t, s, ann, c, bob)
		_, err := s.AcceptInvite(ctx, chat.SecretHash("way back"), bob.ID, nil)
		wantError(t, err, chat.InviteSpent)
		_, _, err = s.CreateAccount(ctx, invited("bob2", "way back"))
		wantError(t, err, chat.InviteSpent)
		_, err = s.PeekInvite(ctx, chat.SecretHash("way back"))
		wantError(t, err, chat.NotFound)
		_, err = s.PeekInvite(ctx, chat.SecretHash("new me"))
		must(t, err)
		off := false
		_, err = s.PatchUser(ctx, bob.ID, chat.UserPatch{Active: &off})
		must(t, err)
		_, _, err = s.CreateAccount(ctx, invited("bob2", "new me"))
		wantError(t, err, chat.InviteSpent)
		_, err = s.PeekInvite(ctx, chat.SecretHash("new me"))
		wantError(t, err, chat.NotFound)
		invite(t, s, ann, c, "anns", 1)
		_, err = s.AcceptInvite(ctx, chat.SecretHash("anns"), bob.ID, nil)
		wantError(t, err, chat.NoIdentity)
		must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + hour}, chat.SecretHash("of ann")))
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{Active: &off})
		must(t, err)
		_, err = s.PeekRecovery(ctx, chat.SecretHash("of ann"))
		wantError(t, err, chat.InviteSpent)
		on := true
		_, err = s.PatchUser(ctx, ann.ID, chat.UserPatch{Active: &on})
		must(t, err)
		_, err = s.PeekRecovery(ctx, chat.SecretHash("of ann")) // a code from before is not valid again
		wantError(t, err, chat.InviteSpent)
	})

	t.Run("recovery", func(t *testing.T) { recoveries(t, open) })
}

func recoveries(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	_, old, err := s.Identify(ctx, chat.SecretHash("token of ann"))
	must(t, err)
	use := func(code, token string) (chat.User, chat.Session, error) {
		return s.UseRecovery(ctx, chat.SecretHash(code), "hash by "+code, newSession(token))
	}
	wantError(t, s.CreateRecovery(ctx, chat.Recovery{User: "nobody", ExpiresAt: chat.Now() + hour}, chat.SecretHash("x")), chat.NotFound)
	must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + hour}, chat.SecretHash("first")))
	peek := func(code string) (chat.UserID, error) { return s.PeekRecovery(ctx, chat.SecretHash(code)) }
	for range 2 { // spends nothing
		id, err := peek("first")
		must(t, err)
		equal(t, "user", id, ann.ID)
	}
	must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: chat.Now()}, chat.SecretHash("expired")))
	for _, code := range []string{"unknown", "first", "expired"} { // first was replaced
		_, err := peek(code)
		wantError(t, err, chat.InviteSpent)
		_, _, err = use(code, "stolen")
		wantError(t, err, chat.InviteSpent)
	}
	_, _, err = s.Identify(ctx, chat.SecretHash("token of ann"))
	must(t, err) // a code that is out or fails ends nothing

	must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, By: bob.ID, ExpiresAt: chat.Now() + hour}, chat.SecretHash("good")))
	must(t, s.Close())
	s = open(t, dir)
	received := listen(t, s)
	var fresh chat.Session
	first, second := race(func(i int) error {
		u, own, err := use("good", []string{"new one", "new two"}[i])
		if err == nil {
			fresh = own
			equal(t, "user", u, ann)
		}
		return err
	})
	wantOneWinner(t, chat.InviteSpent, first, second)
	_, err = peek("good")
	wantError(t, err, chat.InviteSpent)
	wantRevoked(t, received(), ann.ID, old.ID)
	of, err := s.SessionsOf(ctx, ann.ID)
	must(t, err)
	if len(of) != 1 || of[0] != fresh {
		t.Fatalf("sessions %+v, want the new one alone: %+v", of, fresh)
	}
	_, hash, err := s.Credentials(ctx, "ann")
	must(t, err)
	equal(t, "hash", hash, "hash by good")

	uses, err := s.RecoveryUses(ctx, ann.ID)
	must(t, err)
	if len(uses) != 1 || uses[0] != (chat.RecoveryUse{At: fresh.CreatedAt, By: bob.ID, Client: fresh.Client, Address: fresh.Address}) {
		t.Fatalf("uses %+v, want one by bob", uses)
	}
	others, err := s.RecoveryUses(ctx, bob.ID)
	must(t, err)
	equal(t, "uses of others", len(others), 0)
}

// manyRecoveries tests that the newest uses of a user's codes are kept.
func manyRecoveries(t *testing.T, open clocked) {
	ctx := context.Background()
	s, clock := ticking(t, open)
	ann := account(t, s, "ann")
	first := clock.Load()
	for n := range chat.MaxRecoveryUses + 2 {
		clock.Store(first + int64(n))
		code := chat.SecretHash(fmt.Sprint("code ", n))
		must(t, s.CreateRecovery(ctx, chat.Recovery{User: ann.ID, ExpiresAt: clock.Load() + hour}, code))
		_, _, err := s.UseRecovery(ctx, code, "hash", newSession(fmt.Sprint("token ", n)))
		must(t, err)
	}
	uses, err := s.RecoveryUses(ctx, ann.ID)
	must(t, err)
	equal(t, "uses", len(uses), chat.MaxRecoveryUses)
	equal(t, "newest", uses[0].At, first+chat.MaxRecoveryUses+1)
	equal(t, "oldest", uses[len(uses)-1].At, first+2)
}
