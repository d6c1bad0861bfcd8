package storetest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"parley/chat"
)

// matchLists compares the model with the lists that the store reads by an index: pins,
// threads, and the messages that concern each member.
func (w *model) matchLists(t testing.TB, s chat.Store, viewer chat.UserID, id chat.ChatID) {
	t.Helper()
	ctx := context.Background()
	pins, err := s.Pins(ctx, viewer, id)
	must(t, err)
	equal(t, "pins", fmt.Sprint(seqsOf(pins)), fmt.Sprint(w.pins))
	threads := map[chat.Seq][]chat.Seq{}
	for _, seq := range slices.Sorted(maps.Keys(w.messages)) {
		root := cmp.Or(w.messages[seq].Root, seq)
		threads[root] = append(threads[root], seq)
	}
	left := 25 // of many, since each costs a call
	for _, want := range threads {
		if left--; left < 0 {
			break
		}
		var got []chat.Seq
		for after, more := chat.Seq(0), true; more; {
			p, err := s.Thread(ctx, viewer, id, want[len(want)-1], after, 7)
			must(t, err)
			got = append(got, seqsOf(p.Messages)...)
			after, more = got[len(got)-1], p.MoreAfter
		}
		equal(t, "a thread", fmt.Sprint(got), fmt.Sprint(want))
	}
	left = 10
	for u := range w.members {
		if left--; left < 0 {
			break
		}
		var want []chat.Seq
		for _, seq := range slices.Sorted(maps.Keys(w.messages)) {
			m := w.messages[seq]
			if m.DeletedAt == 0 && m.By != u && (slices.Contains(m.Mentions, u) || m.Reply != nil && m.Reply.By == u) {
				want = append(want, seq)
			}
		}
		slices.Reverse(want)
		equal(t, "mentions of "+string(u), fmt.Sprint(mentionsIn(t, s, u, id)), fmt.Sprint(want))
	}
}

// mentionsIn returns the messages of a chat that concern a user, newest first, read in
// pages.
func mentionsIn(t testing.TB, s chat.Store, u chat.UserID, id chat.ChatID) (seqs []chat.Seq) {
	t.Helper()
	var below chat.MentionPlace
	for {
		list, err := s.MentionsOf(context.Background(), u, below, 50)
		must(t, err)
		for _, m := range list {
			if m.ChatID == id {
				seqs = append(seqs, m.Seq)
			}
			below = chat.MentionPlace{At: m.At, Chat: m.ChatID, Seq: m.Seq}
		}
		if len(list) < 50 {
			return seqs
		}
	}
}

func seqsOf(messages []chat.Message) (seqs []chat.Seq) {
	for i := range messages {
		seqs = append(seqs, messages[i].Seq)
	}
	return seqs
}

// randomRead marks a random part of the chat as read, on three devices at once, or as
// unread again.
func randomRead(t *testing.T, r *rand.Rand, s chat.Store, w *model, u chat.UserID, id chat.ChatID) {
	t.Helper()
	ctx := context.Background()
	seq := 1 + chat.Seq(r.IntN(int(w.head)))
	_, member := w.members[u]
	if r.IntN(2) == 0 {
		_, err := s.PatchMine(ctx, id, u, chat.MinePatch{UnreadFrom: &seq})
		if !member {
			wantError(t, err, chat.NotFound)
			return
		}
		must(t, err)
		w.unreadFrom[u] = seq
		return
	}
	done := make(chan error)
	for i := range 3 {
		go func() {
			_, _, err := s.MarkRead(ctx, id, u, seq-min(seq-1, chat.Seq(i)))
			done <- err
		}()
	}
	for range 3 {
		if err := <-done; member {
			must(t, err)
		} else {
			wantError(t, err, chat.NotFound)
		}
	}
	if member {
		w.read(u, seq)
	}
}

// replayAcross is replay with two replicas, on each of which one half of the history is
// made: both return the same afterwards.
func replayAcross(t *testing.T, open opener) {
	r := rand.New(rand.NewPCG(3, 0))
	dir := t.TempDir()
	s := []chat.Store{open(t, dir), open(t, dir)}
	var people []chat.User
	for i := range 12 {
		people = append(people, account(t, s[i%2], fmt.Sprint("p", i)))
	}
	c := group(t, s[0], "garden", people[0], people[1:9]...)
	w := newModel(c)
	for _, e := range fullLog(t, s[1], c.ID) {
		w.apply(e)
	}
	for round := range 6 {
		for range 20 {
			o := try(t, s[r.IntN(2)], randomStep(r, people, c, int(w.head)))
			if o.err == nil && !o.again && o.ev.Seq != 0 {
				equal(t, "seq", o.ev.Seq, w.head+1)
				w.apply(o.ev)
			}
		}
		for range 6 {
			randomRead(t, r, s[r.IntN(2)], w, people[r.IntN(len(people))].ID, c.ID)
		}
		checkReplay(t, s[round%2], people[0].ID, c, w)
	}
}
