package storetest

import (
	"context"
	"fmt"
	"maps"
	"testing"

	"parley/chat"
)

// wantUnread checks the counts of unread messages of a user.
func wantUnread(t testing.TB, s chat.Store, u chat.User, want map[chat.ChatID]int) {
	t.Helper()
	got, err := s.Unread(context.Background(), u.ID)
	must(t, err)
	maps.DeleteFunc(want, func(_ chat.ChatID, n int) bool { return n == 0 })
	if !maps.Equal(got, want) {
		t.Fatalf("unread messages of %s: %v, want %v", u.Handle, got, want)
	}
}

func reads(t *testing.T, open opener) {
	ctx := context.Background()
	dir := t.TempDir()
	s := open(t, dir)
	ann, bob, dan := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "dan")
	c := group(t, s, "garden", ann, bob) // 1 and 2
	sees := func(u chat.User, readUpTo chat.Seq, unread, mentions int) {
		t.Helper()
		one, err := s.Chat(ctx, u.ID, c.ID)
		must(t, err)
		got, want := fmt.Sprint(one.ReadUpTo, one.Unread, one.Mentions), fmt.Sprint(readUpTo, unread, mentions)
		equal(t, u.Handle+" sees (read up to, unread, mentions)", got, want)
		list, err := s.ChatsOf(ctx, u.ID, chat.ChatList{})
		must(t, err)
		equal(t, u.Handle+" sees in the list", fmt.Sprint(list[0].ReadUpTo, list[0].Unread, list[0].Mentions), want)
		wantUnread(t, s, u, map[chat.ChatID]int{c.ID: unread})
	}
	mark := func(u chat.User, seq, at chat.Seq, moved bool) {
		t.Helper()
		gotAt, gotMoved, err := s.MarkRead(ctx, c.ID, u.ID, seq)
		must(t, err)
		equal(t, "mark", fmt.Sprint(gotAt, gotMoved), fmt.Sprint(at, moved))
	}
	sees(ann, 1, 0, 0)
	sees(bob, 2, 0, 0)
	post(t, s, ann, c, "one")               // 3
	post(t, s, ann, c, "hi @bob, and @ann") // 4
	post(t, s, ann, c, "@bob @bob!")        // 5
	sees(ann, 5, 0, 0)                      // one's own are read
	sees(bob, 2, 3, 2)
	_, _, err := do(t, s, chat.Event{Kind: chat.Joined, ChatID: c.ID, By: ann.ID, Users: []chat.UserID{dan.ID}}, chat.Join) // 6
	must(t, err)
	sees(dan, 6, 0, 0) // what was before is history
	sees(bob, 2, 3, 2) // a join is no message
	mark(bob, 1, 2, false)
	mark(bob, 3, 3, true)
	sees(bob, 3, 2, 2)
	mark(bob, 4, 4, true)
	sees(bob, 4, 1, 1)
	mark(bob, 3, 4, false)
	mark(bob, 4, 4, false)
	mark(ann, 5, 5, false) // by her own post
	mark(ann, 1000, 6, true)
	mark(ann, 1<<62, 6, false)

	must(t, s.Close())
	s = open(t, dir)
	sees(bob, 4, 1, 1)
	sees(ann, 6, 0, 0)
	post(t, s, dan, c, "@ann") // 7
	sees(ann, 6, 1, 1)
	sees(bob, 4, 2, 1)
	_, _, err = do(t, s, chat.Event{Kind: chat.Deleted, ChatID: c.ID, By: ann.ID, Target: 5}, chat.Delete) // 8
	must(t, err)
	sees(bob, 4, 1, 0)                                                                                                // what was deleted is not unread, and names nobody
	_, _, err = do(t, s, chat.Event{Kind: chat.Edited, ChatID: c.ID, By: dan.ID, Target: 7, Text: "@bob"}, chat.Edit) // 9
	must(t, err)
	sees(ann, 6, 1, 0)
	sees(bob, 4, 1, 1)
	post(t, s, bob, c, "mine") // 10
	sees(bob, 10, 0, 0)
	sees(dan, 7, 1, 0)
	mark(bob, 9, 10, false)
	_, _, err = do(t, s, chat.Event{Kind: chat.Deleted, ChatID: c.ID, By: bob.ID, Target: 10}, chat.Delete) // 11
	must(t, err)
	sees(bob, 10, 0, 0)

	t.Run("deleted messages are not unread", func(t *testing.T) {
		c := group(t, s, "deletions", ann, bob)
		lists := func(unread, mentions int) {
			t.Helper()
			list, err := s.ChatsOf(ctx, bob.ID, chat.ChatList{Limit: 1, WithLast: 1})
			must(t, err)
			one, err := s.Chat(ctx, bob.ID, c.ID)
			must(t, err)
			for _, got := range []chat.Chat{list[0], one} {
				equal(t, "unread, mentions", fmt.Sprint(got.Unread, got.Mentions), fmt.Sprint(unread, mentions))
			}
		}
		var posted []chat.Seq
		for i := range 5 {
			posted = append(posted, post(t, s, ann, c, fmt.Sprint("@bob ", i)))
		}
		lists(5, 5)
		_, _, err := s.MarkRead(ctx, c.ID, bob.ID, posted[1])
		must(t, err)
		for i, want := range []int{3, 3, 2, 1, 0} { // the first two are read
			lists(min(3, 5-i), min(3, 5-i))
			for range 2 { // a second deletion changes nothing
				_, _, err := do(t, s, chat.Event{Kind: chat.Deleted, ChatID: c.ID, By: ann.ID, Target: posted[i]}, chat.Delete)
				must(t, err)
			}
			lists(want, want)
		}
		post(t, s, ann, c, "after all")
		lists(1, 0)
	})

	t.Run("two devices at once", func(t *testing.T) {
		var at [2]chat.Seq
		first, second := race(func(i int) (err error) {
			at[i], _, err = s.MarkRead(ctx, c.ID, dan.ID, chat.Seq(8+i))
			return err
		})
		must(t, first)
		must(t, second)
		if at[1] != 9 || at[0] < 8 {
			t.Fatalf("pointers %v", at)
		}
		sees(dan, 9, 0, 0)
	})

	t.Run("never behind the head", func(t *testing.T) {
		ended := make(chan struct{})
		go func() { // what a member posts is read, and what they mark
			defer close(ended)
			for i := range 100 {
				e := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: ann.ID, ClientID: fmt.Sprint("head ", i), Text: "@bob"}
				if _, _, err := do(t, s, e, chat.Post); err != nil {
					t.Error(err)
				}
				if _, _, err := s.MarkRead(ctx, c.ID, bob.ID, 1<<62); err != nil {
					t.Error(err)
				}
			}
		}()
		defer func() { <-ended }()
		for going := true; going; {
			select {
			case <-ended:
				going = false
			default:
			}
			for _, u := range []chat.User{ann, bob} {
				one, err := s.Chat(ctx, u.ID, c.ID)
				must(t, err)
				list, err := s.ChatsOf(ctx, u.ID, chat.ChatList{WithLast: 1})
				must(t, err)
				for _, got := range append(list, one) {
					if got.ReadUpTo > got.Head || got.Unread < 0 || got.Mentions > got.Unread {
						t.Fatalf("%s has read up to %d of %d, unread %d, mentions %d", u.Handle, got.ReadUpTo, got.Head, got.Unread, got.Mentions)
					}
					if got.Last != nil && got.Last.Seq > got.Head {
						t.Fatalf("%s: the last message is %d, the head %d", u.Handle, got.Last.Seq, got.Head)
					}
				}
			}
		}
	})

	t.Run("not for users who are not members", func(t *testing.T) {
		cid := account(t, s, "cid")
		_, _, err := s.MarkRead(ctx, c.ID, cid.ID, 1)
		wantError(t, err, chat.NotFound)
		_, _, err = s.MarkRead(ctx, "nowhere", ann.ID, 1)
		wantError(t, err, chat.NotFound)
		remove(t, s, ann, c, bob)
		_, _, err = s.MarkRead(ctx, c.ID, bob.ID, 1)
		wantError(t, err, chat.NotFound)
	})
}
