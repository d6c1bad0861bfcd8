package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"parley/chat"
)

const huge = chat.Seq(1<<64 - 1) // no event has this number

// page tests pages of a chat in which only the numbers 2, 5, 8, … are messages.
func page(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	c := group(t, s, "garden", ann)
	read := func(w chat.Window) (seqs []chat.Seq, p chat.Page) {
		t.Helper()
		p, err := s.Page(ctx, ann.ID, c.ID, w)
		must(t, err)
		for _, m := range p.Messages {
			seqs = append(seqs, m.Seq)
			equal(t, "chat of the message", m.ChatID, c.ID)
		}
		return seqs, p
	}

	if seqs, p := read(chat.Window{Limit: 10}); seqs != nil || p.MoreBefore || p.MoreAfter || p.Head != 1 {
		t.Fatalf("an empty chat: %+v", p)
	}
	for _, w := range []chat.Window{{Before: 5}, {After: 5}, {Around: 5}, {FromStart: true}} {
		w.Limit = 10
		if seqs, p := read(w); seqs != nil || p.MoreBefore || p.MoreAfter {
			t.Fatalf("an empty chat: %+v", p)
		}
	}
	var steps []step
	for i := range 10 { // messages 2, 5, …, 29; head 31
		id := strconv.Itoa(i)
		target := chat.Seq(2 + 3*i)
		steps = append(steps, step{posting(ann, c, id, "message "+id), chat.Post},
			step{targeting(chat.Edited, ann, c, target, "e"+id, "edited "+id), chat.Edit}, step{reacting(ann, c, target, "👍", true), chat.React})
	}
	for _, o := range appendAll(t, s, steps...) {
		must(t, o.err)
	}

	// Who has the page at this head is told so, and nothing else; a stranger is not.
	if seqs, p := read(chat.Window{Limit: 3, Known: 31}); seqs != nil || p.Head != 31 || p.MoreBefore {
		t.Fatalf("a known page: %+v", p)
	}
	if seqs, p := read(chat.Window{Limit: 3, Known: 30}); len(seqs) != 3 || p.Head != 31 {
		t.Fatalf("a page known as it was: %+v", p)
	}
	_, err := s.Page(ctx, eve.ID, c.ID, chat.Window{Limit: 3, Known: 31})
	wantError(t, err, chat.NotFound)

	for _, test := range []struct {
		w             chat.Window
		want          string
		before, after bool
	}{
		{chat.Window{Limit: 3}, "[23 26 29]", true, false},
		{chat.Window{Limit: 10}, "[2 5 8 11 14 17 20 23 26 29]", false, false},
		{chat.Window{Limit: 9}, "[5 8 11 14 17 20 23 26 29]", true, false},
		{chat.Window{Limit: 200}, "[2 5 8 11 14 17 20 23 26 29]", false, false},
		{chat.Window{Limit: 3, Before: 1}, "[]", false, true},
		{chat.Window{Limit: 3, Before: 2}, "[]", false, true},
		{chat.Window{Limit: 3, Before: 3}, "[2]", false, true},
		{chat.Window{Limit: 3, Before: 11}, "[2 5 8]", false, true},
		{chat.Window{Limit: 3, Before: 12}, "[5 8 11]", true, true},
		{chat.Window{Limit: 3, Before: 29}, "[20 23 26]", true, true},
		{chat.Window{Limit: 3, Before: 30}, "[23 26 29]", true, false},
		{chat.Window{Limit: 1, Before: huge}, "[29]", true, false},
		{chat.Window{Limit: 3, FromStart: true}, "[2 5 8]", false, true},
		{chat.Window{Limit: 10, FromStart: true}, "[2 5 8 11 14 17 20 23 26 29]", false, false},
		{chat.Window{Limit: 9, FromStart: true}, "[2 5 8 11 14 17 20 23 26]", false, true},
		{chat.Window{Limit: 3, After: 1}, "[2 5 8]", false, true},
		{chat.Window{Limit: 3, After: 2}, "[5 8 11]", true, true},
		{chat.Window{Limit: 3, After: 20}, "[23 26 29]", true, false},
		{chat.Window{Limit: 3, After: 28}, "[29]", true, false},
		{chat.Window{Limit: 3, After: 29}, "[]", true, false},
		{chat.Window{Limit: 3, After: huge}, "[]", true, false},
		{chat.Window{Limit: 1, Around: 14}, "[14]", true, true},
		{chat.Window{Limit: 4, Around: 14}, "[11 14 17 20]", true, true},
		{chat.Window{Limit: 5, Around: 14}, "[8 11 14 17 20]", true, true},
		{chat.Window{Limit: 5, Around: 16}, "[8 11 14 17 20]", true, true}, // no message itself
		{chat.Window{Limit: 5, Around: 2}, "[2 5 8 11 14]", false, true},
		{chat.Window{Limit: 5, Around: 1}, "[2 5 8 11 14]", false, true},
		{chat.Window{Limit: 5, Around: 29}, "[17 20 23 26 29]", true, false},
		{chat.Window{Limit: 5, Around: huge}, "[17 20 23 26 29]", true, false},
		{chat.Window{Limit: 200, Around: 14}, "[2 5 8 11 14 17 20 23 26 29]", false, false},
	} {
		seqs, p := read(test.w)
		if fmt.Sprint(seqs) != test.want || p.MoreBefore != test.before || p.MoreAfter != test.after || p.Head != 31 {
			t.Errorf("%+v: %v, before %v, after %v, head %d; want %v, %v, %v", test.w, seqs, p.MoreBefore, p.MoreAfter, p.Head, test.want, test.before, test.after)
		}
	}
	for _, limit := range []int{0, -1, 201} {
		_, err := s.Page(ctx, ann.ID, c.ID, chat.Window{Limit: limit})
		wantError(t, err, chat.BadInput, "limit")
	}
	for _, viewer := range []chat.UserID{eve.ID, "", "nobody"} {
		_, err := s.Page(ctx, viewer, c.ID, chat.Window{Limit: 1})
		if viewer != "" {
			wantError(t, err, chat.NotFound, "chatId")
			_, err = s.Message(ctx, viewer, c.ID, 2)
			wantError(t, err, chat.NotFound)
		}
	}
	_, err = s.Page(ctx, ann.ID, "nowhere", chat.Window{Limit: 1})
	wantError(t, err, chat.NotFound, "chatId")
	for _, miss := range []chat.Seq{0, 1, 3, 32, huge} {
		_, err := s.Message(ctx, ann.ID, c.ID, miss)
		wantError(t, err, chat.NotFound, "seq")
	}

	t.Run("the fields of a message", func(t *testing.T) {
		add := draft(chat.Joined, ann, c, "")
		add.Users = []chat.UserID{bob.ID} // 32
		reply := posting(bob, c, "reply", "hello @ann and @eve")
		reply.Reply = &chat.Quote{Seq: 5}
		for _, o := range appendAll(t, s, step{add, chat.Join}, step{reply, chat.Post},
			step{reacting(bob, c, 5, "👍", true), chat.React}, step{reacting(bob, c, 5, "🎉", true), chat.React}, step{reacting(ann, c, 5, "👍", false), chat.React}) {
			must(t, o.err)
		}
		m, err := s.Message(ctx, ann.ID, c.ID, 33)
		must(t, err)
		equal(t, "the reply", fmt.Sprint(m.By, m.ClientID, m.Text, *m.Reply, m.Mentions, m.EditedAt, m.DeletedAt, m.Reactions, m.At > 0),
			fmt.Sprint(bob.ID, "reply", "hello @ann and @eve", chat.Quote{Seq: 5, By: ann.ID, Text: "edited 1"}, []chat.UserID{ann.ID}, 0, 0, []chat.Reaction(nil), true))
		for viewer, mine := range map[chat.UserID]bool{ann.ID: false, bob.ID: true} {
			m, err := s.Message(ctx, viewer, c.ID, 5)
			must(t, err)
			equal(t, "reactions", fmt.Sprint(m.Reactions), fmt.Sprint([]chat.Reaction{{Emoji: "👍", Count: 1, Mine: mine, By: []chat.UserID{bob.ID}}, {Emoji: "🎉", Count: 1, Mine: mine, By: []chat.UserID{bob.ID}}}))
		}
		_, _, err = do(t, s, targeting(chat.Deleted, ann, c, 5, "", ""), chat.Delete)
		must(t, err)
		p, err := s.Page(ctx, bob.ID, c.ID, chat.Window{Around: 5, Limit: 1})
		must(t, err)
		m = p.Messages[0]
		if m.Seq != 5 || m.Text != "" || m.Mentions != nil || m.Reactions != nil || m.DeletedAt == 0 {
			t.Fatalf("a deleted message: %+v", m)
		}
		m, err = s.Message(ctx, ann.ID, c.ID, 33)
		must(t, err)
		equal(t, "the quote of a deleted text", *m.Reply, chat.Quote{Seq: 5, By: ann.ID})
	})
}

