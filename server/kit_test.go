package server

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tinylib/msgp/msgp"

	"parley/chat"
	"parley/middleware"
	"parley/server/api"
	"parley/server/service"
	"parley/store/sqlite"
	"parley/wire"
)

const password = "correct horse"

var passwordHash = sync.OnceValue(func() string {
	h, err := service.HashPassword(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return h
})

// site is a server on a store of its own, over real HTTP. Limits are off and
// registration is open unless the test says otherwise.
type site struct {
	t     testing.TB
	s     *Server
	store chat.Store // the real one, below what the test may have put before it
	url   string
	logs  *logs
	stop  func() // in order, store and all; done when the test ends
}

// logs keeps what the server logged.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer // guarded by mu
}

func (l *logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func start(t testing.TB, change ...func(*Config)) *site {
	t.Helper()
	return startOn(t, filepath.Join(t.TempDir(), "parley.db"), change...)
}

// startOn is start on a database of the test's.
func startOn(t testing.TB, path string, change ...func(*Config)) *site {
	t.Helper()
	x := &site{t: t, logs: &logs{}}
	log := slog.New(slog.NewTextHandler(x.logs, nil))
	store, err := sqlite.Open(context.Background(), path, log)
	if err != nil {
		t.Fatal(err)
	}
	x.store = store
	c := Config{Store: store, Log: log, Version: "test", Registration: Open, Limits: usualLimits(),
		Web: fstest.MapFS{"index.html": {Data: []byte("<!doctype html><title>Parley</title>")},
			"main.js": {Data: []byte("export {};")}, "assets/a-123.css": {Data: []byte("a{}")}}}
	c.Limits.Anonymous.N, c.Limits.User.N, c.Limits.Posts.N = 0, 0, 0
	for _, f := range change {
		f(&c)
	}
	x.s = New(c)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- x.s.Run(ctx) }()
	web := httptest.NewServer(x.s.Handler())
	x.url = web.URL
	x.stop = sync.OnceFunc(func() {
		bounded, release := context.WithTimeout(context.Background(), 10*time.Second)
		defer release()
		if err := x.s.Stop(bounded); err != nil {
			t.Errorf("stop: %v", err)
		}
		web.Close()
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	t.Cleanup(x.stop)
	if err := x.s.Await(ctx); err != nil {
		t.Fatal(err)
	}
	return x
}

// client calls the API as one person, or as nobody.
type client struct {
	site    *site
	user    chat.User
	session chat.Session
	token   string
	header  http.Header // sent with each call
	msgpack bool        // both ways
}

func (x *site) nobody() *client { return &client{site: x, header: http.Header{}} }

// person makes an account on the store itself, which costs no hashing.
func (x *site) person(handle string) *client {
	x.t.Helper()
	return x.account(chat.NewAccount{Handle: handle})
}

// owner makes the first admin, by the setup code, and so the chat General.
func (x *site) owner() *client {
	x.t.Helper()
	server, err := x.store.Server(context.Background())
	if err != nil {
		x.t.Fatal(err)
	}
	return x.account(chat.NewAccount{Handle: "owner", Setup: server.Setup})
}

func (x *site) account(n chat.NewAccount) *client {
	x.t.Helper()
	c := x.nobody()
	c.token = chat.NewSecret()
	n.Name, n.PasswordHash = strings.ToUpper(n.Handle[:1])+n.Handle[1:], passwordHash()
	n.Session.TokenHash = chat.SecretHash(c.token)
	var err error
	if c.user, c.session, err = x.store.CreateAccount(context.Background(), n); err != nil {
		x.t.Fatal(err)
	}
	c.header.Set("Authorization", "Bearer "+c.token)
	return c
}

// group makes a group of the caller and others, and gives its id.
func (c *client) group(others ...*client) chat.ChatID {
	c.site.t.Helper()
	return c.chat(chat.NewChat{Kind: chat.Group, Title: "Group"}, others...)
}

func (c *client) chat(n chat.NewChat, others ...*client) chat.ChatID {
	c.site.t.Helper()
	n.By, n.ClientID = c.user.ID, chat.NewID[string]()
	for _, o := range others {
		n.Members = append(n.Members, o.user.ID)
	}
	made, _, err := c.site.store.CreateChat(context.Background(), n)
	if err != nil {
		c.site.t.Fatal(err)
	}
	return made.ID
}

// post sends a message over HTTP and gives its number.
func (c *client) post(id chat.ChatID, text string) chat.Seq {
	c.site.t.Helper()
	var out api.MessageAnswer
	c.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": chat.NewID[string](), "text": text}).want(201).into(&out)
	return out.Message.Seq
}

// m is a body, or a part of one.
type m map[string]any

type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte // JSON, whatever came
}

// call makes one request. A body that is []byte goes out as it is.
func (c *client) call(method, path string, body any) *answer {
	t := c.site.t
	t.Helper()
	codec, mediaType := wire.JSON, "application/json"
	if c.msgpack {
		codec, mediaType = wire.MsgPack, "application/msgpack"
	}
	var raw io.Reader
	if b, ok := body.([]byte); ok {
		raw = bytes.NewReader(b)
	} else if body != nil {
		raw = bytes.NewReader(codec.Encode(body))
	}
	r, err := http.NewRequest(method, c.site.url+path, raw)
	if err != nil {
		t.Fatal(err)
	}
	if raw != nil {
		r.Header.Set("Content-Type", mediaType)
	}
	r.Header.Set("Accept", mediaType)
	for k, v := range c.header {
		r.Header[k] = v
	}
	res, err := http.DefaultTransport.RoundTrip(r) // follows nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 && strings.HasSuffix(res.Header.Get("Content-Type"), "msgpack") {
		var out bytes.Buffer
		if rest, err := msgp.UnmarshalAsJSON(&out, got); err != nil || len(rest) > 0 {
			t.Fatalf("%s %s: not one MessagePack value: %v, %d left", method, path, err, len(rest))
		}
		got = out.Bytes()
	}
	note(c.site.s, r, body, res.StatusCode, got)
	return &answer{t, method + " " + path, res.StatusCode, res.Header, got}
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.call, a.status, status, a.body)
	}
	return a
}

// fails asserts an error in the one shape: its code, its status, its field.
func (a *answer) fails(code chat.Code, field string) *answer {
	a.t.Helper()
	a.want(api.Status[code])
	e := a.failure()
	if e.Code != code || e.Field != field {
		a.t.Fatalf("%s: %s of field %q, want %s of %q: %s", a.call, e.Code, e.Field, code, field, a.body)
	}
	return a
}

func (a *answer) failure() chat.Error {
	a.t.Helper()
	var f api.Failure
	a.into(&f)
	if f.Error == nil || f.Error.Message == "" || f.Error.RequestID == "" {
		a.t.Fatalf("%s: not an error in the one shape: %s", a.call, a.body)
	}
	return *f.Error
}

func (a *answer) into(v any) *answer {
	a.t.Helper()
	if err := json.Unmarshal(a.body, v); err != nil {
		a.t.Fatalf("%s: %v: %s", a.call, err, a.body)
	}
	return a
}

// usualLimits are the defaults of the command line.
func usualLimits() Limits {
	return Limits{
		Anonymous: middleware.Rate{N: 100, Per: 15 * time.Minute},
		User:      middleware.Rate{N: 1200, Per: time.Minute},
		Posts:     middleware.Rate{N: 20, Per: 10 * time.Second},
		Sockets:   20,
		Body:      1 << 20,
		Text:      16 << 10,
	}
}
