package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
)

// begin sends the head of a request and the first byte of its body.
func (x *testServer) begin(path, headers string, length int) net.Conn {
	x.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(x.url, "http://"))
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n{", path, length, headers)
	if err != nil {
		x.t.Fatal(err)
	}
	return c
}

// statusWithin returns the status of the answer, or "" if none comes in time.
func statusWithin(c net.Conn, d time.Duration) string {
	_ = c.SetReadDeadline(time.Now().Add(d))
	line := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(c, line); err != nil {
		return ""
	}
	return string(line[len("HTTP/1.1 "):])
}

// A refusal is answered at once, before the body is read.
func TestRefusalDoesNotReadBody(t *testing.T) {
	x := start(t, rates(3, 0), func(c *Config) { c.anonymous = middleware.Rate{N: 3, Per: time.Minute} })
	token := x.addUser("eve").token
	eve, cookie := "Authorization: Bearer "+token+"\r\n", "Cookie: "+x.cookieName()+"="+token+"\r\n"
	for _, c := range []struct{ path, headers, status string }{
		{"/api/chats", "", "401"},
		{"/api/accounts", "", "413"}, // by its length
		{"/api/nothing", "", "404"},
		{"/api/accounts", "", "429"},
		{"/api/invites/peek", "", "429"},
		{"/api/sessions", "", "429"},
		{"/api/nothing", eve, "404"},
		{"/api/accounts", cookie + "Sec-Fetch-Site: cross-site\r\n", "403"},
	} {
		if got := statusWithin(x.begin(c.path, c.headers, 60_000), patience); got != c.status {
			t.Errorf("%s with %q: %q, want %s", c.path, c.headers, got, c.status)
		}
	}
}

// A connection ends after a request with both Transfer-Encoding and Content-Length, so
// that what a proxy may have taken for its body is not read as the next request.
func TestTwoLengthsEndConnection(t *testing.T) {
	x := start(t)
	for name, c := range map[string]struct {
		request string
		closed  bool
	}{
		"both":             {"POST /api/invites/peek HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
		"both, other way":  {"POST /api/invites/peek HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", true},
		"both on the page": {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", true},
		"both on nothing":  {"GET /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", true},
		"a length alone":   {"POST /api/invites/peek HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}", false},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(x.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, err = io.WriteString(conn, c.request+"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		replies := bufio.NewReader(conn)
		first, err := http.ReadResponse(replies, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, first.Body)
		second, err := http.ReadResponse(replies, nil)
		if c.closed != first.Close || c.closed != (err != nil) {
			t.Errorf("%s: Close %v, then %v, %v", name, first.Close, second, err)
		}
	}
}

func TestAnonymousBodiesAreLimited(t *testing.T) {
	x := start(t)
	anonymous, ann := x.anonymous(), x.addUser("ann")
	long := m{"handle": "ann", "code": strings.Repeat("c", 20<<10), "password": password}
	for _, path := range []string{"/api/accounts", "/api/sessions", "/api/invites/peek", "/api/recoveries/use"} {
		anonymous.call("POST", path, long).wantError(chat.TooLarge, "")
	}
	ann.call("POST", "/api/invites/peek", long).wantError(chat.NotFound, "code")
}

// Incomplete requests of one address are limited, and do not lock out other callers.
func TestIncompleteRequestsAreLimited(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	var open []net.Conn
	for range 200 {
		open = append(open, x.begin("/api/sessions", "", 15_000))
	}
	x.anonymous().call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	ann.post(id, "hello")
	answers := make(chan string, len(open))
	for _, c := range open {
		go func() { answers <- statusWithin(c, patience) }()
	}
	for range len(open) - 64 {
		if got := <-answers; got != "429" {
			t.Fatalf("one of the oldest was answered with %q", got)
		}
	}
}

// Before hello the messages of a socket must be short, unless the upgrade has an identity.
// After hello they may be long, however soon they are sent.
func TestMessagesBeforeHelloAreShort(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann := x.addUser("ann")
			long := strings.Repeat("x", 100<<10)
			p := x.anonymousSocket(codec)
			p.send(m{"do": "ping", "text": long})
			p.wantClose(1009)

			p = x.anonymousSocket(codec)
			p.send(m{"do": "hello", "token": ann.token})
			p.send(m{"do": "ping", "text": long})
			p.reply(1)
			if v := p.reply(2); v.Error != nil {
				t.Errorf("%s", v.raw)
			}

			p, _, err := x.upgrade(codec, ann.header)
			if err != nil {
				t.Fatal(err)
			}
			p.send(m{"do": "hello", "text": long})
			if v := p.reply(1); v.Error != nil {
				t.Errorf("%s", v.raw)
			}
		})
	}
}

// A long Accept header is not parsed.
func TestLongAcceptHeaderIsIgnored(t *testing.T) {
	x := start(t)
	c := x.anonymous()
	c.header.Set("Accept", strings.Repeat("a/b;q=0.1, ", 200)+"application/msgpack")
	if a := c.call("GET", "/api/server", nil).want(200); a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", a.header)
	}
}