// messages tests that messages of several chats are read at once, as they are one by one.
func messages(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob, eve := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "eve")
	garden, orchard, private := group(t, s, "garden", ann, bob), group(t, s, "orchard", ann, bob), group(t, s, "private", eve, ann)
	first, second := post(t, s, ann, garden, "first"), post(t, s, bob, garden, "second, to @ann")
	third, hidden := post(t, s, ann, orchard, "third"), post(t, s, eve, private, "hidden")
	reply := posting(bob, garden, "reply", "a reply")
	reply.Reply = &chat.Quote{Seq: first}
	for _, o := range appendAll(t, s, step{reply, chat.Post}, step{reacting(bob, orchard, third, "👍", true), chat.React},
		step{targeting(chat.Edited, bob, garden, second, "", "edited"), chat.Edit}, step{targeting(chat.Deleted, ann, garden, first, "", ""), chat.Delete}) {
		must(t, o.err)
	}
	all := []chat.MessagePlace{{Chat: orchard.ID, Seq: third}, {Chat: garden.ID, Seq: second + 1}, {Chat: garden.ID, Seq: first}, {Chat: private.ID, Seq: hidden}, {Chat: garden.ID, Seq: second}}
	for viewer, want := range map[chat.UserID][]chat.MessagePlace{
		ann.ID:   all,
		bob.ID:   {all[0], all[1], all[2], all[4]},
		eve.ID:   {all[3]},
		"nobody": nil,
	} {
		asked := slices.Concat([]chat.MessagePlace{{Chat: garden.ID, Seq: 1}, {Chat: "nowhere", Seq: 1}, {Chat: orchard.ID, Seq: huge}, {Chat: garden.ID}}, all)
		got, err := s.Messages(ctx, viewer, asked)
		must(t, err)
		var each []chat.Message
		for _, p := range want {
			m, err := s.Message(ctx, viewer, p.Chat, p.Seq)
			must(t, err)
			each = append(each, m)
		}
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, each) {
			t.Errorf("%s: %+v, one by one %+v", viewer, got, each)
		}
	}
	got, err := s.Messages(ctx, ann.ID, nil)
	must(t, err)
	equal(t, "messages of no places", len(got), 0)
	places := make([]chat.MessagePlace, chat.MaxPage)
	for i := range places {
		places[i] = chat.MessagePlace{Chat: garden.ID, Seq: chat.Seq(i + 1)}
	}
	got, err = s.Messages(ctx, ann.ID, places)
	must(t, err)
	equal(t, "messages of one chat", fmt.Sprint(seqsOf(got)), fmt.Sprint([]chat.Seq{first, second, second + 1}))
	_, err = s.Messages(ctx, ann.ID, append(places, all[0]))
	wantError(t, err, chat.BadInput, "limit")
}

