package sqlite

import (
	"context"
	"sync"
	"testing"

	"parley/chat"
)

// Whoever asks once a change was acknowledged hears of it, however many asked
// before and during it: a member who was removed, above all, is one no more.
func TestHeadsAreExact(t *testing.T) {
	db, _, ann, id := garden(t)
	bob := account(t, db, "bob")
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	for range 3 {
		asking.Go(func() {
			for ctx.Err() == nil {
				_, _ = db.head(context.Background(), bob, id)
			}
		})
	}
	change := func(draft chat.Event, rule chat.Rule) chat.Seq {
		done := make(chan chat.Seq, 1)
		draft.ChatID, draft.By = id, ann
		err := db.Append(t.Context(), draft, rule, func(ev chat.Event, _ bool, err error) {
			if err != nil {
				t.Error(err)
			}
			done <- ev.Seq
		})
		if err != nil {
			t.Fatal(err)
		}
		return <-done
	}
	for range 100 {
		joined := change(chat.Event{Kind: chat.Joined, Users: []chat.UserID{bob}}, chat.Join)
		if head, err := db.head(t.Context(), bob, id); head != joined || err != nil {
			t.Fatalf("joined at %d, the head is %d, %v", joined, head, err)
		}
		change(chat.Event{Kind: chat.Left, Users: []chat.UserID{bob}}, chat.Leave)
		if head, err := db.head(t.Context(), bob, id); !chat.Is(err, chat.NotFound) {
			t.Fatalf("who left sees the head %d, %v", head, err)
		}
	}
}

func TestHeadsAreBounded(t *testing.T) {
	var h heads
	for i := range 3 * maxHeads {
		h.put(chat.ChatID(rune(i%100)), chat.UserID(rune(i)), 1, 0)
	}
	n := 0
	for _, members := range h.of {
		n += len(members)
	}
	if n > maxHeads || n != h.n || n == 0 {
		t.Errorf("%d pairs are kept, %d were counted", n, h.n)
	}
	h.begin([]chat.Notice{{Event: &chat.Event{ChatID: chat.ChatID(rune(7))}}, {Signal: &chat.Signal{}}})
	if _, ok, _ := h.get(chat.ChatID(rune(7)), chat.UserID(rune(3*maxHeads-93))); ok || h.n >= n {
		t.Error("a chat that changes is not forgotten")
	}
}
