package storetest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"parley/chat"
)

func draft(kind chat.Kind, by chat.User, c chat.Chat, clientID string) chat.Event {
	return chat.Event{Kind: kind, ChatID: c.ID, By: by.ID, ClientID: clientID}
}

func posting(by chat.User, c chat.Chat, clientID, text string) chat.Event {
	e := draft(chat.Posted, by, c, clientID)
	e.Text = text
	return e
}

func targeting(kind chat.Kind, by chat.User, c chat.Chat, target chat.Seq, clientID, text string) chat.Event {
	e := draft(kind, by, c, clientID)
	e.Target, e.Text = target, text
	return e
}

func reacting(by chat.User, c chat.Chat, target chat.Seq, emoji string, on bool) chat.Event {
	e := draft(chat.Reacted, by, c, "")
	e.Target, e.Emoji, e.On = target, emoji, &on
	return e
}

func pinning(by chat.User, c chat.Chat, target chat.Seq, on bool) chat.Event {
	e := draft(chat.Pinned, by, c, "")
	e.Target, e.On = target, &on
	return e
}

// outcome has the arguments with which done was called.
type outcome struct {
	ev    chat.Event
	again bool
	err   error
}

// step is one draft with its rule.
type step struct {
	draft chat.Event
	rule  chat.Rule
}

// appendAll queues all steps, from one caller, before it looks at any outcome.
func appendAll(t testing.TB, s chat.Store, steps ...step) []outcome {
	t.Helper()
	var wait sync.WaitGroup
	got := make([]outcome, len(steps))
	for i, st := range steps {
		wait.Add(1)
		must(t, s.Append(context.Background(), st.draft, st.rule, func(ev chat.Event, again bool, err error) {
			got[i] = outcome{ev, again, err}
			wait.Done()
		}))
	}
	wait.Wait()
	return got
}

// judged tests that a rule is judged at the head that its event extends: a draft that is
// queued after a removal or a deletion is judged after it, though it was queued before
// that was committed.
func judged(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	c := group(t, s, "garden", ann, bob)

	t.Run("a post behind its author's removal", func(t *testing.T) {
		out := draft(chat.Left, ann, c, "out")
		out.Users = []chat.UserID{bob.ID}
		got := appendAll(t, s, step{posting(bob, c, "b1", "in time"), chat.Post}, step{out, chat.Leave}, step{posting(bob, c, "b2", "too late"), chat.Post})
		must(t, got[0].err)
		must(t, got[1].err)
		equal(t, "reason", got[1].ev.Reason, "removed")
		wantError(t, got[2].err, chat.NotFound, "chatId")
		page, err := s.Page(context.Background(), ann.ID, c.ID, chat.Window{Limit: 10})
		must(t, err)
		equal(t, "messages", len(page.Messages), 1)
	})

	t.Run("an edit behind a deletion", func(t *testing.T) {
		got := appendAll(t, s,
			step{posting(ann, c, "a1", "a secret"), chat.Post},
			step{targeting(chat.Edited, ann, c, 5, "", "a secret, edited"), chat.Edit},
			step{targeting(chat.Deleted, ann, c, 5, "", ""), chat.Delete},
			step{targeting(chat.Edited, ann, c, 5, "", "a secret again"), chat.Edit},
			step{reacting(ann, c, 5, "👍", true), chat.React})
		for i, o := range got[:3] {
			must(t, o.err)
			equal(t, "seq", o.ev.Seq, chat.Seq(5+i))
		}
		wantError(t, got[3].err, chat.Conflict)
		wantError(t, got[4].err, chat.Conflict)
		m, err := s.Message(context.Background(), ann.ID, c.ID, 5)
		must(t, err)
		if m.Text != "" || m.DeletedAt == 0 {
			t.Fatalf("the text is back: %+v", m)
		}
	})

	t.Run("a user who is added twice at once", func(t *testing.T) {
		c := group(t, s, "added", ann)
		add := draft(chat.Joined, ann, c, "")
		add.Users = []chat.UserID{bob.ID, cid.ID}
		one := draft(chat.Joined, ann, c, "")
		one.Users = []chat.UserID{cid.ID}
		got := appendAll(t, s, step{add, chat.Join}, step{one, chat.Join}, step{posting(cid, c, "c1", "hello"), chat.Post})
		must(t, got[0].err)
		must(t, got[1].err)
		equal(t, "number of a change that changes nothing", got[1].ev.Seq, 0)
		equal(t, "the next number", got[2].ev.Seq, 3)
	})

	t.Run("a rule that panics fails alone", func(t *testing.T) {
		c := group(t, s, "panics", ann)
		boom := func(chat.View, *chat.Event) error { panic("a bug") }
		got := appendAll(t, s, step{posting(ann, c, "1", "before"), chat.Post}, step{posting(ann, c, "2", "boom"), boom},
			step{targeting(chat.Edited, ann, c, 2, "", "boom"), boom}, step{posting(ann, c, "3", "after"), chat.Post})
		must(t, got[0].err)
		wantError(t, got[1].err, chat.Internal)
		wantError(t, got[2].err, chat.Internal)
		must(t, got[3].err)
		equal(t, "the next number", got[3].ev.Seq, 3)
	})

	t.Run("no chat and no clientId", func(t *testing.T) {
		_, _, err := do(t, s, posting(ann, chat.Chat{ID: "nowhere"}, "1", "text"), chat.Post)
		wantError(t, err, chat.NotFound, "chatId")
		for _, clientID := range []string{"", "a\nb"} {
			err = s.Append(context.Background(), posting(ann, c, clientID, "text"), chat.Post, func(chat.Event, bool, error) { t.Error("done was called") })
			wantError(t, err, chat.BadInput, "clientId")
		}
	})

	t.Run("a text that is not UTF-8", func(t *testing.T) {
		err := s.Append(context.Background(), posting(ann, c, "latin", "caf\xe9\xff"), chat.Post, func(chat.Event, bool, error) { t.Error("done was called") })
		wantError(t, err, chat.BadInput, "text")
	})
}