// removed tests that a member who is removed while they read gets nothing that was posted
// afterwards.
func removed(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann, bob := account(t, s, "ann"), account(t, s, "bob")
	c := group(t, s, "garden", ann)
	join, out := draft(chat.Joined, ann, c, ""), draft(chat.Left, ann, c, "")
	join.Users, out.Users = []chat.UserID{bob.ID}, []chat.UserID{bob.ID}
	for round := range 60 {
		joined := appendAll(t, s, step{join, chat.Join}, step{posting(ann, c, "in"+strconv.Itoa(round), "in time"), chat.Post})
		must(t, joined[1].err)
		last := joined[1].ev.Seq
		reading := make(chan error, 5)
		for _, read := range []func() (chat.Seq, error){
			func() (chat.Seq, error) {
				p, err := s.Page(ctx, bob.ID, c.ID, chat.Window{Limit: 1})
				if err != nil {
					return 0, err
				}
				return p.Messages[0].Seq, nil
			},
			func() (chat.Seq, error) {
				p, err := s.Page(ctx, bob.ID, c.ID, chat.Window{After: last, Limit: 1})
				if err != nil || len(p.Messages) == 0 {
					return 0, err
				}
				return p.Messages[0].Seq, nil
			},
			func() (chat.Seq, error) {
				m, err := s.Message(ctx, bob.ID, c.ID, last+2)
				if e := chat.AsError(err); e != nil && e.Field == "seq" {
					err = nil // not there yet
				}
				return m.Seq, err
			},
			func() (chat.Seq, error) {
				list, err := s.Messages(ctx, bob.ID, []chat.MessagePlace{{Chat: c.ID, Seq: last}, {Chat: c.ID, Seq: last + 2}})
				if len(list) == 0 && err == nil {
					err = chat.NoChat() // neither the one that bob might read
				}
				if err != nil {
					return 0, err
				}
				return list[len(list)-1].Seq, nil
			},
			func() (seq chat.Seq, err error) {
				events, _, err := s.After(ctx, bob.ID, c.ID, last, 10, 1<<20)
				for _, e := range events {
					seq = e.Seq
				}
				return seq, err
			},
		} {
			go func() {
				for {
					seq, err := read()
					if err == nil && seq <= last {
						continue
					}
					if err == nil {
						err = fmt.Errorf("bob was removed by %d and read %d", last+1, seq)
					}
					reading <- err
					return
				}
			}()
		}
		for _, o := range appendAll(t, s, step{out, chat.Leave}, step{posting(ann, c, "out"+strconv.Itoa(round), "too late"), chat.Post}) {
			must(t, o.err)
		}
		for range cap(reading) {
			wantError(t, <-reading, chat.NotFound, "chatId")
		}
	}
}

