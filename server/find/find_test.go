package find

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
	"parley/search"
)

// fake is a Store of a user's chats and messages.
type fake struct {
	chats    []chat.Chat
	messages map[chat.MessagePlace]chat.Message
	err      error // of Messages
}

func (f *fake) ChatsOf(context.Context, chat.UserID, chat.ChatList) ([]chat.Chat, error) {
	return f.chats, nil
}

func (f *fake) Messages(_ context.Context, _ chat.UserID, places []chat.MessagePlace) (list []chat.Message, err error) {
	for _, p := range places {
		if m, ok := f.messages[p]; ok {
			list = append(list, m)
		}
	}
	return list, f.err
}

func (f *fake) UsersByHandle(_ context.Context, handles []string) (users []chat.User, err error) {
	if handles[0] == "ann" {
		users = append(users, chat.User{ID: "ann-id", Handle: "ann"})
	}
	return users, nil
}

func (f *fake) FindUsers(context.Context, string, string, int) ([]chat.User, string, error) {
	return []chat.User{{ID: "x", Active: false}, {ID: "y", Active: true}}, "", nil
}

// The dates of a query are days in the zone, and names become what the index knows.
func TestQueryOfTheIndex(t *testing.T) {
	var got search.Query
	var chats []chat.ChatID
	f := New(&fake{chats: []chat.Chat{{ID: "c1", Title: "Ops"}, {ID: "c2", With: "ann-id"}, {ID: "c3", Title: "ops"}}},
		func(_ context.Context, ids []chat.ChatID, q search.Query, _ int, _ string) ([]chat.MessagePlace, string, int64, error) {
			chats, got = ids, q
			return nil, "", 0, nil
		})
	f.now = func() time.Time { return time.Date(2026, 3, 15, 23, 30, 0, 0, time.UTC) } // the 16th in Berlin
	a, err := f.Search(context.Background(), "me", Question{Q: "word from:ann mentions:me in:OPS in:@ann on:today", Limit: 10, Zone: "Europe/Berlin"})
	if err != nil || len(a.ByName.Users) != 0 {
		t.Fatal(a, err)
	}
	if len(chats) != 3 || len(got.Chats) != 3 || got.Chats[0] != "c1" || got.Chats[1] != "c3" || got.Chats[2] != "c2" {
		t.Errorf("of %v, in %v", chats, got.Chats)
	}
	if from := time.UnixMilli(got.After).UTC(); from != time.Date(2026, 3, 15, 23, 0, 0, 0, time.UTC) || got.Before-got.After != 24*time.Hour.Milliseconds() {
		t.Errorf("from %v, %d ms", from, got.Before-got.After)
	}
	if m := (chat.Message{ChatID: "c1", At: got.After, By: "ann-id", Text: "words", Mentions: []chat.UserID{"me"}}); !got.Match(m) {
		t.Errorf("%+v does not match", m)
	}
	for _, m := range []chat.Message{{ChatID: "c1", At: got.After, By: "ann-id", Text: "words"}, {ChatID: "c1", At: got.After, By: "me", Text: "words", Mentions: []chat.UserID{"me"}}} {
		if got.Match(m) {
			t.Errorf("%+v matches", m)
		}
	}
	if a, err := f.Search(context.Background(), "me", Question{Q: "ops", Limit: 10}); err != nil || len(a.ByName.Users) != 1 || a.ByName.Users[0] != "y" || len(a.ByName.Chats) != 2 || len(a.Chats) != 2 {
		t.Errorf("by name: %+v, %v", a, err)
	}
}

// Hits keep their order, and an error of one read is the error of the search.
func TestReads(t *testing.T) {
	store := &fake{chats: []chat.Chat{{ID: "c"}}, messages: map[chat.MessagePlace]chat.Message{}}
	var hits []chat.MessagePlace
	for seq := chat.Seq(40); seq > 0; seq-- {
		h := chat.MessagePlace{Chat: "c", Seq: seq}
		hits = append(hits, h)
		if seq%3 > 0 {
			store.messages[h] = chat.Message{ChatID: "c", Seq: seq, Text: "a word"}
		}
	}
	f := New(store, func(context.Context, []chat.ChatID, search.Query, int, string) ([]chat.MessagePlace, string, int64, error) {
		return hits, "", 0, nil
	})
	a, err := f.Search(context.Background(), "me", Question{Q: "word", Limit: 50})
	if err != nil || len(a.Hits) != 27 {
		t.Fatal(len(a.Hits), err)
	}
	for i := range a.Hits[1:] {
		if a.Hits[i].Message.Seq <= a.Hits[i+1].Message.Seq {
			t.Errorf("%d before %d", a.Hits[i].Message.Seq, a.Hits[i+1].Message.Seq)
		}
	}
	store.err = errors.New("broken")
	if _, err := f.Search(context.Background(), "me", Question{Q: "word", Limit: 50}); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Error(err)
	}
}

// At most maxSearches run at a time; others wait, as long as their caller does.
func TestSearchesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, running := make(chan struct{}), 0
		f := New(&fake{}, func(context.Context, []chat.ChatID, search.Query, int, string) ([]chat.MessagePlace, string, int64, error) {
			running++
			<-hold
			return nil, "", 0, nil
		})
		done := make(chan error, 2*maxSearches)
		for range maxSearches {
			go func() {
				_, err := f.Search(context.Background(), "me", Question{Q: "word"})
				done <- err
			}()
			synctest.Wait()
		}
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			_, err := f.Search(ctx, "me", Question{Q: "word"})
			done <- err
		}()
		synctest.Wait()
		if running != maxSearches {
			t.Errorf("%d run", running)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		close(hold)
		for range maxSearches {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// A search that cannot end, as while the index is not filled, fails in time, and so do those
// that wait for it.
func TestSearchesEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := New(&fake{}, func(ctx context.Context, _ []chat.ChatID, _ search.Query, _ int, _ string) ([]chat.MessagePlace, string, int64, error) {
			<-ctx.Done()
			return nil, "", 0, ctx.Err()
		})
		done := make(chan error, 2*maxSearches)
		began := time.Now()
		for range 2 * maxSearches {
			go func() {
				_, err := f.Search(context.Background(), "me", Question{Q: "word"})
				done <- err
			}()
		}
		for range 2 * maxSearches {
			if err := <-done; !chat.Is(err, chat.Unavailable) || chat.AsError(err).RetryAfterMs == 0 || time.Since(began) != maxTime {
				t.Fatal(err, time.Since(began))
			}
		}
	})
}
