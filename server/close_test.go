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

func TestMalformed(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
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
			p.closes(wire.CloseProtocol)
		})
	}
	t.Run("text for msgpack", func(t *testing.T) {
		p := ann.connect(wire.MsgPack)
		if err := p.ws.Write(t.Context(), websocket.MessageText, []byte(`{"do":"ping"}`)); err != nil {
			t.Fatal(err)
		}
		p.closes(wire.CloseProtocol)
	})
	t.Run("not UTF-8", func(t *testing.T) {
		p := ann.connect(wire.JSON)
		p.write([]byte("{\"do\":\"\xff\"}"))
		p.closes(1007)
	})
	t.Run("too long", func(t *testing.T) {
		p := ann.connect(wire.JSON)
		p.write([]byte(strings.Repeat(" ", maxMessage+1)))
		p.closes(1009)
	})
}

// A session that ends closes its sockets at once, by whichever way it ended.
func TestRevoked(t *testing.T) {
	x := start(t)
	owner := x.owner()
	for name, end := range map[string]func(t *testing.T, c *client){
		"signed out": func(t *testing.T, c *client) { c.call("DELETE", "/api/sessions/current", nil).want(204) },
		"deactivated": func(t *testing.T, c *client) {
			owner.call("PATCH", "/api/users/"+string(c.user.ID), m{"active": false}).want(200)
		},
	} {
		t.Run(name, func(t *testing.T) {
			who := x.person("who" + name[:1])
			id := owner.group(who)
			p, other := who.live(), owner.live(wire.MsgPack)
			end(t, who)
			p.closes(wire.CloseSessionEnded)
			other.event(id, owner.post(id, "secret"))
			for _, v := range p.came {
				if v.Event != "" {
					t.Errorf("reads on: %s", v.raw)
				}
			}
			again := x.stranger(wire.JSON)
			again.refused(m{"do": "hello", "token": who.token}, chat.NoIdentity, "")
			again.closes(wire.CloseRefused)
		})
	}
	t.Run("new password", func(t *testing.T) {
		ann := x.person("ann")
		other := x.nobody()
		var in struct{ Token string }
		other.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&in)
		other.token = in.Token
		mine, theirs := ann.connect(), other.connect()
		ann.call("PATCH", "/api/me", m{"password": "another horse", "currentPassword": password}).want(200)
		theirs.closes(wire.CloseSessionEnded)
		mine.ask(m{"do": "ping"}, nil)
	})
}

// deaf is a store whose feed tells nothing of sessions.
type deaf struct{ chat.Store }

func (d deaf) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	feed, err := d.Store.OpenFeed(ctx)
	return func(yield func(chat.Notice, error) bool) {
		for n, err := range feed {
			if n.Ended == nil && !yield(n, err) {
				return
			}
		}
	}, err
}

func TestSessionsAreChecked(t *testing.T) {
	x := start(t, func(c *Config) { c.Store, c.intervals.Check = deaf{c.Store}, 20*time.Millisecond })
	ann, bob := x.person("ann"), x.person("bob")
	p, other := ann.connect(), bob.connect()
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	p.closes(wire.CloseSessionEnded)
	other.ask(m{"do": "ping"}, nil)
}

func TestSilent(t *testing.T) {
	// Long enough that the one who answers is heard on a busy machine, too.
	x := start(t, func(c *Config) { c.sockets = hub.Config{PingEvery: 300 * time.Millisecond} })
	ann := x.person("ann")
	awake := ann.connect() // its library answers pings
	p := ann.connect()
	goOn := p.stall()
	p.send(m{"do": "ping"}) // its reader takes the reply, and no ping after it
	x.await(func() bool { return x.s.hub.Stats().Closed[hub.Silent] == 1 })
	goOn()
	p.closes(wire.CloseSilent)
	awake.ask(m{"do": "ping"}, nil)
}

// await waits until something outside of any socket is so.
func (x *site) await(so func() bool) {
	x.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !so(); {
		select {
		case <-tick.C:
		case <-late:
			x.t.Fatal("it did not come to pass")
		}
	}
}

// One who does not read is told to come back, and hurts nobody.
func TestTooSlow(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets = hub.Config{QueueBytes: 64 << 10} })
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.group(bob)
	a, b := ann.live(wire.MsgPack), bob.live()
	goOn := b.stall()
	text := strings.Repeat("x", 16<<10)
	var last chat.Seq
	for x.s.hub.Stats().Closed[hub.TooSlow] == 0 {
		last = ann.post(id, text)
		a.event(id, last)
	}
	goOn()
	b.closes(wire.CloseTooSlow)
	b = bob.connect()
	b.resume(id, last-1)
	b.event(id, last)
}

// lossy is a store whose feed a test can end, and keep from being opened.
type lossy struct {
	chat.Store
	shut chan struct{} // while it blocks, no feed opens
	lose atomic.Pointer[context.CancelFunc]
}

