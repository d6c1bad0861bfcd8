package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// TestMain gives clients more time than the suites' own servers do: the machine may be busy.
func TestMain(m *testing.M) {
	suite.PingTimeout, connectTimeout = 3*time.Second, 3*time.Second
	os.Exit(m.Run())
}

// client is a client of one of the two servers.
type client struct {
	t    *testing.T
	base string // URL up to the query
}

func startEngine(t *testing.T) *client   { return start(t, newEngine(), "/engine.io/") }
func startSocketIO(t *testing.T) *client { return start(t, newSocketIO(), "/socket.io/") }

func start(t *testing.T, h http.Handler, path string) *client {
	t.Parallel()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &client{t, s.URL + path}
}

// do sends a request and returns the status, 0 if there was no answer, and the body.
func (c *client) do(ctx context.Context, method, query, body string) (int, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(ctx, method, c.base+"?"+query, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(b)
}

// want sends a request and checks the answer.
func (c *client) want(method, query, body string, status int, answer string) {
	c.t.Helper()
	got, text := c.do(c.t.Context(), method, query, body)
	if got != status || answer != "" && text != answer {
		c.t.Errorf("%s %s %q: %d %q, want %d %q", method, query, body, got, text, status, answer)
	}
}

// open opens a session over polling and returns the query of its further requests.
func (c *client) open() string {
	c.t.Helper()
	_, body := c.do(c.t.Context(), "GET", "EIO=4&transport=polling", "")
	return "EIO=4&transport=polling&sid=" + c.openPacket(body, "websocket").Sid
}

type openPacket struct {
	Sid                                   string
	Upgrades                              []string
	PingInterval, PingTimeout, MaxPayload int
}

func (c *client) openPacket(packet, upgrades string) (open openPacket) {
	c.t.Helper()
	var fields map[string]any
	if !strings.HasPrefix(packet, "0") || json.Unmarshal([]byte(packet[1:]), &fields) != nil || json.Unmarshal([]byte(packet[1:]), &open) != nil {
		c.t.Fatalf("open packet %q", packet)
	}
	if len(fields) != 5 || open.Sid == "" || strings.Join(open.Upgrades, ",") != upgrades || open.PingInterval != 300 || int64(open.PingTimeout) != suite.PingTimeout.Milliseconds() || open.MaxPayload != 1_000_000 {
		c.t.Errorf("open packet %s", packet)
	}
	return open
}

// peer is a WebSocket of a client.
type peer struct {
	*client
	ws *websocket.Conn
}

func (c *client) dial(query string) *peer {
	c.t.Helper()
	ws, _, err := websocket.Dial(c.t.Context(), strings.Replace(c.base, "http", "ws", 1)+"?"+query, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = ws.CloseNow() })
	return &peer{c, ws}
}

// refused checks that a WebSocket is not opened.
func (c *client) refused(query string) {
	c.t.Helper()
	ws, res, err := websocket.Dial(c.t.Context(), strings.Replace(c.base, "http", "ws", 1)+"?"+query, nil)
	if err == nil {
		_ = ws.CloseNow()
		c.t.Errorf("%s: opened", query)
	} else if res == nil || res.StatusCode != 400 {
		c.t.Errorf("%s: %v", query, err)
	}
}

// openSocket opens a session over WebSocket.
func (c *client) openSocket() *peer {
	c.t.Helper()
	p := c.dial("EIO=4&transport=websocket")
	c.openPacket(p.read(), "")
	return p
}

// upgrade opens a session over polling and a WebSocket for its upgrade, up to the probe.
func (c *client) upgrade() (p *peer, query string) {
	c.t.Helper()
	query = c.open()
	p = c.dial(strings.Replace(query, "polling", "websocket", 1))
	p.send("2probe")
	p.wants("3probe")
	return p, query
}

func (p *peer) send(message string) {
	p.t.Helper()
	p.write(websocket.MessageText, message)
}

func (p *peer) sendBinary(message string) {
	p.t.Helper()
	p.write(websocket.MessageBinary, message)
}

func (p *peer) write(kind websocket.MessageType, message string) {
	p.t.Helper()
	if err := p.ws.Write(p.t.Context(), kind, []byte(message)); err != nil && !errors.Is(err, net.ErrClosed) {
		p.t.Fatal(err)
	}
}

// read returns the next message; one in binary after "b:".
func (p *peer) read() string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	kind, b, err := p.ws.Read(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	if kind == websocket.MessageBinary {
		return "b:" + string(b)
	}
	return string(b)
}

// wants reads messages and compares them.
func (p *peer) wants(messages ...string) {
	p.t.Helper()
	for _, want := range messages {
		if got := p.read(); got != want {
			p.t.Fatalf("received %q, want %q", got, want)
		}
	}
}

// closes checks that the server closes the WebSocket; pings before are skipped.
func (p *peer) closes() {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for {
		_, b, err := p.ws.Read(ctx)
		if ctx.Err() != nil {
			p.t.Fatal("not closed")
		}
		if err != nil {
			return
		}
		if string(b) != "2" {
			p.t.Errorf("received %q before the close", b)
		}
	}
}

// each runs tests that are named in a list.
func each(t *testing.T, tests map[string]func(t *testing.T)) {
	for name, test := range tests {
		t.Run(name, test)
	}
}
