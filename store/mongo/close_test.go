package mongo_test

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

// Close waits for a server that hangs no longer than closeTimeout, and callers that wait
// for an answer get unavailable.
func TestCloseWhileTheServerHangs(t *testing.T) {
	var hanging atomic.Bool
	asked := make(chan string, 1000)
	db := openBehind(t, func(m mongotest.Command) mongotest.Action {
		if !hanging.Load() {
			return mongotest.Pass
		}
		asked <- m.Name
		return mongotest.Hang
	}, "")
	ann, a := newChat(t, db)
	b, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, By: ann.ID, Title: "other", ClientID: "other"})
	if err != nil {
		t.Fatal(err)
	}
	feed, err := db.OpenFeed(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hanging.Store(true)
	var waiting sync.WaitGroup
	title := "new"
	for _, draft := range []chat.Event{
		{Kind: chat.Posted, ChatID: a.ID, By: ann.ID, ClientID: "1", Text: "text"},
		{Kind: chat.Renamed, ChatID: b.ID, By: ann.ID, ClientID: "2", Title: &title},
	} {
		rule := map[chat.Kind]chat.Rule{chat.Posted: chat.Post, chat.Renamed: chat.Rename}[draft.Kind]
		waiting.Go(func() {
			if _, err := appendDraft(context.Background(), db, draft, rule); !chat.Is(err, chat.Unavailable) {
				t.Errorf("%s: %v", draft.Kind, err)
			}
		})
	}
	waiting.Go(func() {
		if err := db.RenameServer(context.Background(), "new"); !chat.Is(err, chat.Unavailable) {
			t.Errorf("rename: %v", err)
		}
	})
	for range 3 {
		<-asked
	}
	began := time.Now()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	waiting.Wait()
	if d := time.Since(began); d > 7*time.Second {
		t.Errorf("it took %v", d)
	}
	for _, err := range feed {
		if !errors.Is(err, chat.ErrFeedLost) {
			t.Errorf("the feed ended with %v", err)
		}
	}
}

// Callers that wait for a commit when the store closes get unavailable, and find what was
// committed.
func TestCloseWhileACommitHasNoAnswer(t *testing.T) {
	o := &outage{commit: mongotest.Lose}
	db := o.open(t)
	ann, a := newChat(t, db)
	o.waiting.Store(true)
	title := "new"
	draft := chat.Event{Kind: chat.Renamed, ChatID: a.ID, By: ann.ID, ClientID: "title", Title: &title}
	failed := make(chan error)
	go func() {
		_, err := appendDraft(context.Background(), db, draft, chat.Rename)
		failed <- err
	}()
	<-o.began // and it never ends
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := <-failed; !chat.Is(err, chat.Unavailable) {
		t.Errorf("the draft failed with %v", err)
	}
	other, err := mongo.Open(t.Context(), server.URL(database(t)), 10, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if ev, err := appendDraft(t.Context(), other, draft, chat.Rename); err != nil || ev.Seq != 2 {
		t.Errorf("repeated: %+v, %v", ev, err)
	}
}

// A caller whose context ends does not wait for a server that hangs, not even for the close
// of a cursor.
func TestReadEndsWithItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var hanging atomic.Bool
	db := openBehind(t, func(m mongotest.Command) mongotest.Action {
		if m.Name == "getMore" {
			hanging.Store(true)
			cancel()
		}
		if hanging.Load() {
			return mongotest.Hang
		}
		return mongotest.Pass
	}, "")
	ann, a := newChat(t, db)
	var posting sync.WaitGroup
	for i := range 150 { // more than a first batch has
		posting.Add(1)
		e := chat.Event{Kind: chat.Posted, ChatID: a.ID, By: ann.ID, ClientID: strconv.Itoa(i), Text: "text"}
		if err := db.Append(t.Context(), e, chat.Post, func(chat.Event, bool, error) { posting.Done() }); err != nil {
			t.Fatal(err)
		}
	}
	posting.Wait()
	began := time.Now()
	if _, _, err := db.After(ctx, "", a.ID, 0, 1000, 1<<20); !errors.Is(err, context.Canceled) {
		t.Errorf("read: %v", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("it took %v", d)
	}
}

// Open returns the error of its caller's context if that ended.
func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	url := server.Proxy(t, func(m mongotest.Command) mongotest.Action {
		if m.Name == "createIndexes" {
			cancel()
		}
		return mongotest.Pass
	}).URL(database(t))
	if db, err := mongo.Open(ctx, url, 10, slog.New(slog.DiscardHandler)); !errors.Is(err, context.Canceled) {
		t.Errorf("opened: %v, %v", db != nil, err)
	}
}