func (l *lossy) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
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

// The feed is lost: everybody is told to come back, nobody is let in before it
// stands again, and then nothing is missing.
func TestFeedLost(t *testing.T) {
	l := &lossy{shut: make(chan struct{})}
	close(l.shut)
	x := start(t, func(c *Config) { l.Store, c.Store, c.intervals.Retry = c.Store, l, time.Millisecond })
	ann, bob := x.person("ann"), x.person("bob")
	id := ann.group(bob)
	a, silent := ann.live(), x.stranger(wire.JSON)
	seen := ann.post(id, "one")
	a.event(id, seen)

	l.shut = make(chan struct{})
	(*l.lose.Load())()
	if reason := a.closes(wire.CloseFeedLost); !strings.Contains(reason, "retryAfterMs=") {
		t.Errorf("reason %q", reason)
	}
	silent.closes(wire.CloseFeedLost)
	x.nobody().call("GET", "/readyz", nil).want(503)
	if _, res, err := x.upgrade(wire.JSON, nil); err == nil || res == nil || res.StatusCode != 503 {
		t.Errorf("upgraded while the feed is lost: %v", res)
	}
	missed := ann.post(id, "two") // over HTTP all goes on
	close(l.shut)
	x.await(x.s.live.Ready)
	a = ann.connect()
	a.resume(id, seen)
	a.event(id, missed)
	a.signal(wire.SignalCaughtUp)
	a.event(id, ann.post(id, "three"))
	a.quiet()
}

// unhurried is a store whose outcomes are told when the test says so.
type unhurried struct {
	chat.Store
	tell chan struct{}
}

func (u unhurried) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(chat.Event, bool, error)) error {
	return u.Store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		go func() { <-u.tell; done(ev, again, err) }()
	})
}

// What was accepted is answered, nothing more is accepted, then everybody is
// told to come back.
func TestStop(t *testing.T) {
	tell := make(chan struct{})
	x := start(t, func(c *Config) { c.Store = unhurried{c.Store, tell} })
	ann := x.person("ann")
	id := ann.group()
	p := ann.live()
	accepted := p.send(m{"do": "post", "chatId": id, "clientId": "1", "text": "x"})
	p.event(id, 2)
	stopped := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		stopped <- x.s.Stop(ctx)
	}()
	x.await(x.s.service.Stopping)
	p.refused(m{"do": "post", "chatId": id, "clientId": "2", "text": "x"}, chat.Unavailable, "")
	x.nobody().call("GET", "/readyz", nil).want(503)
	close(tell)
	if v := p.reply(accepted); v.Error != nil {
		t.Error(v.raw)
	}
	if reason := p.closes(wire.CloseRestarting); !strings.Contains(reason, "retryAfterMs=") {
		t.Errorf("reason %q", reason)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

func TestOrigins(t *testing.T) {
	public, _ := url.Parse("https://chat.example")
	x := start(t, func(c *Config) { c.PublicURL = public })
	ann := x.person("ann")
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
	x.nobody().call("GET", "/api/socket", nil).want(http.StatusUpgradeRequired)
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

// looking is a store whose lookups by clientId wait until they are let go.
type looking struct {
	chat.Store
	came, goOn chan struct{}
}

func (l *looking) Find(ctx context.Context, id chat.ChatID, by chat.UserID, clientID string) (chat.Event, bool, error) {
	l.came <- struct{}{}
	<-l.goOn
	return l.Store.Find(ctx, id, by, clientID)
}

// The lookup for somebody whose bucket is empty is on a goroutine of its own: a
// stop waits for it as for any draft, since the store is closed after it.
func TestStopWaitsForLookups(t *testing.T) {
	l := &looking{came: make(chan struct{}), goOn: make(chan struct{})}
	x := start(t, func(c *Config) {
		l.Store, c.Store = c.Store, l
		c.Limits.Posts = middleware.Rate{N: 1, Per: time.Hour}
	})
	ann := x.person("ann")
	id := ann.group()
	p := ann.live()
	p.ask(m{"do": "post", "chatId": id, "clientId": "1", "text": "hi"}, nil)
	again := p.send(m{"do": "post", "chatId": id, "clientId": "1", "text": "hi"})
	<-l.came
	stopped := make(chan error, 1)
	go func() { stopped <- x.s.Stop(t.Context()) }()
	x.await(x.s.service.Stopping)
	if p.refused(m{"do": "post", "chatId": id, "clientId": "2", "text": "hi"}, chat.Unavailable, "").Error.RetryAfterMs <= 0 {
		t.Error("no hint when to come again")
	}
	close(l.goOn)
	if v := p.reply(again); v.Error != nil {
		t.Errorf("got %s", v.raw)
	}
	p.closes(wire.CloseRestarting)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
