package storetest

import (
	"context"
	"fmt"
	"testing"

	"parley/chat"
)

// lastAt tests that an entry of a chat has the time of its newest post, which a deletion
// does not change, and that activity has that of the head.
func lastAt(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	n := newGroup("garden", ann, bob)
	n.Open = true
	c, _, err := s.CreateChat(ctx, n)
	must(t, err)
	equal(t, "of a new chat", c.LastAt, 0)
	sees := func(at, activity int64) {
		t.Helper()
		want := fmt.Sprint(at, activity)
		for _, u := range []chat.User{ann, bob, eve} {
			one, err := s.Chat(ctx, u.ID, c.ID)
			must(t, err)
			equal(t, u.Handle+" sees", fmt.Sprint(one.LastAt, one.Activity), want)
			list, err := s.OpenChats(ctx, u.ID, "", 10)
			must(t, err)
			equal(t, u.Handle+" sees among open chats", fmt.Sprint(list[0].LastAt, list[0].Activity), want)
			if u.ID == eve.ID {
				continue
			}
			for _, l := range []chat.ChatList{{}, {Limit: 1}, {WithLast: 1}} {
				list, err = s.ChatsOf(ctx, u.ID, l)
				must(t, err)
				equal(t, u.Handle+" sees in the list", fmt.Sprint(list[0].LastAt, list[0].Activity), want)
			}
		}
	}
	sees(0, c.Activity)
	posted, _, err := do(t, s, posting(ann, c, "one", "one"), chat.Post)
	must(t, err)
	sees(posted.At, posted.At)
	next := func(e chat.Event, rule chat.Rule) {
		t.Helper()
		ev, _, err := do(t, s, e, rule)
		must(t, err)
		if ev.At < posted.At {
			t.Fatalf("event %d is older than the post", ev.Seq)
		}
		sees(posted.At, ev.At)
	}
	next(reacting(bob, c, posted.Seq, "👍", true), chat.React)
	next(targeting(chat.Edited, ann, c, posted.Seq, "", "another"), chat.Edit)
	next(targeting(chat.Deleted, ann, c, posted.Seq, "", ""), chat.Delete)
	title := "orchard"
	next(chat.Event{Kind: chat.Renamed, ChatID: c.ID, By: ann.ID, Title: &title}, chat.Rename)
	must(t, s.Close())
	s = open(t, dir)
	list, err := s.ChatsOf(ctx, ann.ID, chat.ChatList{})
	must(t, err)
	sees(posted.At, list[0].Activity)
	again, _, err := do(t, s, posting(bob, c, "two", "two"), chat.Post)
	must(t, err)
	sees(again.At, again.At)
}
