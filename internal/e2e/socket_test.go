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

// received is any value that a server sends on a socket.
type received struct {
	chat.Event
	Re     uint64          `json:"re"`
	OK     json.RawMessage `json:"ok"`
	Error  *chat.Error     `json:"error"`
	Signal string          `json:"signal"`
}

// split returns the values of a message as JSON.
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

// msgpackToJSON converts the first value of a message to JSON, so that tests decode
// both codecs into one type.
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

// socketClient is a socket (JSON) that a test reads value by value.
type socketClient struct {
	t      testing.TB
	ctx    context.Context
	conn   *websocket.Conn
	values [][]byte
}

// openSocket opens a socket, sends hello and resume, and reads up to caughtUp.
func (s *testServer) openSocket(a *account) *socketClient {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	s.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws://"+s.addr+"/api/socket", &websocket.DialOptions{
		Subprotocols: []string{wire.JSON.Protocol}, HTTPHeader: http.Header{"Authorization": {"Bearer " + a.Token}}})
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.logText())
	}
	s.t.Cleanup(func() { _ = conn.CloseNow() })
	conn.SetReadLimit(-1)
	c := &socketClient{t: s.t, ctx: ctx, conn: conn}
	c.send(wire.Command{ID: 1, Do: "hello"}, wire.Command{ID: 2, Do: "resume"})
	c.readUntil(func(v received) bool { return v.Signal == "caughtUp" })
	return c
}

func (c *socketClient) send(commands ...wire.Command) {
	c.t.Helper()
	var b []byte
	for _, command := range commands {
		b = append(b, wire.JSON.Encode(command)...)
	}
	if err := c.conn.Write(c.ctx, websocket.MessageText, b); err != nil {
		c.t.Fatal(err)
	}
}

// next returns the next value, or the code with which the socket closed.
func (c *socketClient) next() (v received, code websocket.StatusCode) {
	c.t.Helper()
	for len(c.values) == 0 {
		_, message, err := c.conn.Read(c.ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code != -1 {
				return v, code
			}
			c.t.Fatal(err)
		}
		c.values = split(wire.JSON, message)
	}
	if err := json.Unmarshal(c.values[0], &v); err != nil {
		c.t.Fatal(err)
	}
	c.values = c.values[1:]
	return v, 0
}

// readUntil reads up to the first value that matches, and returns the values before it.
func (c *socketClient) readUntil(match func(received) bool) (before []received) {
	c.t.Helper()
	for {
		v, code := c.next()
		if code != 0 {
			c.t.Fatalf("the socket closed with %d", code)
		}
		if match(v) {
			return before
		}
		before = append(before, v)
	}
}

// waitClosed reads until the socket closes, which must be with code want.
func (c *socketClient) waitClosed(want websocket.StatusCode) {
	c.t.Helper()
	for {
		if _, code := c.next(); code == want {
			return
		} else if code != 0 {
			c.t.Fatalf("the socket closed with %d, want %d", code, want)
		}
	}
}

// resume opens a socket, sends hello and cmd, and returns the values up to caughtUp.
func (s *testServer) resume(a *account, codec *wire.Codec, cmd wire.Command) (got []wire.Signal) {
	s.t.Helper()
	protocol, typ := wire.JSON.Protocol, websocket.MessageText
	if codec == wire.MsgPack {
		protocol, typ = wire.MsgPack.Protocol, websocket.MessageBinary
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+s.addr+"/api/socket", &websocket.DialOptions{Subprotocols: []string{protocol}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1)
	hello := codec.Encode(wire.Command{ID: 1, Do: "hello", Token: a.Token})
	if err := conn.Write(ctx, typ, append(hello, codec.Encode(cmd)...)); err != nil {
		s.t.Fatal(err)
	}
	for {
		_, message, err := conn.Read(ctx)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, value := range split(codec, message) {
			var v wire.Signal
			if err := json.Unmarshal(value, &v); err != nil {
				s.t.Fatal(err)
			}
			got = append(got, v)
			if v.Signal == wire.SignalCaughtUp {
				return got
			}
		}
	}
}
