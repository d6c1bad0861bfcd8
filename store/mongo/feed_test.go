package mongo_test

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

const feedApp = "parley feed"

// A stream whose connection breaks unnoticed, or whose server answers but returns no
// changes any more, is opened again after what it returned. Until then the store is not
// ready.
func TestSilentFeedIsReopened(t *testing.T) {
	for _, c := range []struct {
		name string
		how  mongotest.Action
	}{{"the line is cut", mongotest.Hang}, {"empty batches", mongotest.Empty}} {
		t.Run(c.name, func(t *testing.T) {
			var silent, refusing atomic.Bool
			db := openBehind(t, func(m mongotest.Command) mongotest.Action {
				switch {
				case m.App == feedApp && m.Name == "getMore" && silent.Load():
					return c.how
				case m.App == feedApp && m.Name == "aggregate" && refusing.Load():
					return mongotest.Close
				}
				return mongotest.Pass
			}, "")
			mongo.SetSilence(db, 20*time.Millisecond, 500*time.Millisecond)
			ctx := limited(t)
			ann, a := newChat(t, db)
			next := follow(t, ctx, db)
			ready := func(want bool) {
				t.Helper()
				for {
					err := db.Ping(ctx)
					if ctx.Err() != nil {
						t.Fatalf("never became ready=%v", want)
					}
					if (err == nil) == want {
						if err != nil && !chat.Is(err, chat.Unavailable) {
							t.Errorf("not ready: %v", err)
						}
						return
					}
				}
			}
			ready(true)
			refusing.Store(true)
			silent.Store(true)
			post(t, db, ann, a, "while it is silent")
			ready(false)
			silent.Store(false)
			refusing.Store(false)
			if e := next(); e.ClientID != "while it is silent" {
				t.Errorf("the feed gave %+v", e)
			}
			ready(true)
		})
	}
}

// A feed begins at a time that later reads are not older than, and keeps it until it has a
// token: no change is missed between the two, whatever fails first.
func TestFeedKeepsItsStart(t *testing.T) {
	var mu sync.Mutex
	var opened []bson.Raw // the $changeStream stages
	var reads []bson.Raw  // the read concerns after the first of them
	var before func()     // the first stream
	tried := make(chan struct{}, 100)
	db := openBehind(t, func(m mongotest.Command) mongotest.Action {
		if m.App == feedApp && m.Name == "aggregate" {
			mu.Lock()
			defer mu.Unlock()
			if before != nil {
				before()
				before = nil
			}
			opened = append(opened, slices.Clone(m.Body.Lookup("pipeline", "0", "$changeStream").Document()))
			tried <- struct{}{}
		}
		if m.App == "parley" && m.Name == "aggregate" {
			mu.Lock()
			defer mu.Unlock()
			if doc, ok := m.Body.Lookup("readConcern").DocumentOK(); ok && len(opened) > 0 {
				reads = append(reads, slices.Clone(doc))
			}
		}
		return mongotest.Pass
	}, "")
	ctx := limited(t)
	ann, a := newChat(t, db)
	post(t, db, ann, a, "quoted")
	beside, err := mongo.Open(ctx, server.URL(database(t)), 10, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer beside.Close()
	before = func() {
		e := chat.Event{Kind: chat.Posted, ChatID: a.ID, By: ann.ID, ClientID: "answer", Text: "yes", Reply: &chat.Quote{Seq: 2}}
		if _, err := appendDraft(ctx, beside, e, chat.Post); err != nil {
			t.Error(err)
		}
		// What the answer refers to cannot be read at first.
		server.Fail(t, mongotest.Fault{Commands: []string{"find"}, Times: 1, Code: 112, AppName: "parley"})
	}
	next := follow(t, ctx, db)
	for range 2 {
		select {
		case <-tried:
		case <-ctx.Done():
			t.Fatal("the stream was not opened again")
		}
	}
	if e := next(); e.ClientID != "answer" {
		t.Errorf("the feed gave %+v", e)
	}
	if _, err := db.ChatsOf(ctx, ann.ID, chat.ChatList{}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	start := func(i int) bson.Timestamp {
		at, i32, _ := opened[i].Lookup("startAtOperationTime").TimestampOK()
		return bson.Timestamp{T: at, I: i32}
	}
	if start(0).IsZero() || start(1) != start(0) {
		t.Errorf("opened with %v, and again with %v", opened[0], opened[1])
	}
	if len(reads) == 0 {
		t.Fatal("nothing was read")
	}
	for _, r := range reads {
		at, i32, _ := r.Lookup("afterClusterTime").TimestampOK()
		if (bson.Timestamp{T: at, I: i32}).Before(start(0)) {
			t.Errorf("read with %v, the feed began at %v", r, start(0))
		}
	}
}

// limited is a context that ends if the test hangs. It has no deadline, which
// would be the driver's, too.
func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	timer := time.AfterFunc(20*time.Second, cancel)
	t.Cleanup(func() { timer.Stop(); cancel() })
	return ctx
}

// follow opens a feed. The function waits for its next event.
func follow(t *testing.T, ctx context.Context, db *mongo.DB) func() chat.Event {
	t.Helper()
	feed, err := db.OpenFeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	next, stop := iter.Pull2(feed)
	t.Cleanup(stop)
	return func() chat.Event {
		t.Helper()
		n, err, _ := next()
		if err != nil || n.Event == nil {
			t.Fatalf("the feed gave %+v, %v", n, err)
		}
		return *n.Event
	}
}

// newChat makes a user with a chat.
func newChat(t *testing.T, db *mongo.DB) (chat.User, chat.Chat) {
	t.Helper()
	ann, _, err := db.CreateAccount(t.Context(), newAccount("ann"))
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, By: ann.ID, Title: "old", ClientID: "make"})
	if err != nil {
		t.Fatal(err)
	}
	return ann, c
}

// post posts a text with itself as clientId.
func post(t *testing.T, db *mongo.DB, by chat.User, c chat.Chat, text string) {
	t.Helper()
	e := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: by.ID, ClientID: text, Text: text}
	if _, err := appendDraft(t.Context(), db, e, chat.Post); err != nil {
		t.Fatal(err)
	}
}
