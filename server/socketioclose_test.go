package server

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/chat"
)

// isDisconnect and isRefusal report whether a packet ends a connection for good.
func isDisconnect(p ioPacket) bool { return p.Type == 1 }
func isRefusal(p ioPacket) bool    { return p.Type == 4 }

// count returns how many packets that were not taken match.
func (c *ioClient) count(match func(ioPacket) bool) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.packets {
		if match(p) {
			n++
		}
	}
	return n
}

// A client that breaks the protocol is told with a DISCONNECT, so that it does not come back.
func TestSocketIOProtocolError(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for _, way := range []ioWay{ioWays[0], ioWays[2], ioWays[4]} {
		for _, packet := range []string{"42{}", "40", `42["connect"]`, "47", `42/x,["ping"]`, `4511-["ping"]`} {
			p, _ := ann.io(way, nil)
			p.flood(packet, 1)
			p.take("DISCONNECT after "+packet, isDisconnect)
			if how := p.wantClosed(); how != "4500" && how != "1" {
				t.Errorf("%s, %s: ended with %s", way.name, packet, how)
			}
		}
	}
}

// A message above maxPayload ends the connection with a code that says so; one below it is
// answered, though its text is too long.
func TestSocketIOSizes(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	for _, way := range ioWays {
		p, _ := ann.io(way, nil)
		if a := p.ask("post", m{"chatId": id, "clientId": "1", "text": strings.Repeat("x", maxMessage/2)}); a.Error == nil || a.Error.Code != chat.TextTooLong {
			t.Errorf("%s: a text that is too long: %s, %v", way.name, a.OK, a.Error)
		}
		p.emit("post", m{"chatId": id, "clientId": "1", "text": strings.Repeat("x", maxMessage)})
		if how := p.wantClosed(); way.transport == "websocket" && how != "1009" { // TestHostilePolling has the other
			t.Errorf("%s: ended with %s", way.name, how)
		}
	}
}

// A server that may have lost events closes all connections, with the code of that; clients
// come back.
func TestSocketIOWhenTheFeedIsLost(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for _, way := range ioWays[:4] {
		p, _ := ann.io(way, nil)
		x.s.hub.Lost()
		if how := p.wantClosed(); way.transport == "polling" && how != "1" || way.transport == "websocket" && how != "4003" {
			t.Errorf("%s: ended with %s", way.name, how)
		}
		if p.count(isDisconnect) > 0 {
			t.Errorf("%s: the client would not come back", way.name)
		}
	}
}

// The hub and the engine ask for a sign of life at the same interval; a client is asked once.
func TestSocketIOPings(t *testing.T) {
	const every = time.Second
	x := start(t, func(c *Config) { c.sockets.PingEvery = every })
	ann := x.addUser("ann")
	var clients []*ioClient
	for _, way := range []ioWay{ioWays[0], ioWays[2]} {
		p, _ := ann.io(way, nil)
		clients = append(clients, p)
	}
	began := time.Now()
	for _, p := range clients {
		x.eventually(func() bool { return p.pings.Load() >= 4 })
		if n, most := p.pings.Load(), 1+int64(time.Since(began)/every); n > most {
			t.Errorf("%s: %d pings in %v", p.way.name, n, time.Since(began))
		}
	}
}

// outageStore is a store that cannot be read while it is down.
type outageStore struct {
	chat.Store
	down atomic.Bool
}

func (s *outageStore) ChatIDs(ctx context.Context, u chat.UserID) ([]chat.ChatID, error) {
	if s.down.Load() {
		return nil, chat.Fail(chat.Unavailable, "the store is down")
	}
	return s.Store.ChatIDs(ctx, u)
}

// A CONNECT that fails because of the server ends the transport alone: after a CONNECT_ERROR
// or a DISCONNECT the client would not come back.
func TestSocketIOWhileTheStoreIsDown(t *testing.T) {
	store := &outageStore{}
	x := start(t, func(c *Config) { store.Store, c.Store = c.Store, store })
	ann := x.addUser("ann")
	for _, way := range ioWays[:4] {
		store.down.Store(true)
		p := x.ioOpen(way, nil)
		p.connect(m{"token": ann.token})
		if how := p.wantClosed(); way.transport == "polling" && how != "1" || way.transport == "websocket" && how != "1011" {
			t.Errorf("%s: ended with %s", way.name, how)
		}
		if p.count(isRefusal)+p.count(isDisconnect) > 0 {
			t.Errorf("%s: the client would not come back", way.name)
		}
		store.down.Store(false)
		ann.io(way, nil)
	}
}

// A server that stops refuses new handshakes so that clients come back later and later, and
// pages of other origins can read why.
func TestSocketIOHandshakeWhileStopping(t *testing.T) {
	x := start(t)
	handler := x.s.Handler()
	x.stop()
	for _, transport := range []string{"polling", "websocket"} {
		r := httptest.NewRequest("GET", "/socket.io/?EIO=4&transport="+transport, nil)
		r.Header.Set("Origin", "https://other.example")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if h := w.Header(); w.Code != http.StatusServiceUnavailable || h.Get("Retry-After") == "" || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", transport, w.Code, h)
		}
	}
}

// The path may also be without its last slash, and CORS preflights are answered.
func TestSocketIOPaths(t *testing.T) {
	x := start(t)
	for _, path := range []string{"/socket.io", "/socket.io/"} {
		for method, want := range map[string]int{"GET": 200, "OPTIONS": 204} {
			r, err := http.NewRequest(method, x.url+path+"?EIO=4&transport=polling", nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", "https://other.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != want || res.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s %s: %d %v", method, path, res.StatusCode, res.Header)
			}
		}
	}
}
