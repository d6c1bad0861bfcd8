package server

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/wire"
)

func TestMalformedMessageClosesSocket(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for name, c := range map[string]struct {
		codec *wire.Codec
		bytes string
	}{
		"json":          {wire.JSON, "{"},
		"json deep":     {wire.JSON, strings.Repeat("[", 1000)},
		"msgpack":       {wire.MsgPack, "\xc1"},
		"msgpack short": {wire.MsgPack, "\xd6"},
		"msgpack deep":  {wire.MsgPack, strings.Repeat("\x91", 32<<10)},
		"empty":         {wire.MsgPack, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := ann.connect(c.codec)
			p.write([]byte(c.bytes))
			p.wantClose(wire.CloseProtocol)
		})
	}
	t.Run("text for msgpack", func(t *testing.T) {
		p := ann.connect(wire.MsgPack)
		if err := p.ws.Write(t.Context(), websocket.MessageText, []byte(`{"do":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		p.wantClose(wire.CloseProtocol)
	})
	t.Run("not UTF-8", func(t *testing.T) {
		p := ann.connect(wire.JSON)
		p.write([]byte("{\"do\":\"\xff\"}"))
		p.wantClose(1007)
	})
	t.Run("too long", func(t *testing.T) {
		p := ann.connect(wire.JSON)
		p.write([]byte(strings.Repeat(" ", maxMessage+1)))
		p.wantClose(1009)
	})
}

// The end of a session closes its sockets at once, whatever ended it.
func TestRevocationClosesSockets(t *testing.T) {
	x := start(t)
	owner := x.addOwner()
	for name, end := range map[string]func(t *testing.T, c *client){
		"signed out": func(t *testing.T, c *client) { c.call("DELETE", "/api/sessions/current", nil).want(204) },
		"deactivated": func(t *testing.T, c *client) {
			owner.call("PATCH", "/api/users/"+string(c.user.ID), m{"active": false}).want(200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			who := x.addUser("who" + name[:1])
			id := owner.group(who)
			p, other := who.connectLive(), owner.connectLive(wire.MsgPack)
			end(t, who)
			p.wantClose(wire.CloseSessionEnded)
			other.event(id, owner.post(id, "secret"))
			for _, v := range p.received {
				if v.Event != "" {
					t.Errorf("receives more: %s", v.raw)
				}
			}
			again := x.anonymousSocket(wire.JSON)
			again.wantError(m{"do": "hello", "token": who.token}, chat.NoIdentity, "")
			again.wantClose(wire.CloseRefused)
		})
	}
	t.Run("new password", func(t *testing.T) {
		ann := x.addUser("ann")
		other := x.anonymous()
		var in struct{ Token string }
		other.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&in)
		other.token = in.Token
		mine, theirs := ann.connect(), other.connect()
		ann.call("PATCH", "/api/me", m{"password": "another horse", "currentPassword": password}).want(200)
		theirs.wantClose(wire.CloseSessionEnded)
		mine.ask(m{"do": "ping"}, nil)
	})
}

// deafStore is a store whose feed yields no ended sessions.
type deafStore struct{ chat.Store }

func (d deafStore) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	feed, err := d.Store.OpenFeed(ctx)
	return func(yield func(chat.Notice, error) bool) {
		for n, err := range feed {
			if n.Ended == nil && !yield(n, err) {
				return
			}
		}
	}, err
}

func TestEndedSessionsAreFoundWithoutFeed(t *testing.T) {
	x := start(t, func(c *Config) { c.Store, c.intervals.Check = deafStore{c.Store}, 20*time.Millisecond })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	p, other := ann.connect(), bob.connect()
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	p.wantClose(wire.CloseSessionEnded)
	other.ask(m{"do": "ping"}, nil)
}

func TestSilentSocketIsClosed(t *testing.T) {
	// Long enough for an answer on a busy machine.
	x := start(t, func(c *Config) { c.sockets = hub.Config{PingEvery: 300 * time.Millisecond} })
	ann := x.addUser("ann")
	awake := ann.connect() // its library answers pings
	p := ann.connect()
	resume := p.stopReading()
	p.send(m{"do": "ping"}) // its reader takes the reply, and no ping after it
	x.eventually(func() bool { return x.s.hub.Stats().Closed[hub.Silent] == 1 })
	resume()
	p.wantClose(wire.CloseSilent)
	awake.ask(m{"do": "ping"}, nil)
}

// eventually waits until a condition outside of the sockets holds.
func (x *testServer) eventually(holds func() bool) {
	x.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !holds(); {
		select {
		case <-tick.C:
		case <-late:
			x.t.Fatal("the condition did not hold in time")
		}
	}
}

// A client that does not read is closed with a code to reconnect, and delays no other.
func TestSlowReaderIsClosed(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets = hub.Config{QueueBytes: 64 << 10} })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	a, b := ann.connectLive(wire.MsgPack), bob.connectLive()
	resume := b.stopReading()
	text := strings.Repeat("x", 16<<10)
	var last chat.Seq
	for x.s.hub.Stats().Closed[hub.TooSlow] == 0 {
		last = ann.post(id, text)
		a.event(id, last)
	}
	resume()
	b.wantClose(wire.CloseTooSlow)
	b = bob.connect()
	b.resume(id, last-1)
	b.event(id, last)
}

// lossyStore is a store whose feed a test can end and block from being opened.
type lossyStore struct {
	chat.Store
	shut chan struct{} // while it blocks, no feed opens
	lose atomic.Pointer[context.CancelFunc]
}

func (l *lossyStore) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	select {
	case <-l.shut:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	inner, cancel := context.WithCancel(ctx)
	l.lose.Store(&cancel)
	feed, err := l.Store.OpenFeed(inner)
	return func(yield func(chat.Notice, error) bool) {
		defer cancel()
		for n, err := range feed {
			if errors.Is(err, context.Canceled) && ctx.Err() == nil {
				err = chat.ErrFeedLost
			}
			if !yield(n, err) {
				return
			}
		}
	}, err
}

// When the feed is lost, all sockets are closed with a code to reconnect, hello is refused
// until the feed is open again, and then no event is missing.
func TestFeedLost(t *testing.T) {
	l := &lossyStore{shut: make(chan struct{})}
	close(l.shut)
	x := start(t, func(c *Config) { l.Store, c.Store, c.intervals.Retry = c.Store, l, time.Millisecond })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	a, silent := ann.connectLive(), x.anonymousSocket(wire.JSON)
	seen := ann.post(id, "one")
	a.event(id, seen)

	l.shut = make(chan struct{})
	(*l.lose.Load())()
	if reason := a.wantClose(wire.CloseFeedLost); !strings.Contains(reason, "retryAfterMs=") {
		t.Errorf("reason %q", reason)
	}
	silent.wantClose(wire.CloseFeedLost)
	x.anonymous().call("GET", "/readyz", nil).want(503)
	if _, res, err := x.upgrade(wire.JSON, nil); err == nil || res == nil || res.StatusCode != 503 {
		t.Errorf("upgraded while the feed is lost: %v", res)
	}
	missed := ann.post(id, "two") // HTTP works meanwhile
	close(l.shut)
	x.eventually(x.s.live.Ready)
	a = ann.connect()
	a.resume(id, seen)
	a.event(id, missed)
	a.signal(wire.SignalCaughtUp)
	a.event(id, ann.post(id, "three"))
	a.wantQuiet()
}

// delayedStore is a store that reports outcomes when the test allows it.
type delayedStore struct {
	chat.Store
	tell chan struct{}
}

func (u delayedStore) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(chat.Event, bool, error)) error {
	return u.Store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		go func() { <-u.tell; done(ev, again, err) }()
	})
}

// Stop answers accepted drafts, refuses further ones, and then closes all sockets with a
// code to reconnect.
func TestStop(t *testing.T) {
	tell := make(chan struct{})
	x := start(t, func(c *Config) { c.Store = delayedStore{c.Store, tell} })
	ann := x.addUser("ann")
	id := ann.group()
	p := ann.connectLive()
	accepted := p.send(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"})
	p.event(id, 2)
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped <- x.s.Stop(ctx)
	}()
	x.eventually(x.s.service.Stopping)
	p.wantError(m{"do": "post", "chatId": id, "clientId": "2", "text": "x"}, chat.Unavailable, "")
	x.anonymous().call("GET", "/readyz", nil).want(503)
	close(tell)
	if v := p.reply(accepted); v.Error != nil {
		t.Error(v.raw)
	}
	if reason := p.wantClose(wire.CloseRestarting); !strings.Contains(reason, "retryAfterMs=") {
		t.Errorf("reason %q", reason)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestOrigins(t *testing.T) {
	public, _ := url.Parse("https://chat.example")
	x := start(t, func(c *Config) { c.PublicURL = public })
	ann := x.addUser("ann")
	for origin, ok := range map[string]bool{
		"https://chat.example": true, "http://chat.example": false, "https://chat.example:444": false, "https://chat.example.evil": false,
		"https://evilchat.example": false, "https://sub.chat.example": false, "null": false, "": false, "https://evil.example": false,
	} {
		for _, cookie := range []bool{true, false} {
			h := http.Header{}
			if cookie {
				h.Set("Cookie", "__Host-parley="+ann.token)
			}
			if origin != "" {
				h.Set("Origin", origin)
			}
			p, res, err := x.upgrade(wire.JSON, h)
			if want := ok || !cookie; (err == nil) != want {
				t.Errorf("Origin %q, cookie %v: %v", origin, cookie, err)
			} else if err != nil && res.StatusCode != http.StatusForbidden {
				t.Errorf("Origin %q: %s", origin, res.Status)
			} else if err == nil && cookie {
				p.ask(m{"do": "hello"}, nil)
			}
		}
	}
}

func TestUpgradeRefused(t *testing.T) {
	x := start(t)
	x.anonymous().call("GET", "/api/socket", nil).want(http.StatusUpgradeRequired)
	ws, res, err := websocket.Dial(t.Context(), x.url+"/api/socket", nil) // no subprotocol: JSON
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.CloseNow() }()
	if p := res.Header.Get("Sec-WebSocket-Protocol"); p != "" {
		t.Errorf("protocol %q", p)
	}
	if err := ws.Write(t.Context(), websocket.MessageText, []byte(`{"id":1,"do":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	kind, b, err := ws.Read(t.Context())
	if err != nil || kind != websocket.MessageText || !strings.HasPrefix(string(b), `{"re":1,"ok":{"now":`) {
		t.Errorf("%v %q %v", kind, b, err)
	}
}

// blockingFind is a store whose lookups by clientId wait until the test resumes them.
type blockingFind struct {
	chat.Store
	called, resume chan struct{}
}

func (l *blockingFind) Find(ctx context.Context, id chat.ChatID, by chat.UserID, clientID string) (chat.Event, bool, error) {
	l.called <- struct{}{}
	<-l.resume
	return l.Store.Find(ctx, id, by, clientID)
}

// The lookup for a user without budget runs on its own goroutine. Stop waits for it as for
// any draft, since the store is closed afterwards.
func TestStopWaitsForLookups(t *testing.T) {
	l := &blockingFind{called: make(chan struct{}), resume: make(chan struct{})}
	x := start(t, func(c *Config) {
		l.Store, c.Store = c.Store, l
		c.Limits.Posts = middleware.Rate{N: 1, Per: time.Hour}
	})
	ann := x.addUser("ann")
	id := ann.group()
	p := ann.connectLive()
	p.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "hi"}, nil)
	again := p.send(m{"do": "post", "chatId": id, "clientId": "1", "text": "hi"})
	<-l.called
	stopped := make(chan error, 1)
	go func() { stopped <- x.s.Stop(t.Context()) }()
	x.eventually(x.s.service.Stopping)
	if p.wantError(m{"do": "post", "chatId": id, "clientId": "2", "text": "hi"}, chat.Unavailable, "").Error.RetryAfterMs <= 0 {
		t.Error("no delay")
	}
	close(l.resume)
	if v := p.reply(again); v.Error != nil {
		t.Errorf("got %s", v.raw)
	}
	p.wantClose(wire.CloseRestarting)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
