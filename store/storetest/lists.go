package storetest

import (
	"context"
	"fmt"
	"testing"

	"parley/chat"
)

// pins tests the list of pinned messages and its bound.
func pins(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob) // 1 and 2
	other := group(t, s, "orchard", ann, bob)
	list := func(want ...chat.Seq) {
		t.Helper()
		got, err := s.Pins(ctx, bob.ID, c.ID)
		must(t, err)
		equal(t, "pins", fmt.Sprint(seqsOf(got)), fmt.Sprint(want))
		for i := range got {
			one, err := s.Message(ctx, bob.ID, c.ID, got[i].Seq)
			must(t, err)
			equal(t, "pinned", fmt.Sprint(one.Pinned, got[i].Pinned), "true true")
		}
	}
	pin := func(by chat.User, target chat.Seq, on bool) (again bool) {
		t.Helper()
		_, again, err := do(t, s, pinning(by, c, target, on), chat.Pin)
		must(t, err)
		return again
	}
	list()
	var posts []chat.Seq
	for i := range chat.MaxPins + 1 {
		posts = append(posts, post(t, s, ann, c, fmt.Sprint("post ", i)))
	}
	first := post(t, s, ann, other, "elsewhere")
	_, _, err := do(t, s, pinning(ann, other, first, true), chat.Pin)
	must(t, err)
	pin(ann, posts[0], true)
	pin(bob, posts[2], true)
	pin(bob, posts[1], true)
	pin(ann, posts[1], true) // it is
	list(posts[1], posts[2], posts[0])
	pin(ann, posts[2], false)
	list(posts[1], posts[0])
	pin(ann, posts[2], true)
	_, _, err = do(t, s, targeting(chat.Edited, ann, c, posts[0], "", "another text"), chat.Edit)
	must(t, err)
	list(posts[2], posts[1], posts[0])
	_, _, err = do(t, s, targeting(chat.Deleted, ann, c, posts[1], "", ""), chat.Delete)
	must(t, err)
	list(posts[2], posts[0])
	must(t, s.Close())
	s = open(t, dir)
	list(posts[2], posts[0])

	var steps []step
	for _, seq := range posts[3:] {
		steps = append(steps, step{pinning(ann, c, seq, true), chat.Pin})
	}
	for _, o := range appendAll(t, s, steps...) {
		must(t, o.err)
	}
	pinned, err := s.Pins(ctx, ann.ID, c.ID)
	must(t, err)
	equal(t, "pins", len(pinned), chat.MaxPins)
	last := post(t, s, ann, c, "one too many")
	_, _, err = do(t, s, pinning(ann, c, last, true), chat.Pin)
	wantError(t, err, chat.Conflict, "target")
	pin(bob, posts[0], false)
	pin(bob, last, true)

	_, err = s.Pins(ctx, eve.ID, c.ID)
	wantError(t, err, chat.NotFound, "chatId")
	_, err = s.Pins(ctx, ann.ID, "nowhere")
	wantError(t, err, chat.NotFound, "chatId")
	remove(t, s, ann, c, bob)
	_, err = s.Pins(ctx, bob.ID, c.ID)
	wantError(t, err, chat.NotFound, "chatId")
}

