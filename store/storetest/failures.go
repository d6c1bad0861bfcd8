package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"

	"parley/chat"
)

// withFailure runs three replicas, two chats, and a dozen authors who retry commands without
// an answer on another replica; each replica has a feed. In the end every event exists
// once, with the number that was acknowledged, every feed yielded the whole log, and the
// clientId of every command that changed nothing is known.
func withFailure(t *testing.T, open opener, failure Failure) {
	const replicas, authors, each = 3, 12, 20
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	dir := t.TempDir()
	var s []chat.Store
	for range replicas {
		s = append(s, open(t, dir))
	}
	ann := account(t, s[0], "ann")
	chats := []chat.Chat{group(t, s[0], "one", ann), group(t, s[0], "two", ann)}
	for _, c := range chats {
		post(t, s[0], ann, c, "edited by many")
	}
	var readers []*reader
	var reading sync.WaitGroup
	for i := range s {
		r := &reader{s: s[i], logs: map[chat.ChatID][]chat.Event{}, feedLost: make(chan struct{})}
		for _, c := range chats {
			r.logs[c.ID] = fullLog(t, s[i], c.ID)
		}
		must(t, r.open(ctx))
		readers = append(readers, r)
		reading.Go(func() {
			if err := r.read(ctx); err != nil {
				t.Error(err)
			}
		})
	}

	var mu sync.Mutex
	acked := map[string]chat.Seq{}
	retries := 0
	failure.Around(t, func() {
		var writing sync.WaitGroup
		for author := range authors {
			writing.Go(func() {
				for i := range each {
					c := chats[(author+i)%len(chats)]
					id := fmt.Sprint(author, "-", i)
					draft, rule := posting(ann, c, id, id), chat.Post
					switch i % 5 {
					case 3:
						draft, rule = reacting(ann, c, 2, untouched, false), chat.React
						draft.ClientID = id
					case 4:
						draft, rule = targeting(chat.Edited, ann, c, 2, id, id), chat.Edit
					}
					for try := 0; ; try++ {
						ev, _, err := do(t, s[(author+try)%replicas], draft, rule)
						if chat.Is(err, chat.Unavailable) {
							mu.Lock()
							retries++
							mu.Unlock()
							continue
						}
						if err != nil {
							t.Errorf("%s: %v", id, err)
						}
						mu.Lock()
						acked[string(c.ID)+id] = ev.Seq
						mu.Unlock()
						break
					}
				}
			})
		}
		writing.Wait()
		if failure.LosesFeed {
			for _, r := range readers {
				<-r.feedLost
			}
		}
	})
	for _, c := range chats {
		post(t, s[1], ann, c, "last")
	}
	reading.Wait()
	total := 0
	for _, c := range chats {
		log := checkReplay(t, s[2], ann.ID, c)
		total += len(log) - 3 // joined, what is edited, and last
		for _, e := range log[2 : len(log)-1] {
			equal(t, "number of "+e.ClientID, acked[string(c.ID)+e.ClientID], e.Seq)
		}
		for i, r := range readers {
			if failure.LosesFeed && r.lost == 0 {
				t.Fatalf("the feed of replica %d was not lost", i)
			}
			got := r.logs[c.ID]
			equal(t, fmt.Sprint("events on replica ", i), len(got), len(log))
			for j := range got {
				equal(t, "clientId", got[j].ClientID, log[j].ClientID)
			}
		}
	}
	equal(t, "events", total, authors*each*4/5)
	for author := range authors {
		for i := 3; i < each; i += 5 { // what changed nothing changes nothing later
			id := fmt.Sprint(author, "-", i)
			late := reacting(ann, chats[(author+i)%len(chats)], 2, untouched, true)
			late.ClientID = id
			wantUnchanged(t, id, try(t, s[i%replicas], step{late, chat.React}), true)
		}
	}
	t.Logf("%d retries, feeds lost: %d %d %d", retries, readers[0].lost, readers[1].lost, readers[2].lost)
}

// reader collects the logs of chats from one replica's feed.
type reader struct {
	s    chat.Store
	feed iter.Seq2[chat.Notice, error]
	logs map[chat.ChatID][]chat.Event
	lost int

	feedLost chan struct{} // closed when the feed was lost, or read ended
}

// open opens the feed, and tries again while the store is unavailable.
func (r *reader) open(ctx context.Context) (err error) {
	for {
		if r.feed, err = r.s.OpenFeed(ctx); !chat.Is(err, chat.Unavailable) {
			return err
		}
	}
}

// read reads until every log has its last post. After the loss of a feed it opens another
// and reads the missing events from the log.
func (r *reader) read(ctx context.Context) error {
	shake := sync.OnceFunc(func() { close(r.feedLost) })
	defer shake()
	for {
		for n, err := range r.feed {
			if errors.Is(err, chat.ErrFeedLost) {
				r.lost++
				shake()
				break
			}
			if err != nil {
				return err
			}
			if n.Event == nil {
				continue
			}
			if err := r.add(*n.Event); err != nil || r.done() {
				return err
			}
		}
		if err := r.open(ctx); err != nil {
			return err
		}
		if err := r.fill(ctx); err != nil || r.done() {
			return err
		}
	}
}

// add appends the next event of a log; earlier ones may be repeated.
func (r *reader) add(e chat.Event) error {
	log := r.logs[e.ChatID]
	switch at := int(e.Seq); {
	case at == len(log)+1:
		r.logs[e.ChatID] = append(log, e)
	case at > len(log)+1:
		return fmt.Errorf("the feed gave %d after %d", at, len(log))
	}
	return nil
}

func (r *reader) fill(ctx context.Context) error {
	for id := range r.logs {
		for {
			seen := chat.Seq(len(r.logs[id]))
			events, head, err := r.s.After(ctx, "", id, seen, 100, 1<<20)
			if chat.Is(err, chat.Unavailable) {
				continue
			}
			if err != nil {
				return err
			}
			for _, e := range events {
				if err := r.add(e); err != nil {
					return err
				}
			}
			if seen+chat.Seq(len(events)) >= head {
				break
			}
		}
	}
	return nil
}

func (r *reader) done() bool {
	for _, log := range r.logs {
		if len(log) == 0 || log[len(log)-1].ClientID != "last" {
			return false
		}
	}
	return true
}
