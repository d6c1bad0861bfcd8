package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tinylib/msgp/msgp"

	"parley/chat"
	"parley/wire"
)

// ioWay is how a Socket.IO client of a test talks.
type ioWay struct {
	name      string
	transport string // polling, websocket or upgrade
	msgpack   bool
}

var ioWays = []ioWay{
	{"polling", "polling", false}, {"polling, msgpack", "polling", true},
	{"websocket", "websocket", false}, {"websocket, msgpack", "websocket", true},
	{"upgrade", "upgrade", false}, {"upgrade, msgpack", "upgrade", true},
}

// ioClient is a Socket.IO client that reads in the background.
type ioClient struct {
	t      testing.TB
	way    ioWay
	url    string // with the sid
	header http.Header
	http   *http.Client
	ctx    context.Context
	stop   context.CancelFunc
	open   struct {
		Sid        string
		MaxPayload int
	}

	stalled atomic.Bool  // no poll is sent any more
	pings   atomic.Int64 // received
	sending sync.Mutex   // before mu; held while a packet is sent

	mu      sync.Mutex
	probed  *websocket.Conn // guarded by mu; for the upgrade
	ws      *websocket.Conn // guarded by mu; nil while polling
	packets []ioPacket      // guarded by mu; not taken yet
	closed  string          // guarded by mu: how the connection ended, "" while it is open
	endedAt time.Time       // guarded by mu
	arrived chan struct{}   // guarded by mu
	next    int             // number of the next ack; used by the test
}

// ioPacket is one packet of the server, its data as JSON.
type ioPacket struct {
	Type int
	ID   *uint64
	Data json.RawMessage
}

// name returns the name of an event.
func (p ioPacket) name() string {
	var args []json.RawMessage
	var name string
	if p.Type == 2 && json.Unmarshal(p.Data, &args) == nil && len(args) == 2 && json.Unmarshal(args[0], &name) == nil {
		return name
	}
	return ""
}

// arg decodes the argument of an event or ack.
func (p ioPacket) arg(t testing.TB, v any) {
	t.Helper()
	var args []json.RawMessage
	if err := json.Unmarshal(p.Data, &args); err != nil || len(args) == 0 || json.Unmarshal(args[len(args)-1], v) != nil {
		t.Fatalf("%s: %v", p.Data, err)
	}
}

// receive handles one packet of Engine.IO.
func (c *ioClient) receive(text bool, b []byte) {
	var p ioPacket
	switch {
	case text && b[0] == '2':
		c.pings.Add(1)
		c.sendPacket("3", nil)
		return
	case text && b[0] == '1':
		c.end("1")
		return
	case text && b[0] == '6':
		return
	case text && b[0] == '4' && !c.way.msgpack:
		p.Type = int(b[1] - '0')
		b = b[2:]
		digits := 0
		for ; digits < len(b) && b[digits] >= '0' && b[digits] <= '9'; digits++ {
		}
		if digits > 0 {
			var id uint64
			_, _ = fmt.Sscan(string(b[:digits]), &id)
			p.ID = &id
		}
		p.Data = b[digits:]
	case !text && c.way.msgpack:
		var out bytes.Buffer
		rest, err := msgp.UnmarshalAsJSON(&out, b)
		var fields map[string]json.RawMessage
		if err != nil || len(rest) > 0 || json.Unmarshal(out.Bytes(), &fields) != nil || json.Unmarshal(out.Bytes(), &p) != nil || string(fields["nsp"]) != `"/"` {
			c.t.Errorf("packet % x: %v, %d bytes left", b, err, len(rest))
		}
	default:
		c.t.Errorf("packet %q", b)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.packets = append(c.packets, p)
	c.notify()
}

// packet sends a packet of Socket.IO.
func (c *ioClient) packet(kind int, id *int, data any) {
	if c.way.msgpack {
		fields := m{"type": kind, "nsp": "/"}
		if data != nil {
			fields["data"] = data
		}
		if id != nil {
			fields["id"] = *id
		}
		c.sendPacket("", wire.MsgPack.Encode(fields))
		return
	}
	text := fmt.Sprint("4", kind)
	if id != nil {
		text += fmt.Sprint(*id)
	}
	if data != nil {
		text += strings.TrimSuffix(string(wire.JSON.Encode(data)), "\n")
	}
	c.sendPacket(text, nil)
}

// connect sends a CONNECT.
func (c *ioClient) connect(auth any) { c.packet(0, nil, auth) }

// emit sends a command without an ack.
func (c *ioClient) emit(do string, fields any) { c.packet(2, nil, []any{do, fields}) }

// ask sends a command with an ack and returns the argument of the ack.
func (c *ioClient) ask(do string, fields any) (answer struct {
	OK    json.RawMessage
	Error *chat.Error
}) {
	c.t.Helper()
	id := c.next
	c.next++
	c.packet(2, &id, []any{do, fields})
	c.take("an ack", func(p ioPacket) bool { return p.Type == 3 && p.ID != nil && *p.ID == uint64(id) }).arg(c.t, &answer)
	return answer
}

// take waits for the first packet that matches and removes it.
func (c *ioClient) take(what string, match func(ioPacket) bool) ioPacket {
	c.t.Helper()
	late := time.After(patience)
	for {
		c.mu.Lock()
		for i, p := range c.packets {
			if match(p) {
				c.packets = append(c.packets[:i:i], c.packets[i+1:]...)
				c.mu.Unlock()
				return p
			}
		}
		arrived, closed := c.arrived, c.closed
		c.mu.Unlock()
		if closed != "" {
			c.t.Fatalf("%s did not arrive before the end: %s", what, closed)
		}
		select {
		case <-arrived:
		case <-late:
			c.t.Fatalf("%s did not arrive", what)
		}
	}
}

// event waits for an event of that name.
func (c *ioClient) event(name string, v any) {
	c.t.Helper()
	c.take(name, func(p ioPacket) bool { return p.name() == name }).arg(c.t, v)
}

// wantClosed waits for the end of the connection.
func (c *ioClient) wantClosed() string {
	c.t.Helper()
	late := time.After(patience)
	for {
		c.mu.Lock()
		arrived, closed := c.arrived, c.closed
		c.mu.Unlock()
		if closed != "" {
			return closed
		}
		select {
		case <-arrived:
		case <-late:
			c.t.Fatal("not closed")
		}
	}
}

// io connects a client with a token and waits for hello.
func (c *client) io(way ioWay, auth m) (*ioClient, wire.Hello) {
	c.server.t.Helper()
	p := c.server.ioOpen(way, nil)
	if auth == nil {
		auth = m{}
	}
	auth["token"] = c.token
	p.connect(auth)
	if way.transport == "upgrade" {
		p.upgrade()
	}
	var h wire.Hello
	p.event("hello", &h)
	return p, h
}
