package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tinylib/msgp/msgp"

	"parley/chat"
	"parley/wire"
)

// patience is the timeout of every wait in these tests; reaching it is a failure.
const patience = 10 * time.Second

// value is one value from the server: a reply, an event or a signal.
type value struct {
	Re     *uint64         `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *chat.Error     `json:"error"`
	Event  chat.Kind       `json:"event"`
	Signal string          `json:"signal"`
	ChatID chat.ChatID     `json:"chatId"`
	Seq    chat.Seq        `json:"seq"`
	Head   chat.Seq        `json:"head"`
	By     chat.UserID     `json:"by"`
	Text   string          `json:"text"`
	Target chat.Seq        `json:"target"`
	Epoch  string          `json:"epoch"`
	Online *bool           `json:"online"`
	User   *chat.User      `json:"user"`
	Chat   *chat.Chat      `json:"chat"`
	Gone   bool            `json:"gone"`
	Mine   *chat.Mine      `json:"mine"`
	Users  json.RawMessage `json:"users"` // of an event: ids
	Role   chat.Role       `json:"role"`
	Reason string          `json:"reason"`

	Settings *chat.Settings `json:"settings"`
	Title    string         `json:"title"`
	Picture  *chat.FileID   `json:"picture"`

	ClientID string `json:"clientId"`
	raw      string
	order    int // in the order of arrival
}

// socketClient is the client's end of one socket. Its own goroutine reads all values, so
// that the server never waits for a test.
type socketClient struct {
	t     testing.TB
	codec *wire.Codec
	ws    *websocket.Conn

	mu       sync.Mutex
	received []value       // guarded by mu; values that the test has not taken
	n        int           // guarded by mu: number of values received
	err      error         // guarded by mu: why reading ended
	arrived  chan struct{} // guarded by mu; closed when a value arrives
	hold     chan struct{} // guarded by mu; while not nil and open, nothing is read
	ended    chan struct{} // closed when reading ended

	id    uint64 // owned by the test
	hello wire.Hello
}

var bothCodecs = map[string]*wire.Codec{"msgpack": wire.MsgPack, "json": wire.JSON}

// upgrade opens a socket and sends nothing. It returns the answer if that is a refusal.
func (x *testServer) upgrade(codec *wire.Codec, header http.Header) (*socketClient, *http.Response, error) {
	protocol := wire.MsgPack.Protocol
	if codec == wire.JSON {
		protocol = wire.JSON.Protocol
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &http.Transport{}
	ws, res, err := websocket.Dial(ctx, x.url+"/api/socket", &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: []string{protocol}, HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, res, err
	}
	ws.SetReadLimit(-1)
	p := &socketClient{t: x.t, codec: codec, ws: ws, arrived: make(chan struct{}), ended: make(chan struct{})}
	go p.read()
	x.t.Cleanup(func() { _ = ws.CloseNow(); <-p.ended; transport.CloseIdleConnections() })
	return p, res, nil
}

func (x *testServer) anonymousSocket(codec *wire.Codec) *socketClient {
	x.t.Helper()
	p, _, err := x.upgrade(codec, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

// connect opens a socket and sends hello.
func (c *client) connect(codec ...*wire.Codec) *socketClient {
	c.server.t.Helper()
	p := c.server.anonymousSocket(append(codec, wire.JSON)[0])
	p.ask(m{"do": "hello", "token": c.token}, &p.hello)
	return p
}

// connectLive is connect and resume; every chat is live when it returns.
func (c *client) connectLive(codec ...*wire.Codec) *socketClient {
	c.server.t.Helper()
	p := c.connect(codec...)
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch}, nil)
	p.signal(wire.SignalCaughtUp)
	return p
}

func (p *socketClient) read() {
	defer close(p.ended)
	for {
		_, b, err := p.ws.Read(context.Background())
		p.mu.Lock()
		if hold := p.hold; hold != nil {
			p.mu.Unlock()
			<-hold
			p.mu.Lock()
		}
		for len(b) > 0 && err == nil {
			var v value
			if v, b, err = p.split(b); err == nil {
				v.order = p.n
				p.n++
				p.received = append(p.received, v)
			}
		}
		p.err = err
		close(p.arrived)
		p.arrived = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *socketClient) split(b []byte) (v value, rest []byte, err error) {
	line := b
	if p.codec == wire.MsgPack {
		var out bytes.Buffer
		if rest, err = msgp.Skip(b); err == nil {
			_, err = msgp.UnmarshalAsJSON(&out, b[:len(b)-len(rest)])
		}
		if err != nil {
			return v, nil, fmt.Errorf("bad MessagePack: %w", err)
		}
		line = out.Bytes()
	} else {
		line, rest, _ = bytes.Cut(b, []byte("\n"))
	}
	v.raw = string(line)
	if _, bench := p.t.(*testing.B); !bench { // a benchmark measures the server
		noteValue(line)
	}
	if err := json.Unmarshal(line, &v); err != nil {
		return v, nil, fmt.Errorf("bad value %q: %w", line, err)
	}
	return v, rest, nil
}

// send writes one command and returns its id.
func (p *socketClient) send(cmd m) uint64 {
	p.t.Helper()
	p.id++
	cmd["id"] = p.id
	p.write(p.codec.Encode(cmd))
	return p.id
}

func (p *socketClient) write(b []byte) {
	kind := websocket.MessageBinary
	if p.codec == wire.JSON {
		kind = websocket.MessageText
	}
	_ = p.ws.Write(context.Background(), kind, b) // the reader reports a closed socket
}

// take waits for the first value that matches and removes it.
func (p *socketClient) take(what string, match func(*value) bool) value {
	p.t.Helper()
	late := time.After(patience)
	for from := 0; ; {
		p.mu.Lock()
		for i := from; i < len(p.received); i++ {
			if v := p.received[i]; match(&v) {
				if i == 0 {
					p.received = p.received[1:]
				} else {
					p.received = append(p.received[:i:i], p.received[i+1:]...)
				}
				p.mu.Unlock()
				return v
			}
		}
		from = len(p.received)
		arrived, err := p.arrived, p.err
		p.mu.Unlock()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v; received: %s", what, err, p.tail())
		}
		select {
		case <-arrived:
		case <-late:
			p.t.Fatalf("%s did not arrive; received: %s", what, p.tail())
		}
	}
}

func (p *socketClient) reply(id uint64) value {
	p.t.Helper()
	return p.take(fmt.Sprintf("the reply to %d", id), func(v *value) bool { return v.Re != nil && *v.Re == id })
}

// ask sends a command and decodes its ok, if into is not nil.
func (p *socketClient) ask(cmd m, into any) value {
	p.t.Helper()
	v := p.reply(p.send(cmd))
	if v.Error != nil {
		p.t.Fatalf("%v: %v", cmd["do"], v.Error)
	}
	if into != nil {
		if err := json.Unmarshal(v.OK, into); err != nil {
			p.t.Fatalf("%s: %v", v.raw, err)
		}
	}
	return v
}

// wantError sends a command and asserts the error of its reply.
func (p *socketClient) wantError(cmd m, code chat.Code, field string) value {
	p.t.Helper()
	v := p.reply(p.send(cmd))
	if v.Error == nil || v.Error.Code != code || v.Error.Field != field {
		p.t.Fatalf("%v: got %s, want %s of field %q", cmd, v.raw, code, field)
	}
	return v
}

func (p *socketClient) signal(kind string) value {
	p.t.Helper()
	return p.take("signal "+kind, func(v *value) bool { return v.Signal == kind })
}

func (p *socketClient) event(id chat.ChatID, seq chat.Seq) value {
	p.t.Helper()
	return p.take(fmt.Sprintf("event %d", seq), func(v *value) bool { return v.Event != "" && v.ChatID == id && v.Seq == seq })
}

// wantQuiet asserts that no untaken value is anything but a reply, presence or one of
// these signals.
func (p *socketClient) wantQuiet(but ...string) {
	p.t.Helper()
	p.ask(m{"do": "ping"}, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.received {
		if v.Re == nil && v.Signal != string(chat.SignalPresence) && !slices.Contains(but, v.Signal) {
			p.t.Fatalf("unexpected: %s", v.raw)
		}
	}
}

func (p *socketClient) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, v := range p.received[max(0, len(p.received)-20):] {
		all = append(all, v.raw)
	}
	return strings.Join(all, "\n")
}

// stall stops reading until the returned function is called.
func (p *socketClient) stopReading() (resume func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hold := make(chan struct{})
	p.hold = hold
	once := sync.OnceFunc(func() {
		p.mu.Lock()
		p.hold = nil
		p.mu.Unlock()
		close(hold)
	})
	p.t.Cleanup(once)
	return once
}

// wantClose waits until the socket is closed, asserts the code and returns the reason.
func (p *socketClient) wantClose(code int) string {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(2 * patience):
		p.t.Fatalf("still open, want %d; received: %s", code, p.tail())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var e websocket.CloseError
	if !errors.As(p.err, &e) || int(e.Code) != code {
		p.t.Fatalf("closed with %v, want %d", p.err, code)
	}
	return e.Reason
}

// disconnect ends the connection without a close frame.
func (p *socketClient) disconnect() { _ = p.ws.CloseNow(); <-p.ended }
