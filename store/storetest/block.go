package storetest

import (
	"context"
	"fmt"
	"testing"

	"parley/chat"
)

// blocks tests that a blocked user makes no chat with the one who blocked them, and that
// neither writes in a direct chat that exists.
func blocks(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	direct := func(by, with chat.User, clientID string) (chat.Chat, error) {
		c, _, err := s.CreateChat(ctx, chat.NewChat{Kind: chat.Direct, By: by.ID, ClientID: clientID, Members: []chat.UserID{with.ID}, Rule: chat.NotBlocked("members")})
		return c, err
	}
	list := func(want ...chat.UserID) {
		t.Helper()
		users, err := s.Blocks(ctx, ann.ID)
		must(t, err)
		sameIDs(t, users, want...)
	}
	old, err := direct(ann, bob, "old")
	must(t, err)
	first := post(t, s, bob, old, "before")
	post(t, s, ann, old, "hello")
	garden := group(t, s, "garden", ann, bob)

	list()
	must(t, s.Block(ctx, ann.ID, bob.ID))
	must(t, s.Block(ctx, ann.ID, bob.ID))
	list(bob.ID)
	wantError(t, s.Block(ctx, ann.ID, ann.ID), chat.BadInput, "userId")
	wantError(t, s.Block(ctx, ann.ID, "nobody"), chat.NotFound, "userId")

	for i, by := range []chat.User{ann, bob} {
		_, _, err := do(t, s, posting(by, old, fmt.Sprint("silenced ", i), "hello"), chat.Post)
		wantError(t, err, chat.Forbidden)
		_, _, err = do(t, s, reacting(by, old, first, "👍", true), chat.React)
		wantError(t, err, chat.Forbidden)
	}
	_, _, err = do(t, s, targeting(chat.Edited, bob, old, first, "", "an edit"), chat.Edit)
	wantError(t, err, chat.Forbidden)
	_, again, err := do(t, s, posting(bob, old, "before", "before"), chat.Post)
	must(t, err)
	equal(t, "a known post again", again, true)
	_, _, err = do(t, s, targeting(chat.Deleted, bob, old, first, "", ""), chat.Delete)
	must(t, err)
	post(t, s, bob, garden, "in a group")
	c, err := direct(bob, ann, "known pair")
	must(t, err)
	equal(t, "the direct chat that exists", c.ID, old.ID)

	must(t, s.Block(ctx, ann.ID, cid.ID))
	_, err = direct(cid, ann, "new")
	wantError(t, err, chat.Forbidden, "members")
	_, err = direct(ann, cid, "new")
	wantError(t, err, chat.Conflict, "members")
	n := newGroup("by cid", cid, bob, ann)
	n.Rule = chat.NotBlocked("members")
	_, _, err = s.CreateChat(ctx, n)
	wantError(t, err, chat.Forbidden, "members")
	n.Members = []chat.UserID{bob.ID}
	made, _, err := s.CreateChat(ctx, n)
	must(t, err)
	add := draft(chat.Joined, cid, made, "")
	add.Users = []chat.UserID{ann.ID}
	rule := chat.All(chat.Join, chat.NotBlocked("userId"))
	wantError(t, try(t, s, step{add, rule}).err, chat.Forbidden, "userId")

	must(t, s.Close())
	s = open(t, dir)
	list(bob.ID, cid.ID)
	wantError(t, try(t, s, step{add, rule}).err, chat.Forbidden, "userId")
	_, _, err = do(t, s, posting(bob, old, "still", "still"), chat.Post)
	wantError(t, err, chat.Forbidden)
	must(t, s.Unblock(ctx, ann.ID, bob.ID))
	must(t, s.Unblock(ctx, ann.ID, bob.ID))
	must(t, s.Unblock(ctx, ann.ID, cid.ID))
	list()
	post(t, s, bob, old, "again")
	post(t, s, ann, old, "and again")
	must(t, try(t, s, step{add, rule}).err)
	_, err = direct(cid, ann, "new")
	must(t, err)
	must(t, s.Block(ctx, bob.ID, ann.ID))
	_, _, err = do(t, s, posting(bob, old, "blocked by bob", "hello"), chat.Post)
	wantError(t, err, chat.Forbidden)
}
