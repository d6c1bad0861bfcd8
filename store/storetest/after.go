package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/chat"
)

// after tests that After returns events in order, bounded, with the current text of
// their messages.
func after(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann, bob)                                          // 1, 2
	post(t, s, ann, c, "first @bob")                                              // 3
	post(t, s, bob, c, "second")                                                  // 4
	_, _, err := do(t, s, targeting(chat.Edited, ann, c, 3, "e", "x"), chat.Edit) // 5
	must(t, err)
	_, _, err = do(t, s, targeting(chat.Edited, ann, c, 3, "f", "y @bob"), chat.Edit) // 6
	must(t, err)
	_, _, err = do(t, s, reacting(bob, c, 3, "👍", true), chat.React) // 7
	must(t, err)
	title := "orchard"
	renamed := draft(chat.Renamed, ann, c, "r")
	renamed.Title = &title
	_, _, err = do(t, s, renamed, chat.Rename) // 8
	must(t, err)

	show := func(events []chat.Event) (lines string) {
		for _, e := range events {
			line := fmt.Sprint(e.Seq, " ", e.N, " ", e.Kind)
			for _, part := range []any{e.ClientID, e.Text, e.Emoji, e.Role, e.Reason} {
				if s := fmt.Sprint(part); s != "" {
					line += " " + s
				}
			}
			if e.Target != 0 {
				line += fmt.Sprint(" of ", e.Target)
			}
			if e.On != nil {
				line += fmt.Sprint(" ", *e.On)
			}
			if e.Title != nil {
				line += fmt.Sprintf(" %s %q", *e.Title, *e.Topic)
			}
			line += strings.Repeat("!", len(e.Mentions))
			line += strings.Repeat("*", len(e.Users))
			if e.EditedAt != 0 {
				line += " edited"
			}
			if e.DeletedAt != 0 {
				line += " deleted"
			}
			if e.At == 0 || e.By == "" || e.ChatID != c.ID {
				t.Fatalf("%+v", e)
			}
			lines += line + "\n"
		}
		return lines
	}
	events, head, err := s.After(ctx, bob.ID, c.ID, 0, 100, 1<<20)
	must(t, err)
	equal(t, "head", head, 8)
	equal(t, "events", show(events), `1 0 joined garden admin*
2 0 joined member*
3 1 posted first @bob y @bob! edited
4 2 posted second second
5 2 edited e y @bob of 3!
6 2 edited f y @bob of 3!
7 2 reacted 👍 of 3 true
8 2 renamed r orchard ""
`)
	for _, o := range appendAll(t, s, step{targeting(chat.Deleted, ann, c, 3, "d", ""), chat.Delete}) {
		must(t, o.err)
	}
	events, _, err = s.After(ctx, "", c.ID, 2, 100, 1<<20)
	must(t, err)
	equal(t, "events after the deletion", show(events), `3 1 posted first @bob edited deleted
4 2 posted second second
5 2 edited e of 3
6 2 edited f of 3
7 2 reacted of 3 true
8 2 renamed r orchard ""
9 2 deleted d of 3
`)
	count := func(seen chat.Seq, limit, maxBytes int) (first chat.Seq, n int) {
		t.Helper()
		events, head, err := s.After(ctx, ann.ID, c.ID, seen, limit, maxBytes)
		must(t, err)
		equal(t, "head", head, 9)
		if len(events) > 0 {
			first = events[0].Seq
		}
		return first, len(events)
	}
	for _, test := range []struct {
		seen            chat.Seq
		limit, maxBytes int
		first           chat.Seq
		n               int
	}{
		{0, 100, 1 << 20, 1, 9}, {0, 9, 1 << 20, 1, 9}, {0, 3, 1 << 20, 1, 3}, {7, 3, 1 << 20, 8, 2}, {8, 1, 1 << 20, 9, 1},
		{9, 5, 1 << 20, 0, 0}, {10, 5, 1 << 20, 0, 0}, {1<<64 - 1, 5, 1 << 20, 0, 0},
		{3, 100, 1, 4, 1}, {3, 100, 172, 4, 1}, {3, 100, 173, 4, 2}, {3, 100, 400, 4, 3},
	} {
		first, n := count(test.seen, test.limit, test.maxBytes)
		if first != test.first || n != test.n {
			t.Errorf("after %d, limit %d, %d bytes: %d from %d; want %d from %d", test.seen, test.limit, test.maxBytes, n, first, test.n, test.first)
		}
	}
	_, _, err = s.After(ctx, eve.ID, c.ID, 0, 10, 1<<20)
	wantError(t, err, chat.NotFound, "chatId")
	_, _, err = s.After(ctx, "", "nowhere", 0, 10, 1<<20)
	wantError(t, err, chat.NotFound, "chatId")
	remove(t, s, ann, c, bob)
	_, _, err = s.After(ctx, bob.ID, c.ID, 0, 10, 1<<20)
	wantError(t, err, chat.NotFound, "chatId")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.After(ended, ann.ID, c.ID, 0, 10, 1<<20); err != context.Canceled {
		t.Fatalf("a context that ended: %v", err)
	}
}