// done tests that done is called once, after the commit, also for refused drafts, and never
// for those that were not queued.
func done(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	c := group(t, s, "garden", ann)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	var calls, queued int
	var mu sync.Mutex
	var wait sync.WaitGroup
	for i := range 200 {
		wait.Add(1)
		ctx := context.Background()
		if i%10 == 9 {
			ctx = ended // bounds the wait for a place alone
		}
		draft := posting(ann, c, strings.Repeat("i", i%64+1), "text")
		err := s.Append(ctx, draft, chat.Post, func(ev chat.Event, _ bool, err error) {
			mu.Lock()
			calls++
			mu.Unlock()
			if err == nil {
				// The commit is over: a reader sees it.
				if m, err := s.Message(context.Background(), ann.ID, c.ID, ev.Seq); err != nil || m.Seq != ev.Seq {
					t.Errorf("acknowledged but not there: %v", err)
				}
			}
			wait.Done()
		})
		if err == nil {
			queued++
		} else {
			wait.Done()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("not queued: %v", err)
			}
		}
	}
	wait.Wait()
	mu.Lock()
	defer mu.Unlock()
	equal(t, "calls of done", calls, queued)

	boom := make(chan struct{})
	must(t, s.Append(context.Background(), posting(ann, c, "boom", "text"), chat.Post, func(chat.Event, bool, error) { close(boom); panic("a bug") }))
	<-boom
	post(t, s, ann, c, "the store goes on")
}

// texts tests that texts are returned as they were posted, byte by byte.
func texts(t *testing.T, open opener) {
	dir := t.TempDir()
	s := open(t, dir)
	ann := account(t, s, "ann")
	c := group(t, s, "garden", ann)
	all := []string{
		"a\x00b\x00", "\x00", "𝄞🙂 \U0010fffe", "'; DROP TABLE messages; --", "\r\n\t \u2028", "é e\u0301",
		strings.Repeat("🙂", 4096), strings.Repeat("x", 199) + "é" + strings.Repeat("y", 16<<10-201), "{\"$gt\": \"\"}",
	}
	for i, text := range all {
		clientID := string(rune('a' + i))
		e := posting(ann, c, clientID, text)
		if i > 0 {
			e.Reply = &chat.Quote{Seq: chat.Seq(i + 1)}
		}
		ev, _, err := do(t, s, e, chat.Post)
		must(t, err)
		equal(t, "text of the event", ev.Text, text)
	}
	for range 2 {
		p, err := s.Page(context.Background(), ann.ID, c.ID, chat.Window{Limit: 50})
		must(t, err)
		equal(t, "messages", len(p.Messages), len(all))
		events, _, err := s.After(context.Background(), ann.ID, c.ID, 1, 50, 1<<20)
		must(t, err)
		for i, text := range all {
			equal(t, "text", p.Messages[i].Text, text)
			equal(t, "text in the log", events[i].Text, text)
			if i > 0 {
				equal(t, "quote", *p.Messages[i].Reply, chat.Quote{Seq: chat.Seq(i + 1), By: ann.ID, Text: chat.Cut(all[i-1], chat.MaxQuote)})
				equal(t, "quote in the log", *events[i].Reply, *p.Messages[i].Reply)
			}
		}
		must(t, s.Close())
		s = open(t, dir)
	}
}
