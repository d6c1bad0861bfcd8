package server

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

func TestHello(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			one, two := ann.group(bob), bob.group()
			ann.post(one, "hi")
			p := ann.connect(codec)
			h := p.hello
			if h.Epoch != x.store.Epoch() || h.Me.ID != ann.user.ID || h.Version != "test" || h.HeartbeatMs != 25_000 || h.Limits.Message != maxMessage {
				t.Errorf("hello: %+v", h)
			}
			if h.Limits.Page != chat.MaxPage || h.Limits.Quote != chat.MaxQuote || h.Limits.Readers != chat.SmallChat {
				t.Errorf("limits: %+v", h.Limits)
			}
			if len(h.Chats) != 1 || h.Chats[0].ID != one || h.Chats[0].Head != 3 || h.Chats[0].Last.Text != "hi" {
				t.Errorf("chats: %+v", h.Chats)
			}
			if d := time.Now().UnixMilli() - h.Now; d < 0 || d > 60_000 {
				t.Errorf("now is off by %d ms", d)
			}
			p.wantError(m{"do": "hello", "token": ann.token}, chat.Conflict, "do")
			p.wantError(m{"do": "history", "chatId": two}, chat.NotFound, "chatId")
		})
	}
}

func TestHelloByHeader(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	p, _, err := x.upgrade(wire.JSON, http.Header{"Authorization": {"Bearer " + ann.token}})
	if err != nil {
		t.Fatal(err)
	}
	p.ask(m{"do": "hello"}, &p.hello)
	if p.hello.Me.ID != ann.user.ID {
		t.Errorf("me: %+v", p.hello.Me)
	}
}

func TestBeforeHello(t *testing.T) {
	x := start(t)
	p := x.anonymousSocket(wire.JSON)
	p.ask(m{"do": "ping"}, nil)
	for _, do := range []string{"resume", "post", "edit", "delete", "react", "read", "typing", "focus", "history", "nonsense"} {
		p.wantError(m{"do": do}, chat.NoIdentity, "")
	}
}

// Hello and resume are sent together, so a page that shows another user's chats must be
// refused before either is carried out.
func TestHelloAs(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			room := ann.group(bob)
			p := x.anonymousSocket(codec)
			hello := p.send(m{"do": "hello", "token": bob.token, "as": ann.user.ID})
			p.send(m{"do": "resume", "epoch": x.store.Epoch(), "seen": m{string(room): 0}})
			p.send(m{"do": "post", "chatId": room, "clientId": "k1", "text": "from Ann"})
			if v := p.reply(hello); v.Error == nil || v.Error.Code != chat.NoIdentity || v.Error.Field != "as" {
				t.Errorf("got %s", v.raw)
			}
			p.wantClose(wire.CloseRefused)
			ann.post(room, "after it")
			var page wire.History
			ann.call("GET", "/api/chats/"+string(room)+"/messages", nil).want(200).into(&page)
			if len(page.Messages) != 1 {
				t.Errorf("messages: %+v", page.Messages)
			}
			p = x.anonymousSocket(codec)
			p.ask(m{"do": "hello", "token": ann.token, "as": ann.user.ID}, &p.hello)
			if p.hello.Me.ID != ann.user.ID {
				t.Errorf("me: %+v", p.hello.Me)
			}
		})
	}
}

