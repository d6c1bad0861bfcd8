package server

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"parley/wire"
)

// BenchmarkHistory reads a page of 50 messages through every layer but the network.
func BenchmarkHistory(b *testing.B) {
	for name, accept := range map[string]string{"json": "application/json", "msgpack": "application/msgpack"} {
		b.Run(name, func(b *testing.B) {
			x := start(b)
			ann := x.addUser("ann")
			id := ann.group()
			for range 60 {
				ann.post(id, "Fifty bytes of a message that somebody has typed.")
			}
			h := x.s.Handler()
			r := httptest.NewRequest("GET", "/api/chats/"+string(id)+"/messages", nil)
			r.Header.Set("Authorization", "Bearer "+ann.token)
			r.Header.Set("Accept", accept)
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

// BenchmarkPost posts over a socket and waits for the event.
func BenchmarkPost(b *testing.B) {
	x := start(b)
	ann := x.addUser("ann")
	id := ann.group()
	p := ann.connectLive(wire.MsgPack)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p.ask(m{"do": "post", "chatId": id, "clientId": fmt.Sprint(n), "text": "Fifty bytes of a message that somebody has typed."}, nil)
	}
}

// BenchmarkResume resumes 100 chats without new events, with and without times: no page is
// read.
func BenchmarkResume(b *testing.B) {
	x := start(b)
	ann := x.addUser("ann")
	seen, at := m{}, m{}
	for range 100 {
		ann.group()
	}
	p := ann.connectLive(wire.MsgPack)
	for _, c := range p.hello.Chats {
		seen[string(c.ID)], at[string(c.ID)] = c.Head, c.Activity
	}
	for name, cmd := range map[string]m{
		"numbers": {"do": "resume", "epoch": p.hello.Epoch, "seen": seen},
		"times":   {"do": "resume", "epoch": p.hello.Epoch, "seen": seen, "at": at},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.ask(cmd, nil)
				p.signal(wire.SignalCaughtUp)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(seen)), "µs/chat")
		})
	}
}

// BenchmarkHello says hello as a user in 200 chats with unread messages.
func BenchmarkHello(b *testing.B) {
	x := start(b)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	for range 200 {
		bob.post(bob.group(ann), "Fifty bytes of a message that somebody has typed.")
	}
	b.ReportAllocs()
	for b.Loop() {
		ann.connect(wire.MsgPack).disconnect()
	}
}
