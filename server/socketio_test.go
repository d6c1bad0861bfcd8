package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"parley/chat"
	"parley/wire"
)

// A client of each kind signs in, posts, receives in order, is cut off, comes back with
// what it has seen, receives each event once, and ends with its session.
func TestSocketIOStory(t *testing.T) {
	x := start(t)
	bob := x.addUser("bob")
	t.Run("ways", func(t *testing.T) { testSocketIOStory(t, x, bob) })
	x.eventually(func() bool { return x.s.socketIO.engine.Len() == 0 && x.s.hub.Stats().Conns == 0 })
}

func testSocketIOStory(t *testing.T, x *testServer, bob *client) {
	for i, way := range ioWays {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			ann := x.addUser(fmt.Sprint("ann", i))
			id := ann.group(bob)
			p, hello := ann.io(way, nil)
			if hello.Me.ID != ann.user.ID || len(hello.Chats) != 1 {
				t.Errorf("hello: %+v", hello)
			}
			p.take("CONNECT", func(p ioPacket) bool { return p.Type == 0 })
			if a := p.ask("resume", m{"epoch": hello.Epoch, "seen": m{string(id): hello.Chats[0].Head}}); a.Error != nil {
				t.Fatal(a.Error)
			}
			p.event("caughtUp", &struct{}{})

			var posted wire.Posted
			a := p.ask("post", m{"chatId": id, "clientId": "1", "text": "hello"})
			if err := json.Unmarshal(a.OK, &posted); err != nil || a.Error != nil || posted.Seq != hello.Chats[0].Head+1 {
				t.Fatalf("post: %s, %v", a.OK, a.Error)
			}
			if a := p.ask("post", m{"chatId": id, "clientId": "1", "text": "hello"}); !strings.Contains(string(a.OK), `"again":true`) {
				t.Errorf("post again: %s, %v", a.OK, a.Error)
			}
			for range 40 {
				bob.post(id, "x")
			}
			seen := posted.Seq - 1
			for range 41 {
				var ev chat.Event
				if p.event("posted", &ev); ev.ChatID != id || ev.Seq != seen+1 {
					t.Fatalf("event %d after %d", ev.Seq, seen)
				}
				seen++
			}
			if a := p.ask("post", m{"chatId": id, "text": "no clientId"}); a.Error == nil || a.Error.Field != "clientId" {
				t.Errorf("post without clientId: %s", a.OK)
			}
			p.emit("nothing", m{})
			var failed wire.Failed
			if p.event("failed", &failed); failed.Do != "nothing" || failed.Error.Code != chat.BadInput {
				t.Errorf("failed: %+v", failed)
			}
			p.emit("ping", nil) // no ack: no answer

			p.cut()
			for range 5 {
				bob.post(id, "missed")
			}
			p, _ = ann.io(way, m{"epoch": hello.Epoch, "seen": m{string(id): seen}})
			for range 5 {
				var ev chat.Event
				if p.event("posted", &ev); ev.Seq != seen+1 || ev.Text != "missed" {
					t.Fatalf("event %d after %d: %q", ev.Seq, seen, ev.Text)
				}
				seen++
			}
			p.event("caughtUp", &struct{}{})
			bob.post(id, "live")
			var ev chat.Event
			if p.event("posted", &ev); ev.Text != "live" || ev.Seq != seen+1 {
				t.Errorf("%+v", ev)
			}

			ann.call("DELETE", "/api/sessions/current", nil).want(204)
			p.take("DISCONNECT", func(p ioPacket) bool { return p.Type == 1 })
			if how := p.wantClosed(); way.transport == "polling" && how != "1" || way.transport != "polling" && how != "4501" {
				t.Errorf("the connection ended with %s", how)
			}
			p = x.ioOpen(way, nil)
			p.connect(m{"token": ann.token})
			refusal := p.take("CONNECT_ERROR", func(p ioPacket) bool { return p.Type == 4 })
			if !strings.Contains(string(refusal.Data), `"code":"no_identity"`) {
				t.Errorf("%s", refusal.Data)
			}
			p.wantClosed()
		})
	}
}

// A cookie signs in from the server's own pages and from those of --origins alone; a token
// from any.
func TestSocketIOIdentity(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	cookie := "parley-" + x.url[strings.LastIndex(x.url, ":")+1:] + "=" + ann.token
	for _, way := range []ioWay{ioWays[0], ioWays[2]} {
		for _, c := range []struct {
			header http.Header
			auth   any
			ok     bool
		}{
			{http.Header{"Authorization": {"Bearer " + ann.token}}, nil, true},
			{http.Header{"Cookie": {cookie}, "Origin": {x.url}}, nil, true},
			{http.Header{"Cookie": {cookie}, "Origin": {"http://evil.example"}}, nil, false},
			{http.Header{"Cookie": {cookie}, "Origin": {"http://evil.example"}}, m{"token": ann.token}, true},
			{http.Header{"Cookie": {cookie}}, nil, false},
			{http.Header{"Origin": {"http://other.example"}}, m{"token": ann.token}, true},
			{nil, nil, false},
			{nil, m{"token": "wrong"}, false},
			{nil, m{"token": 1}, false},
			{nil, m{"token": ann.token, "as": "another"}, false},
		} {
			p := x.ioOpen(way, c.header)
			p.connect(c.auth)
			if c.ok {
				p.event("hello", &wire.Hello{})
			} else {
				p.take("CONNECT_ERROR", func(p ioPacket) bool { return p.Type == 4 })
			}
			p.cut()
		}
	}
}
