package engineio

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/coder/websocket"

	"parley/internal/frame"
)

// pipes is a listener whose connections are in memory, so that a test with fake time
// (testing/synctest) can use it.
type pipes struct {
	accepting chan net.Conn
	closed    chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accepting:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipes"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	server, client := net.Pipe()
	p.accepting <- server
	return client, nil
}

// echo is the handler of a test: it sends each message back.
type echo struct {
	conn    *Conn
	message func() // called for each message, unless it is nil
	silent  int    // calls of Silent
	closed  int    // calls of Closed
}

func (e *echo) Request(*http.Request) {}
func (e *echo) Packet()               {}
func (e *echo) Heard()                {}
func (e *echo) PingDue(ping []byte)   { go func() { _ = e.conn.Write(ping) }() }
func (e *echo) Silent()               { e.silent++ }
func (e *echo) Closed()               { e.closed++ }
func (e *echo) Message(text bool, b []byte) {
	if e.message != nil {
		e.message()
	}
	_ = e.conn.Write(frame.Append(nil, text, append([]byte{packetMessage}, b...)))
}

// testEngine is a running Engine with the defaults of Config, and its client.
type testEngine struct {
	t      *testing.T
	engine *Engine
	http   *http.Client
	echo   *echo // of the last handshake
}

// withEngine runs a test of time. What is a matter of time is exact in it.
func withEngine(t *testing.T, test func(t *testing.T, x *testEngine)) {
	synctest.Test(t, func(t *testing.T) {
		x := &testEngine{t: t}
		x.engine = New(Config{Open: func(c *Conn, _ *http.Request) (Handler, error) {
			x.echo = &echo{conn: c}
			return x.echo, nil
		}})
		listener := &pipes{accepting: make(chan net.Conn), closed: make(chan struct{})}
		transport := &http.Transport{DialContext: listener.dial}
		x.http = &http.Client{Transport: transport}
		server := &http.Server{Handler: x.engine}
		go func() { _ = server.Serve(listener) }()
		ctx, stop := context.WithCancel(t.Context())
		go func() { _ = x.engine.Run(ctx) }()
		test(t, x)
		x.engine.Close(stopping, "the test ends")
		synctest.Wait()
		transport.CloseIdleConnections()
		_ = server.Close()
		stop()
	})
}

const engineURL = "http://engine/?EIO=4&transport="

// do sends a request and returns the status and the body.
func (x *testEngine) do(method, url, body string) (int, string) {
	x.t.Helper()
	status, answer, err := x.request(method, url, body)
	if err != nil {
		x.t.Fatal(err)
	}
	return status, answer
}

func (x *testEngine) request(method, url, body string) (status int, answer string, err error) {
	r, err := http.NewRequestWithContext(x.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	res, err := x.http.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, string(b), err
}

// want sends a request and checks the answer.
func (x *testEngine) want(method, url, body string, status int, answer string) {
	x.t.Helper()
	if got, text := x.do(method, url, body); got != status || text != answer {
		x.t.Errorf("%s %q: %d %q, want %d %q", method, body, got, text, status, answer)
	}
}

// open opens a connection over polling and returns the URL of its further requests.
func (x *testEngine) open() string {
	x.t.Helper()
	if status, body := x.do("GET", engineURL+"polling", ""); status != 200 {
		x.t.Fatalf("handshake: %d %s", status, body)
	}
	return engineURL + "polling&sid=" + x.echo.conn.Sid()
}

// upgrade opens the WebSocket of an upgrade.
func (x *testEngine) upgrade(url string) *websocket.Conn {
	x.t.Helper()
	url = strings.Replace(url, "polling", "websocket", 1)
	ws, _, err := websocket.Dial(x.t.Context(), url, &websocket.DialOptions{HTTPClient: x.http})
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = ws.CloseNow() })
	return ws
}
