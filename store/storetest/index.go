package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

// index tests the rows of the search index, which package search fills.
func index(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	data, revision, err := s.IndexManifest(ctx)
	must(t, err)
	if data != nil || revision != 0 {
		t.Fatalf("a manifest in a new store: %q, %d", data, revision)
	}
	leaf := func(segment int64, key, data string) chat.Leaf {
		return chat.Leaf{Segment: segment, Key: key, Data: []byte(data)}
	}
	change := func(c chat.IndexChange) error {
		c.Manifest = fmt.Append(nil, "manifest ", c.Revision+1)
		return s.ChangeIndex(ctx, c)
	}
	wantError(t, change(chat.IndexChange{Revision: 1}), chat.Conflict)
	must(t, change(chat.IndexChange{Put: []chat.Leaf{leaf(1, "b\x00", "b"), leaf(1, "\x00a", "a"), leaf(1, "東", "east"), leaf(2, "c", "other")}}))
	wantError(t, change(chat.IndexChange{Put: []chat.Leaf{leaf(1, "late", "")}}), chat.Conflict)
	data, revision, err = s.IndexManifest(ctx)
	must(t, err)
	equal(t, "manifest", fmt.Sprintf("%s %d", data, revision), "manifest 1 1")

	keys := func(segment int64, from, to string, limit int) (got []string) {
		t.Helper()
		leaves, err := s.Leaves(ctx, segment, from, to, limit)
		must(t, err)
		for _, l := range leaves {
			got = append(got, l.Key+"="+string(l.Data))
		}
		return got
	}
	for _, test := range []struct {
		from, to string
		limit    int
		want     []string
	}{
		{"", "\U0010FFFF", 9, []string{"\x00a=a", "b\x00=b", "東=east"}},
		{"", "\U0010FFFF", 2, []string{"\x00a=a", "b\x00=b"}},
		{"", "a", 9, []string{"\x00a=a", "b\x00=b"}},
		{"b", "b\x00", 9, []string{"b\x00=b"}},
		{"b\x00\x00", "c", 9, []string{"東=east"}},
		{"語", "語", 9, nil},
	} {
		if got := keys(1, test.from, test.to, test.limit); !slices.Equal(got, test.want) {
			t.Errorf("from %q to %q, %d: %q, want %q", test.from, test.to, test.limit, got, test.want)
		}
	}
	must(t, change(chat.IndexChange{Revision: 1, Remove: []chat.Leaf{leaf(1, "b\x00", "")}, Put: []chat.Leaf{leaf(1, "東", "tokyo"), leaf(1, "z", "")}}))
	if got := keys(1, "", "\U0010FFFF", 9); !slices.Equal(got, []string{"\x00a=a", "東=tokyo"}) && !slices.Equal(got, []string{"\x00a=a", "z=", "東=tokyo"}) {
		t.Errorf("after a change: %q", got)
	}
	for n := 0; ; n++ {
		more, err := s.DropSegment(ctx, 1, 2)
		must(t, err)
		if !more {
			break
		}
		if n > 3 {
			t.Fatal("a segment that is dropped for ever")
		}
	}
	if got := keys(1, "", "\U0010FFFF", 9); got != nil {
		t.Errorf("after the drop: %q", got)
	}
	if got := keys(2, "", "\U0010FFFF", 9); len(got) != 1 {
		t.Errorf("another segment: %q", got)
	}
	errs := make([]error, 2)
	errs[0], errs[1] = race(func(int) error { return change(chat.IndexChange{Revision: 2}) })
	wantOneWinner(t, chat.Conflict, errs[0], errs[1])
}

