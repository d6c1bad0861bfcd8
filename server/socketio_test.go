package server

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/wire"
)

// A client of each kind signs in, posts, receives in order, is cut off, comes back with
// what it has seen, receives each event once, and ends with its session.
func TestSocketIOStory(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets.PingEvery = 3 * time.Second }) // a client that is cut off between two polls is noticed later
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
			cut := p.open.Sid
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

			// Otherwise the end of the session would wait for a poll of it.
			x.eventually(func() bool { return !x.s.socketIO.engine.Has(cut) })
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
			{nil, ann.token, false},
			{nil, []string{ann.token}, false},
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

// What breaks the rules of polling ends the connection and leaves nothing behind.
func TestHostilePolling(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets.PingEvery = 3 * time.Second }) // a client that leaves between two polls is noticed later
	ann := x.addUser("ann")
	way := ioWays[0]
	for name, attack := range map[string]func(p *ioClient){
		"a body above maxPayload": func(p *ioClient) {
			if status, _ := p.do("POST", p.url, "4"+strings.Repeat("x", maxMessage)); status != 413 {
				t.Errorf("a body above maxPayload: %d", status)
			}
		},
		"1 MiB of packets": func(p *ioClient) {
			if status, _ := p.do("POST", p.url, strings.Repeat("3\x1e", 512<<10)); status != 413 {
				t.Errorf("1 MiB of packets: %d", status)
			}
		},
		"maxPayload of events": func(p *ioClient) {
			packet := `42["typing",{"chatId":"x"}]` + "\x1e"
			status, body := p.do("POST", p.url, strings.TrimSuffix(strings.Repeat(packet, maxMessage/len(packet)), "\x1e"))
			if status != 200 {
				t.Errorf("maxPayload of events: %d %s", status, body)
			}
			p.sendPacket("1", nil)
		},
		"malformed":       func(p *ioClient) { p.do("POST", p.url, "x") },
		"an empty body":   func(p *ioClient) { p.do("POST", p.url, "") },
		"a second poll":   func(p *ioClient) { p.do("GET", p.url, "") },
		"an aborted poll": func(p *ioClient) { p.cut() },
		"an old version": func(p *ioClient) {
			r, _ := http.NewRequest("POST", p.url, strings.NewReader("4x"))
			r.Header.Set("Content-Type", "application/octet-stream")
			res, err := http.DefaultClient.Do(r)
			if err != nil || res.StatusCode != 400 {
				t.Fatalf("%v, %v", res, err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, _ := ann.io(way, nil)
			attack(p)
			p.wantClosed()
		})
	}
	x.eventually(func() bool { return x.s.socketIO.engine.Len() == 0 && x.s.hub.Stats().Conns == 0 })
}

// A client that polls no more is closed once its queues are full, however much is sent; so
// is one that is not heard in time.
func TestSocketIOClientThatIsGone(t *testing.T) {
	t.Run("silent", func(t *testing.T) {
		x := start(t, func(c *Config) { c.sockets.PingEvery = time.Second })
		ann := x.addUser("ann")
		for _, way := range ioWays[:3] {
			p, _ := ann.io(way, nil)
			p.sending.Lock() // no pong can be sent
			x.eventually(func() bool { return x.s.hub.Stats().Conns == 0 })
			p.sending.Unlock()
			if how := p.wantClosed(); way.transport == "websocket" && how != "4002" {
				t.Errorf("%s: ended with %s", way.name, how)
			}
			x.eventually(func() bool { return x.s.socketIO.engine.Len() == 0 })
		}
	})
	t.Run("slow", func(t *testing.T) {
		x := start(t, func(c *Config) { c.sockets.QueueBytes = 1 << 20 })
		ann, bob := x.addUser("ann"), x.addUser("bob")
		id := ann.group(bob)
		p, hello := ann.io(ioWays[0], nil)
		p.ask("resume", m{"epoch": hello.Epoch})
		p.event("caughtUp", &struct{}{})
		p.stalled.Store(true) // after one more poll
		text := strings.Repeat("x", 16<<10)
		for range 200 { // 3 MiB
			bob.post(id, text)
		}
		x.eventually(func() bool { return x.s.hub.Stats().Conns == 0 })
		if n := x.s.hub.Stats().Closed[hub.TooSlow]; n != 1 {
			t.Errorf("closed as too slow: %d", n)
		}
	})
}

