package push

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"parley/chat"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/service"
	"parley/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// allOffline is a Presence of users who are all offline.
type allOffline struct{}

func (allOffline) State(chat.UserID) (bool, int64) { return false, 0 }

// pushRequest is what a push service got.
type pushRequest struct {
	device string // the end of the endpoint
	at     time.Duration
	header http.Header
}

// testPushes are the pushes of a server, in a bubble of testing/synctest, that go to one push
// service in memory.
type testPushes struct {
	*Pushes
	t      testing.TB
	host   string // of the push service for the users that are made from now on
	store  chat.Store
	began  time.Time
	answer func(r *http.Request, device string) (*http.Response, error) // of the push service

	reads     atomic.Int64 // of the queue
	savesFail atomic.Bool  // of what became of pushes
	namesFail atomic.Bool
	failed    atomic.Int64 // calls that failed so

	showingFail atomic.Bool // reads of what devices may show

	mu   sync.Mutex
	got  []pushRequest // guarded by mu
	sent []string      // guarded by mu: results
	logs strings.Builder
}

// testStore counts, and fails if it is told to.
type testStore struct {
	chat.Store
	x *testPushes
}

func (s testStore) QueuedPushes(ctx context.Context, limit int) ([]chat.QueuedPush, error) {
	s.x.reads.Add(1)
	return s.Store.QueuedPushes(ctx, limit)
}

func (s testStore) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	if s.x.namesFail.Load() {
		s.x.failed.Add(1)
		return nil, chat.Fail(chat.Unavailable, "the store is away")
	}
	return s.Store.Users(ctx, ids)
}

func (s testStore) ShowingSubscriptions(ctx context.Context, limit int) ([]chat.Subscription, error) {
	if s.x.showingFail.Load() {
		s.x.failed.Add(1)
		return nil, chat.Fail(chat.Unavailable, "the store is away")
	}
	return s.Store.ShowingSubscriptions(ctx, limit)
}

func (s testStore) EndPushes(ctx context.Context, ended, again []chat.QueuedPush, states map[chat.SessionID]chat.PushState) error {
	if s.x.savesFail.Load() {
		s.x.failed.Add(1)
		return chat.Fail(chat.Unavailable, "the disk is full")
	}
	return s.Store.EndPushes(ctx, ended, again, states)
}

// newTestPushes returns pushes that are not run.
func newTestPushes(t testing.TB) *testPushes {
	t.Helper()
	x := newTestPushesOn(t, t.TempDir())
	t.Cleanup(func() { _ = x.store.Close() })
	return x
}

// newTestPushesOn returns pushes that are not run, on the database in a folder. The caller closes
// the store.
func newTestPushesOn(t testing.TB, dir string) *testPushes {
	t.Helper()
	x := &testPushes{t: t, host: "push.example", began: time.Now(), answer: func(*http.Request, string) (*http.Response, error) { return status(201), nil }}
	log := slog.New(slog.NewTextHandler(x, nil))
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "parley.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	x.store = store
	sampler := middleware.NewLogSampler(log)
	events := audit.New(log, sampler)
	x.Pushes = New(Config{Service: service.New(service.Config{Store: testStore{store, x}, Errors: service.ErrorLog{Log: log, Sampler: sampler}, Audit: events}),
		Log: log, Audit: events, On: true, Transport: x, Presence: allOffline{}, Sent: x.note})
	return x
}

// inBubble calls f in a bubble, with pushes that run until it returns.
func inBubble(t *testing.T, f func(x *testPushes)) {
	t.Helper()
	inBubbleOn(t, t.TempDir(), f)
}

// inBubbleOn is inBubble on the database in a folder.
func inBubbleOn(t *testing.T, dir string, f func(x *testPushes)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		x := newTestPushesOn(t, dir)
		ctx, stop := context.WithCancel(t.Context())
		ran := make(chan struct{})
		go func() {
			defer close(ran)
			if err := x.Run(ctx); err != nil {
				t.Error(err)
			}
		}()
		defer func() { // also after FailNow
			stop()
			<-ran
			if err := x.store.Close(); err != nil {
				t.Error(err)
			}
			if s := x.logs.String(); strings.Contains(s, "push.example") || strings.Contains(s, "level=ERROR") && x.failed.Load() == 0 {
				t.Errorf("the log: %s", s)
			}
		}()
		f(x)
	})
}

// Write collects the log.
func (x *testPushes) Write(b []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.logs.Write(b)
}

func (x *testPushes) note(result string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.sent = append(x.sent, result)
}