// indexed tests which events the index covers, and the records of texts that were replaced.
func indexed(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	tea, pot, gone := group(t, s, "tea", ann), group(t, s, "pot", ann), group(t, s, "gone", ann)
	revision := int64(0)
	change := func(c chat.IndexChange) {
		t.Helper()
		c.Revision, c.Manifest = revision, []byte("m")
		must(t, s.ChangeIndex(ctx, c))
		revision++
	}
	first := post(t, s, ann, tea, "first")
	unindexed := func() (list []chat.Indexed) {
		t.Helper()
		for after := chat.ChatID(""); ; {
			part, last, err := s.Unindexed(ctx, after, 2)
			must(t, err)
			list = append(list, part...)
			if after = last; last == "" {
				break
			}
		}
		for i := range list {
			list[i].FirstAt = 0
		}
		return list
	}
	want := func(what string, want ...chat.Indexed) {
		t.Helper()
		slices.SortFunc(want, func(a, b chat.Indexed) int { return strings.Compare(string(a.ChatID), string(b.ChatID)) })
		if got := unindexed(); !slices.Equal(got, want) {
			t.Fatalf("%s: %+v, want %+v", what, got, want)
		}
		for _, x := range want {
			of, err := s.IndexedOf(ctx, []chat.ChatID{x.ChatID, "nowhere"})
			must(t, err)
			if len(of) == 1 {
				of[0].FirstAt = 0
			}
			if !slices.Equal(of, []chat.Indexed{x}) {
				t.Fatalf("%s: IndexedOf says %+v, want %+v", what, of, x)
			}
		}
	}
	want("new chats", chat.Indexed{ChatID: tea.ID, First: 1, Head: 2}, chat.Indexed{ChatID: pot.ID, First: 1, Head: 1}, chat.Indexed{ChatID: gone.ID, First: 1, Head: 1})
	for after, n := chat.ChatID(""), 0; ; n++ {
		last, err := s.ResetIndexed(ctx, after, 2)
		must(t, err)
		if after = last; last == "" {
			equal(t, "parts", n, 2)
			break
		}
	}
	want("after the reset", chat.Indexed{ChatID: tea.ID, First: 3, Last: 2, Head: 2}, chat.Indexed{ChatID: pot.ID, First: 2, Last: 1, Head: 1}, chat.Indexed{ChatID: gone.ID, First: 2, Last: 1, Head: 1})
	of, err := s.IndexedOf(ctx, []chat.ChatID{tea.ID})
	must(t, err)
	if of[0].FirstAt == 0 {
		t.Error("the newest event that is not indexed has no time")
	}

	records := func() (list []chat.Replaced) {
		t.Helper()
		list, err := s.Replaced(ctx, 10)
		must(t, err)
		return list
	}
	edit := func(target chat.Seq, text string) {
		t.Helper()
		_, _, err := do(t, s, targeting(chat.Edited, ann, tea, target, text, text), chat.Edit)
		must(t, err)
	}
	edit(first, "second")
	if got := records(); len(got) != 0 {
		t.Fatalf("a message that is not covered: %+v", got)
	}
	// The index read the text before it was edited: it is recorded as it was read.
	message, err := s.Message(ctx, ann.ID, tea.ID, first)
	must(t, err)
	before, err := s.IndexedOf(ctx, []chat.ChatID{tea.ID})
	must(t, err)
	edit(first, "third")
	before[0].First, before[0].Last = 1, before[0].Head
	change(chat.IndexChange{Chats: before, Covered: []chat.Message{message}})
	edit(first, "fourth")
	_, _, err = do(t, s, targeting(chat.Deleted, ann, tea, first, "", ""), chat.Delete)
	must(t, err)
	var texts []string
	for _, r := range records() {
		m := r.Message
		texts = append(texts, m.Text)
		if m.ChatID != tea.ID || m.Seq != first || m.By != ann.ID || m.At != message.At {
			t.Fatalf("a record of %+v", m)
		}
	}
	if !slices.Equal(texts, []string{"second", "third", "fourth"}) {
		t.Fatalf("recorded %q", texts)
	}
	list, err := s.Replaced(ctx, 2)
	must(t, err)
	change(chat.IndexChange{Forget: list})
	if got := records(); len(got) != 1 || got[0].Message.Text != "fourth" {
		t.Fatalf("left are %+v", got)
	}
	change(chat.IndexChange{Forget: records()})

	_, _, err = do(t, s, chat.Event{Kind: chat.Left, ChatID: gone.ID, By: ann.ID}, chat.DeleteChat)
	must(t, err)
	deleted := records()
	if len(deleted) != 1 || deleted[0].Message.ChatID != gone.ID || deleted[0].Message.Seq != 0 {
		t.Fatalf("the deleted chat is recorded as %+v", deleted)
	}
	change(chat.IndexChange{Forget: deleted})
	of, err = s.IndexedOf(ctx, []chat.ChatID{gone.ID})
	must(t, err)
	if len(of) != 0 || len(records()) != 0 {
		t.Fatalf("after the deletion: %+v, %+v", of, records())
	}
	want("at the end", chat.Indexed{ChatID: tea.ID, First: 1, Last: before[0].Last, Head: 6}, chat.Indexed{ChatID: pot.ID, First: 2, Last: 1, Head: 1})
}
