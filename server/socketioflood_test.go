package server

import (
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/wire"
)

// floods are packets that start no command.
var floods = map[string]string{
	"pong":                 "3",
	"noop":                 "6",
	"an ack of nothing":    "430[]",
	"an unknown namespace": "40/x,",
}

// flood sends a packet n times.
func (c *ioClient) flood(packet string, n int) {
	if c.way.transport == "polling" {
		c.do("POST", c.url, strings.TrimSuffix(strings.Repeat(packet+"\x1e", n), "\x1e"))
		return
	}
	for range n {
		c.sendPacket(packet, nil)
	}
}

// Packets that start no command cost the user's budget of commands, and a flood of them ends
// the connection as a flood of commands does.
func TestSocketIOFlood(t *testing.T) {
	for name, packet := range floods {
		for _, way := range []ioWay{ioWays[0], ioWays[2]} {
			t.Run(name+"/"+way.name, func(t *testing.T) {
				x := start(t, func(c *Config) { c.Limits.User = noRefill(20) })
				p, _ := x.addUser("ann").io(way, nil)
				p.flood(packet, 20)
				if a := p.ask("ping", nil); a.Error == nil || a.Error.Code != chat.RateLimited {
					t.Fatalf("the budget is not spent: %s", a.OK)
				}
				p.flood(packet, 1100)
				if how := p.wantClosed(); way.transport == "websocket" && how != "4008" {
					t.Errorf("closed with %s", how)
				}
				x.eventually(func() bool { return x.s.hub.Stats().Conns == 0 })
			})
		}
	}
}

// Before CONNECT there is no user whose budget they could cost.
func TestSocketIOFloodBeforeConnect(t *testing.T) {
	x := start(t)
	for name, packet := range floods {
		if packet[0] == '4' && packet != "40/x," {
			continue // ends the connection: there is no CONNECT
		}
		for _, way := range []ioWay{ioWays[0], ioWays[2]} {
			t.Run(name+"/"+way.name, func(t *testing.T) {
				p := x.ioOpen(way, nil)
				p.flood(packet, 110)
				if how := p.wantClosed(); way.transport == "websocket" && how != "4008" {
					t.Errorf("closed with %s", how)
				}
			})
		}
	}
	x.eventually(func() bool { return x.s.socketIO.engine.Len() == 0 })
}

// When a server with many clients stops, it does not end all their connections at the same
// moment.
func TestSocketIOClosesAreSpread(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Sockets = 0 })
	ann := x.addUser("ann")
	var clients []*ioClient
	for len(clients) < returnsPerSecond+100 {
		p := x.ioOpen(ioWays[2], nil)
		p.connect(m{"token": ann.token})
		p.event("hello", &wire.Hello{})
		clients = append(clients, p)
	}
	began := time.Now()
	x.stop()
	took := time.Since(began)
	var first, last time.Time
	for _, p := range clients {
		if how := p.wantClosed(); how != "4000" {
			t.Fatalf("ended with %s", how)
		}
		p.mu.Lock()
		if first.IsZero() || p.endedAt.Before(first) {
			first = p.endedAt
		}
		if p.endedAt.After(last) {
			last = p.endedAt
		}
		p.mu.Unlock()
	}
	if d := last.Sub(first); d < 500*time.Millisecond || took > spreadWithin+3*time.Second {
		t.Errorf("all connections were closed within %v, the stop took %v", d, took)
	}
}
