package server

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"parley/wire"
)

// BenchmarkHistory is a page of 50 messages through every layer but the network.
func BenchmarkHistory(b *testing.B) {
	for name, accept := range map[string]string{"json": "application/json", "msgpack": "application/msgpack"} {
		b.Run(name, func(b *testing.B) {
			x := start(b)
			ann := x.person("ann")
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

// BenchmarkPost is a post over a socket until its event is back, committed.
func BenchmarkPost(b *testing.B) {
	x := start(b)
	ann := x.person("ann")
	id := ann.group()
	p := ann.live(wire.MsgPack)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		p.ask(m{"do": "post", "chatId": id, "clientId": fmt.Sprint(n), "text": "Fifty bytes of a message that somebody has typed."}, nil)
	}
}

// BenchmarkResume takes up 100 chats in which nothing happened: no page is read,
// with times or without.
func BenchmarkResume(b *testing.B) {
	x := start(b)
	ann := x.person("ann")
	seen, at := m{}, m{}
	for range 100 {
		ann.group()
	}
	p := ann.live(wire.MsgPack)
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
