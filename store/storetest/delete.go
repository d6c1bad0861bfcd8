package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"parley/chat"
)

// deleteChat tests that a deleted chat is gone foreverybody at once, and its log after a
// purge, while late retries are answered as before.
func deleteChat(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	n := newGroup("garden", ann, bob)
	n.Open, n.Topic = true, "what grows"
	c, _, err := s.CreateChat(ctx, n)
	must(t, err)
	other := group(t, s, "other", ann, bob)
	post(t, s, ann, other, "stays @bob")
	posted := posting(bob, c, "posted", "a secret @ann")
	_, _, err = do(t, s, posted, chat.Post)
	must(t, err)
	title := "the garden"
	renamed := draft(chat.Renamed, ann, c, "renamed")
	renamed.Title = &title
	_, _, err = do(t, s, renamed, chat.Rename)
	must(t, err)
	noop := reacting(bob, c, 3, "👍", false)
	noop.ClientID = "noop"
	wantUnchanged(t, "noop", try(t, s, step{noop, chat.React}), false)
	invite(t, s, ann, c, "code", 5)
	stays := invite(t, s, ann, other, "another code", 5)

	deleting := func(by chat.User, clientID string) step {
		return step{draft(chat.Left, by, c, clientID), chat.DeleteChat}
	}
	wantError(t, try(t, s, deleting(bob, "")).err, chat.Forbidden)
	wantError(t, try(t, s, deleting(cid, "")).err, chat.NotFound, "chatId")
	received := listen(t, s)
	got := appendAll(t, s, deleting(ann, "deleted"), step{posting(bob, c, "late", "too late"), chat.Post}, deleting(ann, "again"))
	must(t, got[0].err)
	wantError(t, got[1].err, chat.NotFound, "chatId")
	wantError(t, got[2].err, chat.NotFound, "chatId")
	head := got[0].ev.Seq
	both := []chat.UserID{ann.ID, bob.ID}
	slices.Sort(both)
	if notices := received(); len(notices) != 1 || notices[0].Event.Reason != chat.ReasonDeleted || !slices.Equal(notices[0].Event.Users, both) {
		t.Fatalf("received %+v", notices)
	}

	gone := func(t *testing.T) {
		t.Helper()
		for _, u := range []chat.User{ann, bob, cid} {
			_, err := s.Chat(ctx, u.ID, c.ID)
			wantError(t, err, chat.NotFound, "chatId")
			_, _, err = s.After(ctx, u.ID, c.ID, 0, 10, 1<<20)
			wantError(t, err, chat.NotFound, "chatId")
			_, err = s.Page(ctx, u.ID, c.ID, chat.Window{Limit: 10})
			wantError(t, err, chat.NotFound, "chatId")
			_, err = s.Members(ctx, u.ID, c.ID, "", 10)
			wantError(t, err, chat.NotFound, "chatId")
			ids, err := s.ChatIDs(ctx, u.ID)
			must(t, err)
			if slices.Contains(ids, c.ID) {
				t.Fatalf("%s is a member", u.Handle)
			}
			joins := draft(chat.Joined, u, c, "")
			joins.Users = []chat.UserID{u.ID}
			for _, rule := range []chat.Rule{chat.Join, chat.PutMember} {
				wantError(t, try(t, s, step{joins, rule}).err, chat.NotFound, "chatId")
			}
			wantError(t, try(t, s, deleting(u, "")).err, chat.NotFound, "chatId")
		}
		list, err := s.OpenChats(ctx, cid.ID, "", 10)
		must(t, err)
		equal(t, "open chats", len(list), 0)
		_, err = s.AcceptInvite(ctx, chat.SecretHash("code"), cid.ID, nil)
		wantError(t, err, chat.InviteSpent)
		for _, by := range []chat.UserID{ann.ID, ""} {
			invites, err := s.Invites(ctx, by)
			must(t, err)
			if len(invites) != 1 || invites[0].ID != stays.ID {
				t.Fatalf("the invites by %q are %+v", by, invites)
			}
		}
		wantBare(t, s, deleting(ann, "deleted"), head)
		again, known, err := s.CreateChat(ctx, n)
		must(t, err)
		equal(t, "made again", fmt.Sprint(known, again), fmt.Sprint(true, chat.Chat{ID: c.ID, Kind: chat.Group}))
		one, err := s.Chat(ctx, bob.ID, other.ID)
		must(t, err)
		equal(t, "the other chat", fmt.Sprint(one.MemberCount, one.Unread, one.Mentions), "2 1 1")
	}
	gone(t)
	wantBare(t, s, step{posted, chat.Post}, 3)

	more, err := s.Purge(ctx)
	must(t, err)
	equal(t, "more", more, true)
	must(t, s.Close()) // the rest is done by another process
	s = open(t, dir)
	purge(t, s)
	gone(t)
	log := fullLogOf(t, s, c.ID)
	if len(log) != 1 || log[0].Seq != head || log[0].ClientID != "deleted" || !log[0].DeletesChat() {
		t.Fatalf("the log is %+v", log)
	}
	wantError(t, try(t, s, step{posted, chat.Post}).err, chat.NotFound, "chatId")
	wantError(t, try(t, s, step{noop, chat.React}).err, chat.NotFound, "chatId")
	if _, ok, err := s.Find(ctx, c.ID, bob.ID, "posted"); ok || err != nil {
		t.Fatalf("found a post of a deleted chat: %v", err)
	}

	t.Run("that everybody left, by an admin of the server", func(t *testing.T) {
		root := account(t, s, "root")
		admin := chat.RoleAdmin
		_, err := s.PatchUser(ctx, root.ID, chat.UserPatch{Role: &admin})
		must(t, err)
		c := group(t, s, "left", ann)
		must(t, try(t, s, step{chat.Event{Kind: chat.Left, ChatID: c.ID, By: ann.ID, Users: []chat.UserID{ann.ID}}, chat.Leave}).err)
		must(t, try(t, s, step{draft(chat.Left, root, c, ""), chat.DeleteChat}).err)
		purge(t, s)
		equal(t, "events", len(fullLogOf(t, s, c.ID)), 1)
	})

	t.Run("of more members than leave at once, on a busy server", func(t *testing.T) {
		c := group(t, s, "crowd", ann)
		var others []chat.UserID
		for i := range chat.MaxJoinAtOnce {
			others = append(others, account(t, s, fmt.Sprint("member", i)).ID)
		}
		for some := range slices.Chunk(others, 250) {
			add := draft(chat.Joined, ann, c, "")
			add.Users = some
			must(t, try(t, s, step{add, chat.Join}).err)
		}
		for i := range 3 {
			post(t, s, ann, c, fmt.Sprint("secret ", i))
		}
		received := listen(t, s)
		remove := step{draft(chat.Left, ann, c, "crowd deleted"), chat.DeleteChat}
		got := try(t, s, remove)
		for n := 0; n < 4 && chat.Is(got.err, chat.Unavailable); n++ { // a write on MongoDB has 15 s
			got = try(t, s, remove)
		}
		must(t, got.err)
		equal(t, "left at once", len(got.ev.Users), chat.MaxJoinAtOnce)
		all := append(others, ann.ID)
		var left []chat.UserID
		for _, u := range all {
			if !slices.Contains(got.ev.Users, u) {
				left = append(left, u)
			}
		}
		equal(t, "left", len(left), 1)
		wantError(t, try(t, s, step{posting(chat.User{ID: left[0]}, c, "late", "too late"), chat.Post}).err, chat.NotFound, "chatId")
		post(t, s, bob, other, "meanwhile")
		purge(t, s)
		events := 0
		for _, n := range received() {
			if n.Event.ChatID == c.ID {
				if events++; !n.Event.DeletesChat() || n.Event.By != ann.ID {
					t.Fatalf("received %+v", n.Event)
				}
			}
		}
		equal(t, "events", events, 2)
		log := fullLogOf(t, s, c.ID)
		if len(log) != 2 || log[0].ClientID != "crowd deleted" || log[1].Seq != log[0].Seq+1 {
			t.Fatalf("the log is %+v", log)
		}
		_, err = s.Chat(ctx, left[0], c.ID)
		wantError(t, err, chat.NotFound, "chatId")
	})
}

// purge purges until nothing is left to do.
func purge(t testing.TB, s chat.Store) {
	t.Helper()
	for range 1000 {
		more, err := s.Purge(context.Background())
		must(t, err)
		if !more {
			return
		}
	}
	t.Fatal("the purge does not end")
}

// fullLogOf returns what is left of the log of a chat.
func fullLogOf(t *testing.T, s chat.Store, id chat.ChatID) (all []chat.Event) {
	t.Helper()
	_, head, err := s.After(context.Background(), "", id, 1<<62, 1, 1)
	must(t, err)
	for seen := chat.Seq(0); seen < head; seen += 10 {
		events, _, err := s.After(context.Background(), "", id, seen, 10, 1<<20)
		must(t, err)
		for _, e := range events {
			if e.Seq <= seen+10 {
				all = append(all, e)
			}
		}
	}
	return all
}
