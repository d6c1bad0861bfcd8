package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"parley/chat"
)

// order tests many callers in several chats: numbers have no holes, the events of each
// caller are in its order, every acknowledged one exists once, and n counts the posts.
func order(t *testing.T, open opener) {
	const callers, each = 12, 150
	ctx := context.Background()
	s := open(t, t.TempDir())
	ann := account(t, s, "ann")
	chats := []chat.Chat{group(t, s, "one", ann), group(t, s, "two", ann), group(t, s, "three", ann)}
	for _, c := range chats {
		post(t, s, ann, c, "edited by many")
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]chat.Seq{}
	for caller := range callers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range each {
				c := chats[(caller+i)%len(chats)]
				id := fmt.Sprintf("%d-%d", caller, i)
				draft, rule := posting(ann, c, id, id), chat.Post
				if i%7 == 6 { // and other kinds between
					draft, rule = targeting(chat.Edited, ann, c, 2, id, id), chat.Edit
				}
				wait.Add(1)
				err := s.Append(ctx, draft, rule, func(ev chat.Event, _ bool, err error) {
					defer wait.Done()
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					acked[string(c.ID)+id] = ev.Seq
					mu.Unlock()
				})
				if err != nil {
					t.Error(err)
					wait.Done()
				}
			}
		}()
	}
	wait.Wait()
	total := 0
	for _, c := range chats {
		events := fullLog(t, s, c.ID)
		total += len(events) - 2
		last := map[int]int{}
		n := chat.Seq(0)
		for i, e := range events {
			if e.Kind == chat.Posted {
				n++
			}
			equal(t, "seq", e.Seq, chat.Seq(i+1))
			equal(t, "n", e.N, n)
			if i < 2 {
				continue // joined, and what is edited
			}
			equal(t, "acknowledged number of "+e.ClientID, acked[string(c.ID)+e.ClientID], e.Seq)
			var caller, at int
			if _, err := fmt.Sscanf(e.ClientID, "%d-%d", &caller, &at); err != nil {
				t.Fatal(err)
			}
			if before, ok := last[caller]; ok && before >= at {
				t.Fatalf("caller %d: %d came after %d", caller, at, before)
			}
			last[caller] = at
		}
	}
	equal(t, "events", total, callers*each)
}

// fullLog reads a chat's log from its beginning, in pages.
func fullLog(t testing.TB, s chat.Store, id chat.ChatID) (all []chat.Event) {
	t.Helper()
	for {
		seen := chat.Seq(len(all))
		events, head, err := s.After(context.Background(), "", id, seen, 397, 1<<20)
		must(t, err)
		all = append(all, events...)
		if len(events) == 0 {
			equal(t, "head", head, seen)
			return all
		}
	}
}