// A refusal is a reply and then a close code that states whether to reconnect.
func TestHelloRefused(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Sockets = 2 })
	ann := x.addUser("ann")
	gone := x.addUser("gone")
	if err := x.store.EndSession(t.Context(), gone.user.ID, gone.session.ID); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{"unknown": chat.NewSecret(), "none": "", "long": strings.Repeat("x", 1000), "ended": gone.token} {
		t.Run(name, func(t *testing.T) {
			p := x.anonymousSocket(wire.JSON)
			first := p.send(m{"do": "ping"})
			v := p.reply(p.send(m{"do": "hello", "token": token}))
			if v.Error == nil || v.Error.Code != chat.NoIdentity {
				t.Errorf("got %s", v.raw)
			}
			p.reply(first)
			p.wantClose(wire.CloseRefused)
		})
	}
	t.Run("bad header", func(t *testing.T) {
		p, _, err := x.upgrade(wire.JSON, http.Header{"Authorization": {"Bearer " + gone.token}})
		if err != nil {
			t.Fatal(err)
		}
		p.wantError(m{"do": "hello"}, chat.NoIdentity, "")
		p.wantClose(wire.CloseRefused)
	})
	t.Run("too many sockets", func(t *testing.T) {
		ann.connect()
		second := ann.connect()
		p := x.anonymousSocket(wire.JSON)
		p.wantError(m{"do": "hello", "token": ann.token}, chat.RateLimited, "")
		if reason := p.wantClose(wire.CloseOverLimit); !strings.Contains(reason, "retryAfterMs=") {
			t.Errorf("reason %q", reason)
		}
		second.disconnect()
		for { // the place is free as soon as the server has seen the end
			p := x.anonymousSocket(wire.JSON)
			if v := p.reply(p.send(m{"do": "hello", "token": ann.token})); v.Error == nil {
				break
			}
			p.wantClose(wire.CloseOverLimit)
		}
	})
}

// After a refused hello nothing is parsed: what is malformed does not change the code.
func TestNothingIsParsedAfterRefusedHello(t *testing.T) {
	x := start(t)
	p := x.anonymousSocket(wire.JSON)
	p.write([]byte(`{"id":1,"do":"hello","token":"forged"}` + "\n" + `{"id":2,"do":"ping"}` + "\n" + `{"malformed`))
	p.wantClose(wire.CloseRefused)
}

// No command is processed after a refused hello. A second hello once changed the socket's
// user while the reply of the first waited to be written.
func TestNoCommandAfterRefusedHello(t *testing.T) {
	x, b := startHooked(t)
	ann := x.addUser("ann")
	for range 20 {
		asked := make(chan struct{}, 10)
		var ask func()
		ask = func() { asked <- struct{}{}; b.identify.Store(&ask) }
		b.identify.Store(&ask)
		p := x.anonymousSocket(wire.JSON)
		p.write(append(p.codec.Encode(m{"id": 1, "do": "hello", "token": "unknown"}), p.codec.Encode(m{"id": 2, "do": "hello", "token": ann.token})...))
		if v := p.reply(1); v.Error == nil || v.Error.Code != chat.NoIdentity {
			t.Fatalf("got %s", v.raw)
		}
		p.wantClose(wire.CloseRefused)
		x.eventually(func() bool { return x.s.hub.Stats().Conns == 0 })
		if len(asked) != 1 {
			t.Fatalf("%d tokens were looked up", len(asked))
		}
	}
}

func TestMissingHelloClosesSocket(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets = hub.Config{BindWithin: 50 * time.Millisecond} })
	p := x.anonymousSocket(wire.JSON)
	p.send(m{"do": "ping"}) // who talks has not said who they are
	p.wantClose(wire.CloseSilent)
}

// A socket that sends many commands before hello is closed.
func TestFloodBeforeHelloIsClosed(t *testing.T) {
	x := start(t)
	p := x.anonymousSocket(wire.MsgPack)
	for range 101 {
		p.send(m{"do": "ping"})
	}
	p.wantClose(wire.CloseOverLimit)
}

func TestUnauthenticatedSocketsOfOneAddress(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	known := ann.connect()
	var silent *socketClient
	for range 256 { // known does not count
		silent = x.anonymousSocket(wire.JSON)
		silent.ask(m{"do": "ping"}, nil)
	}
	p := x.anonymousSocket(wire.JSON)
	p.wantClose(wire.CloseOverLimit)
	known.ask(m{"do": "ping"}, nil)
	// A socket whose upgrade names a user counts for that user, not for the address.
	named, _, err := x.upgrade(wire.JSON, http.Header{"Authorization": {"Bearer " + ann.token}})
	if err != nil {
		t.Fatal(err)
	}
	named.ask(m{"do": "hello"}, nil)
	silent.ask(m{"do": "hello", "token": ann.token}, nil)
	ann.connect()
}

