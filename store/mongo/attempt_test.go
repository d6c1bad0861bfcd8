package mongo_test

import (
	"context"
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

// A call whose first attempt gets no answer, as from a primary that was cut off, succeeds with
// the next one.
func TestAttemptWithoutAnswer(t *testing.T) {
	title := "new"
	for _, c := range []struct {
		name, hangs string // the first command of this name, or in a transaction
		do          func(ctx context.Context, db *mongo.DB, ann chat.User, a chat.Chat) error
	}{
		{"a post", "insert", func(ctx context.Context, db *mongo.DB, ann chat.User, a chat.Chat) error {
			_, err := appendDraft(ctx, db, chat.Event{Kind: chat.Posted, ChatID: a.ID, By: ann.ID, ClientID: "1", Text: "text"}, chat.Post)
			return err
		}},
		{"a name of a chat", "insert", func(ctx context.Context, db *mongo.DB, ann chat.User, a chat.Chat) error {
			_, err := appendDraft(ctx, db, chat.Event{Kind: chat.Renamed, ChatID: a.ID, By: ann.ID, ClientID: "1", Title: &title}, chat.Rename)
			return err
		}},
		{"the commit of a name of a chat", "commitTransaction", func(ctx context.Context, db *mongo.DB, ann chat.User, a chat.Chat) error {
			_, err := appendDraft(ctx, db, chat.Event{Kind: chat.Renamed, ChatID: a.ID, By: ann.ID, ClientID: "1", Title: &title}, chat.Rename)
			return err
		}},
		{"a name of the server", "update", func(ctx context.Context, db *mongo.DB, _ chat.User, _ chat.Chat) error {
			return db.RenameServer(ctx, "new")
		}},
		{"the commit of a name of the server", "commitTransaction", func(ctx context.Context, db *mongo.DB, _ chat.User, _ chat.Chat) error {
			return db.RenameServer(ctx, "new")
		}},
		{"a user", "find", func(ctx context.Context, db *mongo.DB, ann chat.User, _ chat.Chat) error {
			_, err := db.Users(ctx, []chat.UserID{ann.ID})
			return err
		}},
		{"chats", "aggregate", func(ctx context.Context, db *mongo.DB, ann chat.User, _ chat.Chat) error {
			_, err := db.ChatsOf(ctx, ann.ID, chat.ChatList{})
			return err
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var hanging, hung atomic.Bool
			proxy := server.Proxy(t, func(m mongotest.Command) mongotest.Action {
				if m.Name == c.hangs && hanging.CompareAndSwap(true, false) {
					hung.Store(true)
					return mongotest.Hang
				}
				return mongotest.Pass
			})
			db, err := mongo.OpenWithAttempts(t.Context(), proxy.URL(database(t)), slog.New(slog.DiscardHandler), time.Second)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			ann, a := newChat(t, db)
			hanging.Store(true)
			if err := c.do(t.Context(), db, ann, a); err != nil {
				t.Error(err)
			}
			if !hung.Load() {
				t.Errorf("no %s was sent", c.hangs)
			}
		})
	}
}

// Readiness is known after one attempt, although a read and a write hang.
func TestPingWhileTheServerHangs(t *testing.T) {
	var hanging atomic.Bool
	db := openBehind(t, func(mongotest.Command) mongotest.Action {
		if hanging.Load() {
			return mongotest.Hang
		}
		return mongotest.Pass
	}, "")
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	hanging.Store(true)
	began := time.Now()
	err := db.Ping(t.Context())
	if d := time.Since(began); !chat.Is(err, chat.Unavailable) || d > 7*time.Second {
		t.Errorf("%v after %v", err, d)
	}
}

// Every attempt of a commit waits for a majority's journals, and none is followed by an
// abort.
func TestCommitsWaitForTheJournal(t *testing.T) {
	var mu sync.Mutex
	var commits []bson.Raw // their write concerns
	var aborts int
	lose := 2
	db := openBehind(t, func(m mongotest.Command) mongotest.Action {
		mu.Lock()
		defer mu.Unlock()
		switch m.Name {
		case "abortTransaction":
			aborts++
		case "commitTransaction":
			commits = append(commits, slices.Clone(m.Body.Lookup("writeConcern").Document()))
			if lose--; lose >= 0 {
				return mongotest.Lose
			}
		}
		return mongotest.Pass
	}, "")
	if err := db.RenameServer(t.Context(), "new"); err != nil {
		t.Error(err)
	}
	if s, err := db.Server(t.Context()); err != nil || s.Name != "new" {
		t.Errorf("%+v, %v", s, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(commits) != 3 || aborts > 0 {
		t.Errorf("%d commits, %d aborts", len(commits), aborts)
	}
	for _, concern := range commits {
		w, _ := concern.Lookup("w").StringValueOK()
		if j, _ := concern.Lookup("j").BooleanOK(); w != "majority" || !j {
			t.Errorf("committed with %v", concern)
		}
	}
}
