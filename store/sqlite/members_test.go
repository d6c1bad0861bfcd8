package sqlite

import (
	"runtime"
	"testing"

	"parley/chat"
)

func TestMarkReadAtOnce(t *testing.T) {
	db, _ := clocked(t)
	ctx := t.Context()
	ann := account(t, db, "ann")
	bob := account(t, db, "bob")
	c, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, By: ann, ClientID: "c", Members: []chat.UserID{bob}})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"3", "4", "5"} {
		draft := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: ann, ClientID: id, Text: id}
		if err := db.Append(ctx, draft, chat.Post, func(chat.Event, bool, error) {}); err != nil {
			t.Fatal(err)
		}
	}
	barrier(t, db)
	free := hold(t, db)

	// A call that moves nothing does not need the writer.
	if at, moved, err := db.MarkRead(ctx, c.ID, bob, 2); at != 2 || moved || err != nil {
		t.Fatal(at, moved, err)
	}

	// Both devices have read pointer 2. The slower one sends a lower number, which must
	// neither move the pointer back nor be reported as a move.
	type outcome struct {
		at    chat.Seq
		moved bool
		err   error
	}
	mark := func(seq chat.Seq, queued int) chan outcome {
		result := make(chan outcome, 1)
		go func() {
			at, moved, err := db.MarkRead(ctx, c.ID, bob, seq)
			result <- outcome{at, moved, err}
		}()
		for len(db.queue) < queued {
			runtime.Gosched()
		}
		return result
	}
	first := mark(5, 1)
	second := mark(4, 2)
	free()
	if got := <-first; got != (outcome{5, true, nil}) {
		t.Errorf("first %+v", got)
	}
	if got := <-second; got != (outcome{5, false, nil}) {
		t.Errorf("second %+v", got)
	}
	if at, _, err := db.MarkRead(ctx, c.ID, bob, 1); at != 5 || err != nil {
		t.Errorf("afterwards %d %v", at, err)
	}
}

// Ping checks the writer and the readers: readers that fail are an error also while the
// writer works.
func TestPingReads(t *testing.T) {
	db, _ := clocked(t)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.reads.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); !chat.Is(err, chat.Unavailable) {
		t.Fatalf("no reader, and yet: %v", err)
	}
}
