package socket

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A slowloris attack after the upgrade: a message that has begun must be complete in time.
func TestIncompleteMessagesTimeOut(t *testing.T) {
	whole := text("never ends")
	for name, part := range map[string][]byte{
		"first byte":       whole[:1],
		"header":           whole[:6],
		"half the payload": whole[:9],
		"first fragment":   frame(0x01, []byte("one")),
		"after a message":  append(text("whole"), whole[:7]...),
		"ping inside":      append(frame(0x01, []byte("one")), frame(finPing, []byte("?"))...),
	} {
		t.Run(name, func(t *testing.T) {
			server, accepted := listen(t, Config{messageWithin: 30 * time.Millisecond}, false, nil)
			p := dial(t, server, "")
			s := receive(t, accepted)
			p.send(part)
			for {
				first, _, err := p.read()
				if err != nil {
					t.Fatal(err)
				}
				if first == finClose {
					break
				}
			}
			_ = p.Close()
			_ = receive(t, s.end)
		})
	}
}

// A trickle of bytes or pings does not extend the deadline: it is for the whole message.
func TestTrickleDoesNotExtendDeadline(t *testing.T) {
	for name, drop := range map[string][]byte{"fragments": frame(0, []byte(".")), "pings": frame(finPing, nil)} {
		t.Run(name, func(t *testing.T) {
			server, accepted := listen(t, Config{messageWithin: 30 * time.Millisecond}, false, nil)
			p := dial(t, server, "")
			s := receive(t, accepted)
			go func() {
				for _, err := p.Write(frame(0x01, nil)); err == nil; {
					_, err = p.Write(drop)
					time.Sleep(time.Millisecond) // the pace under test, nothing waits for it
				}
			}()
			for {
				first, _, err := p.read()
				if err != nil || first == finClose {
					break
				}
			}
			_ = p.Close()
			_ = receive(t, s.end)
		})
	}
}

// deadlineConn counts the read deadlines that are set and cleared.
type deadlineConn struct {
	net.Conn
	mu       sync.Mutex
	set, off int
}

func (c *deadlineConn) SetReadDeadline(d time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d.IsZero() {
		c.off++
	} else {
		c.set++
	}
	return c.Conn.SetReadDeadline(d)
}

func (c *deadlineConn) counts() (set, off int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.set, c.off
}

// hijackWriter is a ResponseWriter over a connection without an HTTP server.
type hijackWriter struct {
	conn net.Conn
	h    http.Header
}

func (h *hijackWriter) Header() http.Header         { return h.h }
func (h *hijackWriter) Write(b []byte) (int, error) { return len(b), nil }
func (h *hijackWriter) WriteHeader(int)             {}
func (h *hijackWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// acceptOn returns a socket over any connection.
func acceptOn(t testing.TB, conn net.Conn, c Config) *Socket {
	t.Helper()
	r, err := http.NewRequest("GET", "http://parley.test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	s, err := Accept(&hijackWriter{conn, http.Header{}}, r, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// An idle connection has no deadline and so no timer. A message that arrives in one piece
// sets none; one in several pieces sets one and clears it.
func TestDeadlineOnlyDuringMessage(t *testing.T) {
	here, there := net.Pipe()
	defer there.Close()
	_ = there.SetDeadline(time.Now().Add(patience))
	conn := &deadlineConn{Conn: here}
	s := acceptOn(t, conn, Config{ReadLimit: 1 << 20})
	heard, end := make(chan int), make(chan error, 1)
	go s.Serve(func(_ bool, m []byte) error { heard <- len(m); return nil }, nil, func(err error) { end <- err })
	send := func(b []byte) {
		t.Helper()
		if _, err := there.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	want := func(set, off int) {
		t.Helper()
		if gotSet, gotOff := conn.counts(); gotSet != set || gotOff != off {
			t.Fatalf("deadlines set %d, taken off %d; want %d, %d", gotSet, gotOff, set, off)
		}
	}
	for range 3 {
		send(text("whole"))
		receive(t, heard)
		want(0, 0)
	}
	send(append(text("two"), text("at once")...))
	receive(t, heard)
	receive(t, heard)
	want(0, 0)
	whole := text("in pieces")
	send(whole[:1])
	send(whole[1:8])
	want(1, 0)
	send(whole[8:])
	receive(t, heard)
	want(1, 1)
	send(frame(finBinary, payload(100_000)))
	receive(t, heard)
	want(2, 2)
	// The end of one message and the beginning of the next are in one segment.
	send(append(text("end"), whole[:3]...))
	receive(t, heard)
	send(whole[3:])
	receive(t, heard)
	want(3, 3)
	s.Abort()
	_ = receive(t, end)
}

func TestFloodOfPings(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	go func() {
		for _, err := p.Write(frame(finPing, nil)); err == nil; {
			_, err = p.Write(frame(finPing, nil))
		}
	}()
	pongs := 0
	for {
		first, b, err := p.read()
		if err != nil {
			t.Fatal(err)
		}
		if first == finClose {
			if code := int(b[0])<<8 | int(b[1]); code != 1008 {
				t.Errorf("closed with %d", code)
			}
			break
		}
		pongs++
	}
	if pongs > maxControls {
		t.Errorf("%d pings were answered", pongs)
	}
	_ = p.Close()
	_ = receive(t, s.end)
}
