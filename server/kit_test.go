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
	"parley/server/auth"
	"parley/store/mongo"
	"parley/store/sqlite"
	"parley/wire"
)

const password = "correct horse"

var passwordHash = sync.OnceValue(func() string {
	h, err := auth.HashPassword(context.Background(), password)
	if err != nil {
		panic(err)
	}
	return h
})

// testServer is a server with its own store, over real HTTP. Limits are off and
// registration is open unless the test changes the configuration.
type testServer struct {
	t     testing.TB
	s     *Server
	store chat.Store // the real one, below any wrapper of the test
	url   string
	logs  *logs
	stop  func() // stops the server in order and closes the store; also called when the test ends
}

// logs collects the server's log lines.
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

// start starts a server on a new database.
func start(t testing.TB, change ...func(*Config)) *testServer {
	t.Helper()
	return startOn(t, filepath.Join(t.TempDir(), "parley.db"), change...)
}

// startOn is start on the SQLite database at path, or on the MongoDB database of a URL.
func startOn(t testing.TB, path string, change ...func(*Config)) *testServer {
	t.Helper()
	x := &testServer{t: t, logs: &logs{}}
	log := slog.New(slog.NewTextHandler(x.logs, nil))
	store, err := openStore(path, log)
	if err != nil {
		t.Fatal(err)
	}
	x.store = store
	c := Config{Store: store, Log: log, Version: "test", Registration: Open, Push: true, Limits: usualLimits(),
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

func openStore(path string, log *slog.Logger) (chat.Store, error) {
	if strings.HasPrefix(path, "mongodb://") {
		return mongo.Open(context.Background(), path, 10, log)
	}
	return sqlite.Open(context.Background(), path, log)
}

// client calls the API as one user, or without an identity.
type client struct {
	server  *testServer
	user    chat.User
	session chat.Session
	token   string
	header  http.Header // sent with each call
	msgpack bool        // for requests and answers
}

func (x *testServer) anonymous() *client { return &client{server: x, header: http.Header{}} }

// addUser creates an account in the store directly, which hashes no password.
func (x *testServer) addUser(handle string) *client {
	x.t.Helper()
	return x.addAccount(chat.NewAccount{Handle: handle})
}

// addOwner creates the first admin with the setup code, and with it the chat General.
func (x *testServer) addOwner() *client {
	x.t.Helper()
	server, err := x.store.Server(context.Background())
	if err != nil {
		x.t.Fatal(err)
	}
	return x.addAccount(chat.NewAccount{Handle: "owner", Setup: server.Setup})
}

func (x *testServer) addAccount(n chat.NewAccount) *client {
	x.t.Helper()
	c := x.anonymous()
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

// group creates a group of the client's user and others, and returns its id.
func (c *client) group(others ...*client) chat.ChatID {
	c.server.t.Helper()
	return c.chat(chat.NewChat{Kind: chat.Group, Title: "Group"}, others...)
}

func (c *client) chat(n chat.NewChat, others ...*client) chat.ChatID {
	c.server.t.Helper()
	n.By, n.ClientID = c.user.ID, chat.NewID[string]()
	for _, o := range others {
		n.Members = append(n.Members, o.user.ID)
	}
	created, _, err := c.server.store.CreateChat(context.Background(), n)
	if err != nil {
		c.server.t.Fatal(err)
	}
	return created.ID
}

// post sends a message over HTTP and returns its seq.
func (c *client) post(id chat.ChatID, text string) chat.Seq {
	c.server.t.Helper()
	var out api.MessageAnswer
	c.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": chat.NewID[string](), "text": text}).want(201).into(&out)
	return out.Message.Seq
}

// m is a map of a request's body or command.
type m map[string]any

type answer struct {
	t      testing.TB
	call   string
	status int
	header http.Header
	body   []byte // as JSON, in whichever codec it came
}

// call makes one request. A []byte body is sent unencoded.
func (c *client) call(method, path string, body any) *answer {
	t := c.server.t
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
	r, err := http.NewRequest(method, c.server.url+path, raw)
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
	res, err := http.DefaultTransport.RoundTrip(r) // does not follow redirects
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
	note(c.server.s, r, body, res.StatusCode, got)
	return &answer{t, method + " " + path, res.StatusCode, res.Header, got}
}

func (a *answer) want(status int) *answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d: %s", a.call, a.status, status, a.body)
	}
	return a
}

// wantError asserts an error's code, status and field.
func (a *answer) wantError(code chat.Code, field string) *answer {
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
		a.t.Fatalf("%s: not an error as documented: %s", a.call, a.body)
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
