package session

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/live"
	"parley/server/service"
	"parley/store/sqlite"
	"parley/wire"
)

// patience is the timeout of every wait in these tests; reaching it is a failure.
const patience = 10 * time.Second

// fixture is the server without its transports, with its own store.
type fixture struct {
	t        *testing.T
	store    chat.Store
	service  *service.Service
	hub      *hub.Hub
	live     *live.Live
	sessions *Sessions
}

// start builds a fixture; change may replace the store or parts of the configuration.
func start(t *testing.T, store func(chat.Store) chat.Store, change func(*Config)) *fixture {
	log := slog.New(slog.DiscardHandler)
	db, err := sqlite.Open(context.Background(), filepath.Join(t.TempDir(), "parley.db"), log)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, store: db, hub: hub.New(hub.Config{Codecs: len(wire.Codecs)})}
	wrapped := chat.Store(db)
	if store != nil {
		wrapped = store(db)
	}
	sampler := middleware.NewLogSampler(log)
	events := audit.New(log, sampler)
	f.service = service.New(service.Config{Store: wrapped, Errors: service.ErrorLog{Log: log, Sampler: sampler}, Audit: events, Limits: service.Limits{Text: 16 << 10, Body: 1 << 20},
		Appended: func(chat.Kind, time.Time, chat.Event, bool, error) {}})
	f.live = live.New(live.Config{Store: f.service, Hub: f.hub, Log: log, TextChanged: f.service.Pages.Clear, UsersChanged: f.service.Clear,
		Published: func(*chat.Event) {}, Read: func(chat.UserID) {}, FeedOpened: func() {}, FeedLost: func() {}, Intervals: live.Intervals{Announce: time.Hour}})
	c := Config{Service: f.service, Hub: f.hub, Presence: f.live.Presence, Log: log, Audit: events, Ready: f.live.Await, Heartbeat: 25 * time.Second,
		Closed: func(int) {}, LogRead: func() {}}
	if change != nil {
		change(&c)
	}
	f.sessions = New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- f.live.Run(ctx) }()
	t.Cleanup(func() {
		bounded, release := context.WithTimeout(context.Background(), patience)
		defer release()
		f.service.Stop(bounded)
		if err := f.hub.Close(bounded); err != nil {
			t.Error(err)
		}
		cancel()
		<-ran
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := f.live.Await(ctx); err != nil {
		t.Fatal(err)
	}
	return f
}

// account creates an account and returns it with a token.
func (f *fixture) account(handle string) (chat.User, string) {
	f.t.Helper()
	token := chat.NewSecret()
	u, _, err := f.store.CreateAccount(context.Background(), chat.NewAccount{Handle: handle, Name: handle, PasswordHash: "x",
		Session: chat.NewSession{TokenHash: chat.SecretHash(token)}})
	if err != nil {
		f.t.Fatal(err)
	}
	return u, token
}

func (f *fixture) chat(kind chat.ChatKind, by chat.User, members ...chat.UserID) chat.ChatID {
	f.t.Helper()
	c, _, err := f.store.CreateChat(context.Background(), chat.NewChat{Kind: kind, By: by.ID, ClientID: chat.NewID[string](), Members: members})
	if err != nil {
		f.t.Fatal(err)
	}
	return c.ID
}

// fakeTransport is a transport that collects the values that its session writes.
type fakeTransport struct {
	t *testing.T
	*Session

	mu      sync.Mutex
	values  []value       // guarded by mu
	arrived chan struct{} // guarded by mu; closed when something comes
	code    int           // guarded by mu: close code, 0 while open

	id int // owned by the test
}

type value struct {
	Re     int             `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *chat.Error     `json:"error"`
	Event  chat.Kind       `json:"event"`
	Signal string          `json:"signal"`
	ChatID chat.ChatID     `json:"chatId"`
	Seq    chat.Seq        `json:"seq"`
	By     chat.UserID     `json:"by"`
	Online bool            `json:"online"`
	Text   string          `json:"text"`
}

func (p *fakeTransport) Write(b []byte, text bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range bytes.Split(bytes.TrimSpace(b[hub.Headroom:]), []byte("\n")) {
		var v value
		if err := json.Unmarshal(line, &v); err != nil || !text {
			p.t.Errorf("%q: %v", line, err)
		}
		p.values = append(p.values, v)
	}
	p.notify()
	return nil
}

func (p *fakeTransport) Ping() error { return nil }

func (p *fakeTransport) Close(code int, _ string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.code = code
	p.notify()
	go p.Finish() // as a read loop that ends
}

func (p *fakeTransport) notify() {
	close(p.arrived)
	p.arrived = make(chan struct{})
}

// open opens a session over a fakeTransport.
func (f *fixture) open() *fakeTransport {
	p := &fakeTransport{t: f.t, arrived: make(chan struct{})}
	p.Session = f.sessions.Open(p, wire.JSON, Peer{Address: "192.0.2.1"})
	return p
}

// connect opens a session, sends hello and resume, and waits until its chats are live.
func (f *fixture) connect(token string) *fakeTransport {
	f.t.Helper()
	p := f.open()
	p.ask(map[string]any{"do": "hello", "token": token})
	p.ask(map[string]any{"do": "resume"})
	p.await("caughtUp", func(v *value) bool { return v.Signal == wire.SignalCaughtUp })
	return p
}

// send sends one command and returns its id.
func (p *fakeTransport) send(cmd map[string]any) int {
	p.id++
	cmd["id"] = p.id
	_ = p.Handle(true, wire.JSON.Encode(cmd))
	return p.id
}

// ask sends one command and waits for its reply.
func (p *fakeTransport) ask(cmd map[string]any) value {
	p.t.Helper()
	return p.reply(p.send(cmd))
}

func (p *fakeTransport) reply(id int) value {
	p.t.Helper()
	return p.await("a reply", func(v *value) bool { return v.Re == id })
}

// await waits for the first value that matches and removes it.
func (p *fakeTransport) await(what string, match func(*value) bool) value {
	p.t.Helper()
	timeout := time.After(patience)
	for {
		p.mu.Lock()
		for i := range p.values {
			if v := p.values[i]; match(&v) {
				p.values = append(p.values[:i:i], p.values[i+1:]...)
				p.mu.Unlock()
				return v
			}
		}
		arrived := p.arrived
		p.mu.Unlock()
		select {
		case <-arrived:
		case <-timeout:
			p.t.Fatalf("%s did not arrive; received: %+v", what, p.values)
		}
	}
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}
