package mongo_test

import (
	"cmp"
	"context"
	"hash/fnv"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

// outage is a server that cannot be reached after a commit.
type outage struct {
	commit mongotest.Action // of that commit
	kill   bool             // the server forgets the transaction
	search time.Duration    // for a primary
	lasts  time.Duration

	down    atomic.Bool
	waiting atomic.Bool // for the commit
	began   chan struct{}
}

func (o *outage) decide(c mongotest.Command) mongotest.Action {
	if o.down.Load() {
		return mongotest.Close
	}
	if c.Name == "commitTransaction" && o.waiting.CompareAndSwap(true, false) {
		o.down.Store(true)
		close(o.began)
		return o.commit
	}
	return mongotest.Pass
}

// open opens a database of the test behind the outage.
func (o *outage) open(t *testing.T) *mongo.DB {
	o.search, o.lasts = cmp.Or(o.search, 200*time.Millisecond), cmp.Or(o.lasts, 700*time.Millisecond)
	o.began = make(chan struct{})
	return openBehind(t, o.decide, "&serverSelectionTimeoutMS="+strconv.FormatInt(o.search.Milliseconds(), 10))
}

// run waits for the commit, and ends the outage.
func (o *outage) run(t *testing.T) {
	<-o.began
	over := time.After(o.lasts)
	if o.kill {
		server.Kill()
		if err := server.Restart(); err != nil {
			t.Error(err)
		}
	}
	<-over
	o.down.Store(false)
}

// openBehind opens a database of the test behind a proxy.
func openBehind(t *testing.T, decide func(mongotest.Command) mongotest.Action, further string) *mongo.DB {
	t.Helper()
	url := server.Proxy(t, decide).URL(database(t)) + further
	db, err := mongo.Open(context.Background(), url, 10, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// A commit whose answer is lost is sent again until its outcome is known: the transaction
// is committed once, and all that was acknowledged is there.
func TestCommitWithoutAnswer(t *testing.T) {
	for _, c := range []struct {
		what string
		do   func(t *testing.T, db *mongo.DB, begin func()) error
		o    *outage
	}{
		// The server is back after the searches of two commits, in that of a third.
		{"a name, and the server forgot the transaction", rename, &outage{commit: mongotest.Close, kill: true, search: time.Second, lasts: 2400 * time.Millisecond}},
		{"a name, which is there", rename, &outage{commit: mongotest.Lose}},
		{"the setup code, and it is used", setUp, &outage{commit: mongotest.Lose}},
		{"a recovery, and it is used", recoverAccount, &outage{commit: mongotest.Lose}},
		{"a draft, and the server forgot the transaction", retitle, &outage{commit: mongotest.Close, kill: true}},
		{"a draft, and the server has the transaction", retitle, &outage{commit: mongotest.Close}},
		{"a draft, which is there", retitle, &outage{commit: mongotest.Lose}},
	} {
		t.Run(c.what, func(t *testing.T) {
			db := c.o.open(t)
			ended := make(chan struct{})
			err := c.do(t, db, func() {
				c.o.waiting.Store(true)
				go func() { defer close(ended); c.o.run(t) }()
			})
			if err != nil {
				t.Error(err)
			}
			<-ended
		})
	}
}

func rename(t *testing.T, db *mongo.DB, begin func()) error {
	begin()
	if err := db.RenameServer(t.Context(), "new"); err != nil {
		return err
	}
	s, err := db.Server(t.Context())
	if s.Name != "new" {
		t.Errorf("the server's name is %q", s.Name)
	}
	return err
}

func setUp(t *testing.T, db *mongo.DB, begin func()) error {
	s, err := db.Server(t.Context())
	if err != nil {
		return err
	}
	begin()
	n := newAccount("admin")
	n.Setup = s.Setup
	_, _, err = db.CreateAccount(t.Context(), n)
	return err
}

func recoverAccount(t *testing.T, db *mongo.DB, begin func()) error {
	ann, _, err := db.CreateAccount(t.Context(), newAccount("ann"))
	if err == nil {
		err = db.CreateRecovery(t.Context(), chat.Recovery{User: ann.ID, ExpiresAt: chat.Now() + 60_000}, chat.SecretHash("code"))
	}
	if err != nil {
		return err
	}
	begin()
	_, _, err = db.UseRecovery(t.Context(), chat.SecretHash("code"), "new", chat.NewSession{TokenHash: chat.SecretHash("recovered")})
	return err
}

func retitle(t *testing.T, db *mongo.DB, begin func()) error {
	ann, c := newChat(t, db)
	title := "new"
	draft := chat.Event{Kind: chat.Renamed, ChatID: c.ID, By: ann.ID, ClientID: "title", Title: &title}
	begin()
	ev, err := appendDraft(t.Context(), db, draft, chat.Rename)
	if err != nil {
		return err
	}
	events, head, err := db.After(t.Context(), "", draft.ChatID, 0, 10, 1<<20)
	if head != 2 || ev.Seq != 2 || len(events) != 2 || events[1].ClientID != "title" {
		t.Errorf("acknowledged as %d, the log: %+v, head %d", ev.Seq, events, head)
	}
	return err
}

// database is the name of the test's database.
func database(t *testing.T) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(filepath.Dir(t.TempDir()))) // other in every run
	return "b" + strconv.FormatUint(h.Sum64(), 36)
}

func newAccount(handle string) chat.NewAccount {
	return chat.NewAccount{Handle: handle, Name: handle, PasswordHash: "x", Session: chat.NewSession{TokenHash: chat.SecretHash(handle)}}
}

// appendDraft appends a draft and waits for the outcome.
func appendDraft(ctx context.Context, db *mongo.DB, draft chat.Event, rule chat.Rule) (ev chat.Event, err error) {
	done := make(chan struct{})
	if err := db.Append(ctx, draft, rule, func(e chat.Event, _ bool, failed error) { ev, err = e, failed; close(done) }); err != nil {
		return ev, err
	}
	<-done
	return ev, err
}
