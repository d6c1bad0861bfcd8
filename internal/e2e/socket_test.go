package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/tinylib/msgp/msgp"

	"parley/chat"
	"parley/wire"
)

// received is any value that a server sends.
type received struct {
	chat.Event
	Re     uint64          `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *chat.Error     `json:"error"`
	Signal string          `json:"signal"`
}

func split(codec *wire.Codec, message []byte) (values [][]byte) {
	if codec == wire.JSON {
		return bytes.Split(bytes.TrimSpace(message), []byte("\n"))
	}
	for len(message) > 0 {
		value, rest := msgpackToJSON(message)
		values, message = append(values, value), rest
	}
	return values
}

// msgpackToJSON turns the first value of a message into JSON, so that the story
// reads both codecs with one type.
func msgpackToJSON(message []byte) (value, rest []byte) {
	rest, err := msgp.Skip(message)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if _, err := msgp.UnmarshalAsJSON(&out, message[:len(message)-len(rest)]); err != nil {
		panic(err)
	}
	return out.Bytes(), rest
}

// line is a socket (JSON) of somebody who reads value by value.
type line struct {
	t      testing.TB
	ctx    context.Context
	c      *websocket.Conn
	values [][]byte
}

// call opens a socket at a house and says hello.
func (h *house) line(p *person) *line {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	h.t.Cleanup(cancel)
	c, _, err := websocket.Dial(ctx, "ws://"+h.addr+"/api/socket", &websocket.DialOptions{
		Subprotocols: []string{wire.JSON.Protocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + p.Token}}})
	if err != nil {
		h.t.Fatalf("%v\n%s", err, h.said())
	}
	h.t.Cleanup(func() { _ = c.CloseNow() })
	c.SetReadLimit(-1)
	l := &line{t: h.t, ctx: ctx, c: c}
	l.say(wire.Command{ID: 1, Do: "hello"}, wire.Command{ID: 2, Do: "resume"})
	l.until(func(v received) bool { return v.Signal == "caughtUp" })
	return l
}

func (l *line) say(commands ...wire.Command) {
	l.t.Helper()
	var b []byte
	for _, command := range commands {
		b = append(b, wire.JSON.Encode(command)...)
	}
	if err := l.c.Write(l.ctx, websocket.MessageText, b); err != nil {
		l.t.Fatal(err)
	}
}

// next gives the next value, or the code with which the socket closed.
func (l *line) next() (v received, code websocket.StatusCode) {
	l.t.Helper()
	for len(l.values) == 0 {
		_, message, err := l.c.Read(l.ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code != -1 {
				return v, code
			}
			l.t.Fatal(err)
		}
		l.values = split(wire.JSON, message)
	}
	if err := json.Unmarshal(l.values[0], &v); err != nil {
		l.t.Fatal(err)
	}
	l.values = l.values[1:]
	return v, 0
}

// until reads up to the value that is asked for, and gives what came before it.
func (l *line) until(is func(received) bool) (before []received) {
	l.t.Helper()
	for {
		v, code := l.next()
		if code != 0 {
			l.t.Fatalf("the socket closed with %d", code)
		}
		if is(v) {
			return before
		}
		before = append(before, v)
	}
}

// closes reads up to the end.
func (l *line) closes(want websocket.StatusCode) {
	l.t.Helper()
	for {
		if _, code := l.next(); code == want {
			return
		} else if code != 0 {
			l.t.Fatalf("the socket closed with %d, want %d", code, want)
		}
	}
}

// resumes says hello and resumes, and gives the values up to caughtUp.
func (h *house) resumes(p *person, codec *wire.Codec, cmd wire.Command) (got []wire.Signal) {
	h.t.Helper()
	protocol, typ := wire.JSON.Protocol, websocket.MessageText
	if codec == wire.MsgPack {
		protocol, typ = wire.MsgPack.Protocol, websocket.MessageBinary
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+h.addr+"/api/socket", &websocket.DialOptions{Subprotocols: []string{protocol}})
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.CloseNow()
	c.SetReadLimit(-1)
	hello := codec.Encode(wire.Command{ID: 1, Do: "hello", Token: p.Token})
	if err := c.Write(ctx, typ, append(hello, codec.Encode(cmd)...)); err != nil {
		h.t.Fatal(err)
	}
	for {
		_, message, err := c.Read(ctx)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, value := range split(codec, message) {
			var v wire.Signal
			if err := json.Unmarshal(value, &v); err != nil {
				h.t.Fatal(err)
			}
			got = append(got, v)
			if v.Signal == wire.SignalCaughtUp {
				return got
			}
		}
	}
}
