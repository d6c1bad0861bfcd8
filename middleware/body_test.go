package middleware

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

func TestBodyLimit(t *testing.T) {
	log, _ := logger()
	h := testHandler(log, func(r chi.Router) {
		r.Post("/", func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			if _, over := err.(*http.MaxBytesError); over {
				writeError(w, r, chat.Fail(chat.TooLarge, "%d", len(b)))
			} else if err != nil {
				t.Error(err)
			}
		})
	})
	for _, c := range []struct {
		bytes, status int
		announced     bool
	}{{0, 200, true}, {1000, 200, true}, {1001, 413, true}, {1000, 200, false}, {1001, 413, false}, {1 << 20, 413, false}} {
		var body io.Reader = strings.NewReader(strings.Repeat("x", c.bytes))
		if !c.announced {
			body = io.MultiReader(body) // hides its length
		}
		w := do(h, httptest.NewRequest("POST", "/", body))
		if w.Code != c.status || c.status == 413 && w.Body.String() != "too_large" {
			t.Errorf("%d bytes, announced %v: %d %q", c.bytes, c.announced, w.Code, w.Body)
		}
	}
}

// Without an identity a body has at most 16 KiB, whatever the limit for users is.
func TestBodyLimitWithoutIdentity(t *testing.T) {
	h := chain(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			writeError(w, r, chat.Fail(chat.TooLarge, "%v", err))
		}
	}, Identify(fakeSessions{"ann": "u1"}, nil), Body(1<<20))
	for _, c := range []struct {
		bytes, status int
		headers       []string
	}{
		{AnonymousBody, 200, nil}, {AnonymousBody + 1, 413, nil}, {AnonymousBody + 1, 413, []string{"Authorization: Bearer nobody"}},
		{AnonymousBody + 1, 200, []string{"Authorization: Bearer ann"}}, {1<<20 + 1, 413, []string{"Authorization: Bearer ann"}},
	} {
		for _, announced := range []bool{true, false} {
			r := request("POST", "/", c.headers...)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(strings.Repeat("x", c.bytes))), int64(c.bytes)
			if !announced {
				r.ContentLength = -1
			}
			if w := do(h, r); w.Code != c.status {
				t.Errorf("%d bytes, announced %v, %v: %d, want %d", c.bytes, announced, c.headers, w.Code, c.status)
			}
		}
	}
}

// When an address has too many incomplete bodies, the next request makes the oldest
// fail. Complete ones, and those of users at the address, pass.
func TestOldestIncompleteBodyFails(t *testing.T) {
	log, _ := logger()
	entered := make(chan struct{}, 2*maxPending)
	server := httptest.NewServer(chain(func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		if _, err := io.ReadAll(r.Body); err != nil {
			writeError(w, r, err)
		}
	}, ClientAddress(nil, log), Identify(fakeSessions{"ann": "u1"}, nil), Body(1<<20)))
	t.Cleanup(server.Close)
	status := func(c net.Conn) string {
		t.Helper()
		_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
		line := make([]byte, len("HTTP/1.1 200"))
		if _, err := io.ReadFull(c, line); err != nil {
			t.Fatal(err)
		}
		return string(line[len("HTTP/1.1 "):])
	}
	send := func(headers string) net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if _, err := io.WriteString(c, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"+headers+"\r\n{"); err != nil {
			t.Fatal(err)
		}
		<-entered
		return c
	}
	var open []net.Conn
	for range maxPending {
		open = append(open, send(""))
	}
	sendComplete := func(headers string) {
		t.Helper()
		c := send(headers)
		_, _ = io.WriteString(c, "  }")
		if got := status(c); got != "200" {
			t.Errorf("a complete request with %q: %s", headers, got)
		}
	}
	sendComplete("Authorization: Bearer ann\r\n") // a user does not count at the address
	if _, err := io.WriteString(open[maxPending-1], "  }"); err != nil || status(open[maxPending-1]) != "200" {
		t.Errorf("the newest body failed; %v", err)
	}
	open = append(open[:maxPending-1], send(""))
	sendComplete("")
	for range 2 {
		send("")
	}
	for _, c := range open[:2] {
		if got := status(c); got != "429" {
			t.Errorf("one of the oldest was answered with %s", got)
		}
	}
}

// Both the number of pending bodies and their bytes are bounded. A dropped body fails
// with rate_limited.
func TestPendingBodiesAreBounded(t *testing.T) {
	for _, c := range []struct {
		size          int64
		bodies, stays int
	}{{100, maxPending + 2, maxPending}, {1000, 10, 6}, {0, maxPending + 1, maxPending}} {
		p := &pendingBodies{by: map[string][]*body{}}
		interrupted := 0
		var all []*body
		for range c.bodies {
			b := &body{ReadCloser: io.NopCloser(readerFunc(func([]byte) (int, error) { return 0, errors.New("timeout") })),
				of: p, key: "a", size: c.size, interrupt: func() { interrupted++ }}
			p.add(b, 6400)
			all = append(all, b)
		}
		if interrupted != c.bodies-c.stays || len(p.by["a"]) != c.stays {
			t.Fatalf("%d of %d bytes: %d dropped, %d left", c.bodies, c.size, interrupted, len(p.by["a"]))
		}
		for i, b := range all {
			if _, err := b.Read(nil); chat.Is(err, chat.RateLimited) != (i < interrupted) {
				t.Errorf("body %d: %v", i, err)
			}
		}
		if len(p.by) != 0 {
			t.Errorf("%d keys are kept", len(p.by))
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