// Commands that are sent along with hello are processed after it.
func TestPipelinedHello(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	p := x.anonymousSocket(wire.MsgPack)
	var all []byte
	for i, cmd := range []m{{"do": "hello", "token": ann.token}, {"do": "resume", "epoch": x.store.Epoch(), "seen": m{string(id): 0}},
		{"do": "post", "chatId": id, "clientId": "1", "text": "hi"}} {
		cmd["id"] = i + 1
		all = append(all, p.codec.Encode(cmd)...)
	}
	p.write(all)
	hello, resume := p.reply(1), p.reply(2)
	first, second := p.event(id, 1), p.event(id, 2)
	if !(hello.order < resume.order && resume.order < first.order && first.order < second.order) {
		t.Errorf("places: %d %d %d %d", hello.order, resume.order, first.order, second.order)
	}
	if v := p.reply(3); v.Error != nil {
		t.Errorf("post: %s", v.raw)
	}
}

// Without a resume, the chats go live after a delay or with the first command.
func TestDeliveryIsHeldAfterHello(t *testing.T) {
	x := start(t, func(c *Config) { c.hold = 50 * time.Millisecond })
	ann := x.addUser("ann")
	id := ann.group()
	p := ann.connect()
	seq := ann.post(id, "one")
	p.event(id, seq)

	y := start(t, func(c *Config) { c.hold = time.Hour })
	bob := y.addUser("bob")
	id = bob.group()
	p = bob.connect()
	seq = bob.post(id, "one")
	p.wantQuiet() // a ping leaves it held
	p.ask(m{"do": "typing", "chatId": id}, nil)
	p.event(id, seq)
}

// On a slow line each value shows that the connection works, so for a client that asks for
// parts none is large. Together they contain the same as a hello without parts.
func TestHelloInParts(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann := x.addUser("ann")
			var id chat.ChatID
			for range 60 {
				id = ann.group()
				ann.post(id, strings.Repeat("long ", 1000))
			}
			whole := ann.connect(codec).hello
			p := x.anonymousSocket(codec)
			hello := p.send(m{"do": "hello", "token": ann.token, "parts": true})
			var chats []chat.Chat
			var users []chat.User
			parts := 0
			for {
				v := p.reply(hello)
				if len(v.raw) > 20<<10 {
					t.Errorf("a value of %d bytes", len(v.raw))
				}
				if v.OK != nil {
					if err := json.Unmarshal(v.OK, &p.hello); err != nil {
						t.Fatal(err)
					}
					break
				}
				var said struct{ Part wire.HelloPart }
				if err := json.Unmarshal([]byte(v.raw), &said); err != nil || v.Error != nil {
					t.Fatal(v.raw, err)
				}
				parts++
				chats, users = append(chats, said.Part.Chats...), append(users, said.Part.Users...)
			}
			chats, users = append(chats, p.hello.Chats...), append(users, p.hello.Users...)
			if parts < 10 || !reflect.DeepEqual(chats, whole.Chats) || !reflect.DeepEqual(users, whole.Users) || p.hello.Me != whole.Me || p.hello.Limits != whole.Limits {
				t.Errorf("%d parts with %d chats and %d users; the whole has %d and %d", parts, len(chats), len(users), len(whole.Chats), len(whole.Users))
			}
			for range 20 {
				ann.post(id, strings.Repeat("long ", 1000))
			}
			for v, most := range map[*socketClient]int{p: 40 << 10, ann.connect(codec): 384 << 10} {
				var page wire.History
				if raw := v.ask(m{"do": "history", "chatId": id}, &page).raw; len(raw) > most || len(page.Messages) < 2 || !page.MoreBefore && most < 100<<10 {
					t.Errorf("a page of %d messages and %d bytes", len(page.Messages), len(raw))
				}
			}
		})
	}
}