// Session ids cannot be guessed, and guesses are limited by address. Those of another
// replica are counted and logged.
func TestUnknownSids(t *testing.T) {
	x := start(t, func(c *Config) {
		c.Replica, c.Limits.Anonymous.N, c.anonymous = "one", 10, middleware.Rate{N: 5, Per: time.Minute}
	})
	for i, want := range []int{400, 400, 400, 400, 400, 429} {
		sid := []string{"one.AAAAAAAAAAAAAAAAAAAAAA", "two.AAAAAAAAAAAAAAAAAAAAAA"}[i%2]
		r, _ := http.NewRequest("GET", x.url+"/socket.io/?EIO=4&transport=polling&sid="+sid, nil)
		r.Header.Set("Origin", "http://localhost:3000")
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want || want == 400 && string(body) != `{"code":1,"message":"Session ID unknown"}` || res.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %s %v", sid, res.StatusCode, body, res.Header)
		}
	}
	if n := strings.Count(x.logs.String(), "must route by the name"); n != 1 {
		t.Errorf("%d lines in the log about another replica's sids", n)
	}
	metrics := httptest.NewRecorder()
	x.s.Metrics().ServeHTTP(metrics, httptest.NewRequest("GET", "/", nil))
	for _, want := range []string{`parley_socketio_unknown_sids_total{other_replica="true"} 2`, `parley_socketio_unknown_sids_total{other_replica="false"} 3`} {
		if !strings.Contains(metrics.Body.String(), want) {
			t.Errorf("the metrics have no %s", want)
		}
	}
}

// The flags choose the transports; a sid begins with the replica's name.
func TestSocketIOTransports(t *testing.T) {
	for mode, want := range map[SocketIO]string{
		SocketIOOn:        `0{"sid":"two.`,
		SocketIOWebSocket: `{"code":0,"message":"Transport unknown: this server accepts the transport websocket only`,
		SocketIOOff:       `{"error":{"code":"not_found"`,
	} {
		x := start(t, func(c *Config) { c.SocketIO, c.Replica = mode, "two" })
		ann := x.addUser("ann")
		res, err := http.Get(x.url + "/socket.io/?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if !strings.HasPrefix(string(body), want) {
			t.Errorf("%s: %d %s", mode, res.StatusCode, body)
		}
		if mode != SocketIOOff {
			ann.io(ioWays[2], nil)
		}
	}
}

// Clients that have sent no CONNECT are bounded for each address, and closed in time.
func TestSocketIOBeforeConnect(t *testing.T) {
	x := start(t, func(c *Config) { c.sockets.BindWithin = 2 * time.Second })
	status := 0
	for n := 0; n < 300 && status != 503; n++ {
		res, err := http.Get(x.url + "/socket.io/?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if status = res.StatusCode; status == 503 && (n != 256 || res.Header.Get("Retry-After") == "") {
			t.Errorf("refused after %d: %v", n, res.Header)
		}
	}
	if status != 503 {
		t.Error("connections without a CONNECT are not bounded")
	}
	ann := x.addUser("ann")
	free := 0
	x.eventually(func() bool { // closed, and their places are free again: those of the others, too
		res, err := http.Get(x.url + "/socket.io/?EIO=4&transport=polling")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == 200 {
			free++
		}
		return free == 10
	})
	ann.io(ioWays[0], nil)
}

// A server that stops ends every connection, also a poll that is held; clients come back.
func TestSocketIOWhileStopping(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	var clients []*ioClient
	for _, way := range ioWays[:4] {
		p, _ := ann.io(way, nil)
		clients = append(clients, p)
	}
	waiting := x.ioOpen(ioWays[0], nil) // has sent no CONNECT
	x.stop()
	for _, p := range append(clients, waiting) {
		// A client that was between two polls finds no server.
		if how := p.wantClosed(); p.way.transport == "polling" && how != "1" && !strings.HasPrefix(how, "0 ") || p.way.transport == "websocket" && how != "4000" {
			t.Errorf("%s: ended with %s", p.way.name, how)
		}
		p.mu.Lock()
		for _, packet := range p.packets {
			if packet.Type == 1 {
				t.Errorf("%s: a DISCONNECT: the client would not come back", p.way.name)
			}
		}
		p.mu.Unlock()
	}
}

// At the limit of a user's connections, one that is there but idle does not make room for
// another; one whose client is gone does.
func TestSocketIOAtTheLimitOfConnections(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Sockets, c.sockets.PingEvery = 3, 4*time.Second })
	ann := x.addUser("ann")
	var idle []*ioClient
	for _, way := range []ioWay{ioWays[0], ioWays[3], ioWays[4]} {
		p, _ := ann.io(way, nil)
		idle = append(idle, p)
	}
	refused := func() bool {
		p := x.ioOpen(ioWays[2], nil)
		defer p.cut()
		p.connect(m{"token": ann.token})
		answer := p.take("an answer", func(p ioPacket) bool { return p.Type == 0 || p.Type == 4 })
		return answer.Type == 4 && strings.Contains(string(answer.Data), `"retryAfterMs"`)
	}
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end); { // longer than an answer to a ping may take
		if !refused() {
			t.Fatal("a connection that is there made room")
		}
	}
	for _, p := range idle {
		if a := p.ask("ping", nil); a.Error != nil {
			t.Error(a.Error)
		}
	}
	idle[1].sending.Lock() // answers no more
	x.eventually(func() bool { return !refused() })
	idle[1].sending.Unlock()
}