// reactions tests a message with more reactions than are listed: all are counted, the
// oldest users are listed, and Mine is right for each viewer.
func reactions(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	var others []chat.User
	for i := range chat.MaxReactBy + 10 {
		others = append(others, account(t, s, "u"+strconv.Itoa(i)))
	}
	c := group(t, s, "garden", ann, others...)
	seq := post(t, s, ann, c, "hello")
	var steps []step
	for _, u := range others {
		steps = append(steps, step{reacting(u, c, seq, "👍", true), chat.React})
	}
	last := others[len(others)-1]
	steps = append(steps, step{reacting(others[0], c, seq, "👍", false), chat.React}, step{reacting(last, c, seq, "👍", true), chat.React})
	got := appendAll(t, s, steps...)
	for _, o := range got {
		must(t, o.err)
	}
	equal(t, "number of the one that was there", got[len(got)-1].ev.Seq, 0)
	want := chat.Reaction{Emoji: "👍", Count: len(others) - 1}
	for _, u := range others[1 : 1+chat.MaxReactBy] {
		want.By = append(want.By, u.ID)
	}
	for viewer, mine := range map[chat.UserID]bool{ann.ID: false, others[0].ID: false, others[1].ID: true, last.ID: true} {
		want.Mine = mine
		m, err := s.Message(ctx, viewer, c.ID, seq)
		must(t, err)
		p, err := s.Page(ctx, viewer, c.ID, chat.Window{Limit: 1})
		must(t, err)
		for _, m := range append(p.Messages, m) {
			if len(m.Reactions) != 1 || !reflect.DeepEqual(m.Reactions[0], want) {
				t.Fatalf("reactions %+v, want %+v", m.Reactions, want)
			}
		}
	}
}