// RoundTrip is the push service.
func (x *testPushes) RoundTrip(r *http.Request) (*http.Response, error) {
	device := strings.TrimPrefix(r.URL.Path, "/")
	x.mu.Lock()
	x.got = append(x.got, pushRequest{device, time.Since(x.began), r.Header})
	x.mu.Unlock()
	answer, err := x.answer(r, device)
	if answer != nil {
		answer.Request = r
	}
	return answer, err
}

// status returns an answer; header has names and values in turn.
func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("because"))}
}

// of returns the pushes that a device got, and forgets them.
func (x *testPushes) of(device string) (got []pushRequest) {
	x.mu.Lock()
	defer x.mu.Unlock()
	rest := x.got[:0]
	for _, p := range x.got {
		if p.device == device {
			got = append(got, p)
		} else {
			rest = append(rest, p)
		}
	}
	x.got = rest
	return got
}

// times returns when pushes came.
func times(pushes []pushRequest) (list []time.Duration) {
	for _, p := range pushes {
		list = append(list, p.at)
	}
	return list
}

// gaps returns the times between pushes.
func gaps(pushes []pushRequest) (list []time.Duration) {
	for i := 1; i < len(pushes); i++ {
		list = append(list, pushes[i].at-pushes[i-1].at)
	}
	return list
}

// user creates a user, with a device that is subscribed.
func (x *testPushes) user(name string) (chat.User, chat.SessionID) {
	x.t.Helper()
	u, session, err := x.store.CreateAccount(x.t.Context(), chat.NewAccount{Handle: name, Name: name, Session: chat.NewSession{TokenHash: chat.SecretHash(chat.NewSecret())}})
	if err != nil {
		x.t.Fatal(err)
	}
	x.subscribe(u.ID, session.ID, name)
	return u, session.ID
}

func (x *testPushes) subscribe(u chat.UserID, session chat.SessionID, device string) {
	x.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		x.t.Fatal(err)
	}
	if err := x.store.Subscribe(x.t.Context(), chat.Subscription{Session: session, User: u, Endpoint: "https://" + x.host + "/" + device,
		P256dh: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: "AAAAAAAAAAAAAAAAAAAAAA"}); err != nil {
		x.t.Fatal(err)
	}
	select {
	case x.begun <- struct{}{}:
	default:
	}
}

// group creates a group by ann of the others.
func (x *testPushes) group(ann chat.User, others ...chat.User) chat.ChatID {
	x.t.Helper()
	n := chat.NewChat{Kind: chat.Group, Title: "Group", By: ann.ID, ClientID: chat.NewID[string]()}
	for _, u := range others {
		n.Members = append(n.Members, u.ID)
	}
	c, _, err := x.store.CreateChat(x.t.Context(), n)
	if err != nil {
		x.t.Fatal(err)
	}
	return c.ID
}

// users creates n users, each with a device of the same name.
func (x *testPushes) users(n int) (list []chat.User) {
	for i := range n {
		u, _ := x.user(fmt.Sprint("user", i))
		list = append(list, u)
	}
	return list
}

// direct creates the direct chat of two users.
func (x *testPushes) direct(ann, bob chat.User) chat.ChatID {
	x.t.Helper()
	c, _, err := x.store.CreateChat(x.t.Context(), chat.NewChat{Kind: chat.Direct, By: ann.ID, ClientID: chat.NewID[string](), Members: []chat.UserID{bob.ID}})
	if err != nil {
		x.t.Fatal(err)
	}
	return c.ID
}

// post posts a message.
func (x *testPushes) post(by chat.User, id chat.ChatID, text string) {
	x.t.Helper()
	posted := make(chan chat.Event, 1)
	if err := x.store.Append(x.t.Context(), chat.Event{Kind: chat.Posted, ChatID: id, By: by.ID, ClientID: chat.NewID[string](), Text: text}, chat.Post, func(ev chat.Event, _ bool, err error) {
		if err != nil {
			x.t.Error(err)
		}
		posted <- ev
	}); err != nil {
		x.t.Fatal(err)
	}
	ev := <-posted
	x.Published(&ev)
}

// queued returns how many pushes are queued.
func (x *testPushes) queued() int {
	x.t.Helper()
	n, _, err := x.store.CountPushes(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	return n
}

// last returns what became of the last push to a session; ok is false without a subscription.
func (x *testPushes) last(id chat.SessionID) (last chat.PushResult, ok bool) {
	x.t.Helper()
	s, ok, err := x.store.Subscription(x.t.Context(), id)
	if err != nil {
		x.t.Fatal(err)
	}
	if s.Last != nil {
		last = *s.Last
	}
	return last, ok
}