// threads tests who may read a thread, and its ends; Replay has the rest.
func threads(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob)
	root := post(t, s, ann, c, "root")
	e := posting(bob, c, "reply", "reply")
	e.Reply = &chat.Quote{Seq: root}
	reply, _, err := do(t, s, e, chat.Post)
	must(t, err)
	equal(t, "root", reply.Root, root)
	p, err := s.Thread(ctx, ann.ID, c.ID, reply.Seq, 0, 1)
	must(t, err)
	equal(t, "the first page", fmt.Sprint(seqsOf(p.Messages), p.Head, p.MoreAfter), fmt.Sprint([]chat.Seq{root}, reply.Seq, true))
	p, err = s.Thread(ctx, ann.ID, c.ID, root, 1<<62, 1)
	must(t, err)
	equal(t, "behind the end", fmt.Sprint(seqsOf(p.Messages), p.MoreAfter), "[] false")
	for _, limit := range []int{0, chat.MaxPage + 1} {
		_, err = s.Thread(ctx, ann.ID, c.ID, root, 0, limit)
		wantError(t, err, chat.BadInput, "limit")
	}
	for _, seq := range []chat.Seq{0, 1, 99, 1 << 63} { // 1 is no message
		_, err = s.Thread(ctx, ann.ID, c.ID, seq, 0, 10)
		wantError(t, err, chat.NotFound, "seq")
	}
	remove(t, s, ann, c, bob)
	for _, u := range []chat.User{bob, eve} {
		_, err = s.Thread(ctx, u.ID, c.ID, root, 0, 10)
		wantError(t, err, chat.NotFound, "chatId")
	}
}

// inbox tests that what concerns a user is in the chats of which they are a member now, in
// the order of time over all chats.
func inbox(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	chats := []chat.Chat{group(t, s, "garden", ann, bob), group(t, s, "orchard", ann, bob), group(t, s, "meadow", ann, bob)}
	var want []string
	for i := range 9 {
		c := chats[i%3]
		text := fmt.Sprint("@bob ", i)
		post(t, s, ann, c, text)
		post(t, s, ann, c, fmt.Sprint("@all and nobody ", i))
		want = append([]string{text}, want...)
	}
	texts := func(limit int, without ...chat.Chat) (all []string) {
		t.Helper()
		var below chat.MentionPlace
		for {
			list, err := s.MentionsOf(ctx, bob.ID, below, limit)
			must(t, err)
			for _, m := range list {
				place := chat.MentionPlace{At: m.At, Chat: m.ChatID, Seq: m.Seq}
				if below != (chat.MentionPlace{}) && (place.At > below.At || place.At == below.At && place.Chat > below.Chat) {
					t.Fatalf("%+v comes after %+v", place, below)
				}
				below = place
				all = append(all, m.Text)
				for _, c := range without {
					if m.ChatID == c.ID {
						t.Fatalf("%q is of a chat that bob is not in", m.Text)
					}
				}
			}
			if len(list) < limit {
				return all
			}
		}
	}
	for _, limit := range []int{1, 2, 50} {
		sameStrings(t, texts(limit), want)
	}
	must(t, s.Close())
	s = open(t, dir)
	sameStrings(t, texts(4), want)
	remove(t, s, ann, chats[1], bob)
	equal(t, "after a removal", len(texts(2, chats[1])), 6)
	_, _, err := do(t, s, chat.Event{Kind: chat.Left, ChatID: chats[0].ID, By: ann.ID}, chat.DeleteChat)
	must(t, err)
	equal(t, "after the deletion of a chat", len(texts(2, chats[0], chats[1])), 3)
	for more := true; more; {
		more, err = s.Purge(ctx)
		must(t, err)
	}
	equal(t, "after its purge", len(texts(2, chats[0], chats[1])), 3)
	_, _, err = do(t, s, chat.Event{Kind: chat.Joined, ChatID: chats[1].ID, By: ann.ID, Users: []chat.UserID{bob.ID}}, chat.Join)
	must(t, err)
	equal(t, "after coming again", len(texts(2, chats[0])), 6)
	for _, limit := range []int{0, chat.MaxPage + 2} {
		_, err = s.MentionsOf(ctx, bob.ID, chat.MentionPlace{}, limit)
		wantError(t, err, chat.BadInput, "limit")
	}
}

// sameStrings compares two lists; messages of one millisecond may be in another order.
func sameStrings(t *testing.T, got, want []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, text := range got {
		seen[text] = true
	}
	if len(got) != len(want) || len(seen) != len(want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for _, text := range want {
		if !seen[text] {
			t.Fatalf("%q is not in %q", text, got)
		}
	}
}
