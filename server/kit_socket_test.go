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

// patience is how long a test waits for what must come; nothing waits for less.
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

	ClientID string `json:"clientId"`
	raw      string
	place    int // in the order of arrival
}

// peer is the client's end of one socket. A goroutine of its own reads what
// comes, so that nobody waits for a test.
type peer struct {
	t     testing.TB
	codec *wire.Codec
	ws    *websocket.Conn

	mu    sync.Mutex
	came  []value       // guarded by mu; what nobody took
	n     int           // guarded by mu: values that came
	err   error         // guarded by mu: why reading ended
	news  chan struct{} // guarded by mu; closed when something comes
	hold  chan struct{} // guarded by mu; while not nil and open, nothing is read
	ended chan struct{} // closed when reading ended

	id    uint64 // owned by the test
	hello wire.Hello
}

var bothCodecs = map[string]*wire.Codec{"msgpack": wire.MsgPack, "json": wire.JSON}

// upgrade opens a socket without a word. A refusal is returned.
func (x *site) upgrade(codec *wire.Codec, header http.Header) (*peer, *http.Response, error) {
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
	p := &peer{t: x.t, codec: codec, ws: ws, news: make(chan struct{}), ended: make(chan struct{})}
	go p.read()
	x.t.Cleanup(func() { _ = ws.CloseNow(); <-p.ended; transport.CloseIdleConnections() })
	return p, res, nil
}

func (x *site) stranger(codec *wire.Codec) *peer {
	x.t.Helper()
	p, _, err := x.upgrade(codec, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	return p
}

// connect opens a socket and says hello.
func (c *client) connect(codec ...*wire.Codec) *peer {
	c.site.t.Helper()
	p := c.site.stranger(append(codec, wire.JSON)[0])
	p.ask(m{"do": "hello", "token": c.token}, &p.hello)
	return p
}

// live is connect, and every chat is live when it returns.
func (c *client) live(codec ...*wire.Codec) *peer {
	c.site.t.Helper()
	p := c.connect(codec...)
	p.ask(m{"do": "resume", "epoch": p.hello.Epoch}, nil)
	p.signal(wire.SignalCaughtUp)
	return p
}

func (p *peer) read() {
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
				v.place = p.n
				p.n++
				p.came = append(p.came, v)
			}
		}
		p.err = err
		close(p.news)
		p.news = make(chan struct{})
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *peer) split(b []byte) (v value, rest []byte, err error) {
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
	if err := json.Unmarshal(line, &v); err != nil {
		return v, nil, fmt.Errorf("bad value %q: %w", line, err)
	}
	return v, rest, nil
}

// send writes one command and gives its id.
func (p *peer) send(cmd m) uint64 {
	p.t.Helper()
	p.id++
	cmd["id"] = p.id
	p.write(p.codec.Encode(cmd))
	return p.id
}

func (p *peer) write(b []byte) {
	kind := websocket.MessageBinary
	if p.codec == wire.JSON {
		kind = websocket.MessageText
	}
	_ = p.ws.Write(context.Background(), kind, b) // a closed socket is seen by who reads
}

// take waits for the first value that matches and takes it out.
func (p *peer) take(what string, match func(*value) bool) value {
	p.t.Helper()
	late := time.After(patience)
	for from := 0; ; {
		p.mu.Lock()
		for i := from; i < len(p.came); i++ {
			if v := p.came[i]; match(&v) {
				if i == 0 {
					p.came = p.came[1:]
				} else {
					p.came = append(p.came[:i:i], p.came[i+1:]...)
				}
				p.mu.Unlock()
				return v
			}
		}
		from = len(p.came)
		news, err := p.news, p.err
		p.mu.Unlock()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v; came: %s", what, err, p.rest())
		}
		select {
		case <-news:
		case <-late:
			p.t.Fatalf("%s did not come; came: %s", what, p.rest())
		}
	}
}

func (p *peer) reply(id uint64) value {
	p.t.Helper()
	return p.take(fmt.Sprintf("the reply to %d", id), func(v *value) bool { return v.Re != nil && *v.Re == id })
}

// ask sends a command and decodes its ok, if into is not nil.
func (p *peer) ask(cmd m, into any) value {
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

// refused sends a command and asserts its error.
func (p *peer) refused(cmd m, code chat.Code, field string) value {
	p.t.Helper()
	v := p.reply(p.send(cmd))
	if v.Error == nil || v.Error.Code != code || v.Error.Field != field {
		p.t.Fatalf("%v: got %s, want %s of field %q", cmd, v.raw, code, field)
	}
	return v
}

func (p *peer) signal(kind string) value {
	p.t.Helper()
	return p.take("signal "+kind, func(v *value) bool { return v.Signal == kind })
}

func (p *peer) event(id chat.ChatID, seq chat.Seq) value {
	p.t.Helper()
	return p.take(fmt.Sprintf("event %d", seq), func(v *value) bool { return v.Event != "" && v.ChatID == id && v.Seq == seq })
}

// quiet asserts that nothing but replies, presence and these signals came since,
// as of now.
func (p *peer) quiet(but ...string) {
	p.t.Helper()
	p.ask(m{"do": "ping"}, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, v := range p.came {
		if v.Re == nil && v.Signal != string(chat.SignalPresence) && !slices.Contains(but, v.Signal) {
			p.t.Fatalf("unexpected: %s", v.raw)
		}
	}
}

func (p *peer) rest() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for _, v := range p.came[max(0, len(p.came)-20):] {
		all = append(all, v.raw)
	}
	return strings.Join(all, "\n")
}

// stall stops reading until the returned function is called.
func (p *peer) stall() (goOn func()) {
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

// closes waits for the end and asserts its code.
func (p *peer) closes(code int) string {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(2 * patience):
		p.t.Fatalf("still open, want %d; came: %s", code, p.rest())
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var e websocket.CloseError
	if !errors.As(p.err, &e) || int(e.Code) != code {
		p.t.Fatalf("closed with %v, want %d", p.err, code)
	}
	return e.Reason
}

// drop ends the connection without a word.
func (p *peer) drop() { _ = p.ws.CloseNow(); <-p.ended }
