package sqlite

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"parley/chat"
)

// A read after the acknowledgement of a change returns the change, whatever was read and
// cached before and during it. Above all, a member who was removed is none any more.
func TestReadCacheIsExact(t *testing.T) {
	db, _, ann, id := garden(t)
	bob := account(t, db, "bob")
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	base, err := db.head(t.Context(), ann, id)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		asking.Go(func() {
			for ctx.Err() == nil {
				_, _ = db.head(context.Background(), bob, id)
			}
		})
	}
	// Bob joins and leaves by turns, so that the head tells whether he is a member. A list
	// with the chat at a head at which he had left would make him live there.
	for _, who := range []chat.UserID{ann, bob} {
		asking.Go(func() {
			for ctx.Err() == nil {
				chats, err := db.ChatsOf(context.Background(), who, chat.ChatList{WithLast: 10})
				if err != nil {
					t.Error(err)
				}
				if who == bob && len(chats) == 1 && (chats[0].Head-base)%2 == 0 {
					t.Errorf("the list has bob in at head %d, where he had left", chats[0].Head)
				}
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
		if chats, err := db.ChatsOf(t.Context(), bob, chat.ChatList{WithLast: 1}); err != nil || len(chats) != 1 || chats[0].Head != joined {
			t.Fatalf("joined at %d, the list is %+v, %v", joined, chats, err)
		}
		change(chat.Event{Kind: chat.Left, Users: []chat.UserID{bob}}, chat.Leave)
		if head, err := db.head(t.Context(), bob, id); !chat.Is(err, chat.NotFound) {
			t.Fatalf("a user who left reads the head %d, %v", head, err)
		}
		if chats, err := db.ChatsOf(t.Context(), bob, chat.ChatList{WithLast: 1}); err != nil || len(chats) != 0 {
			t.Fatalf("a user who left has the list %+v, %v", chats, err)
		}
	}
}

func TestReadCacheIsBounded(t *testing.T) {
	var h readCache
	const pairs = 3 * maxReadCache / headSize
	for i := range pairs {
		h.put(chat.ChatID(rune(i%100)), chat.UserID(fmt.Sprint(i)), 1, 0)
	}
	n, size := 0, 0
	for _, a := range h.of {
		n, size = n+len(a.of), size+a.size
	}
	if h.size > maxReadCache || size != h.size || n*headSize != size || n == 0 {
		t.Errorf("%d pairs of %d bytes are cached, %d were counted", n, size, h.size)
	}
	last := pairs - 1
	h.begin([]chat.Notice{{Event: &chat.Event{ChatID: chat.ChatID(rune(last % 100))}}, {Signal: &chat.Signal{}}})
	if _, ok, _ := h.get(chat.ChatID(rune(last%100)), chat.UserID(fmt.Sprint(last))); ok || h.size >= size {
		t.Error("a chat that changes is not forgotten")
	}
}
