package socket

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"
	"unicode/utf8"
)

// The frame header is directly before the payload, in its shortest form.
func TestFrameHeader(t *testing.T) {
	for _, c := range []struct {
		n    int
		want []byte
	}{
		{0, []byte{0x82, 0}}, {1, []byte{0x82, 1}}, {125, []byte{0x82, 125}},
		{126, []byte{0x82, 126, 0, 126}}, {65535, []byte{0x82, 126, 0xff, 0xff}},
		{65536, []byte{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}},
	} {
		b := bytes.Repeat([]byte{0xee}, Headroom+c.n)
		if got := b[header(b, false):Headroom]; !bytes.Equal(got, c.want) {
			t.Errorf("%d bytes: header % x, want % x", c.n, got, c.want)
		}
		if got := header(b, true); b[got] != 0x81 {
			t.Errorf("%d bytes: text begins with %#x", c.n, b[got])
		}
		if len(bytes.Trim(b[Headroom:], "\xee")) != 0 {
			t.Errorf("%d bytes: payload was touched", c.n)
		}
	}
}

// countingConn discards writes and counts them.
type countingConn struct {
	net.Conn
	writes int
}

func (n *countingConn) Write(b []byte) (int, error) { n.writes++; return len(b), nil }

func TestWriteIsOneCallWithoutAllocation(t *testing.T) {
	conn := &countingConn{}
	s := &Socket{writer: writer{conn: conn}}
	b := make([]byte, Headroom+4096)
	if allocs := testing.AllocsPerRun(100, func() { _ = s.Write(b, false); _ = s.Ping() }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
	conn.writes = 0
	_ = s.Write(b, true)
	if conn.writes != 1 {
		t.Errorf("%d calls for one message", conn.writes)
	}
}

// shortWriteConn writes a part of a frame and fails, as a connection does at its deadline.
type shortWriteConn struct {
	net.Conn
	closed bool
}

func (h *shortWriteConn) Write(b []byte) (int, error) { return len(b) / 2, io.ErrShortWrite }
func (h *shortWriteConn) Close() error                { h.closed = true; return nil }

func TestFailedWriteClosesConnection(t *testing.T) {
	for name, write := range map[string]func(*Socket) error{
		"write": func(s *Socket) error { return s.Write(make([]byte, Headroom+5), true) },
		"ping":  (*Socket).Ping,
		"pong":  func(s *Socket) error { _, err := (&gate{s.conn, s}).Write([]byte{0x8a, 0}); return err },
	} {
		conn := &shortWriteConn{}
		s := &Socket{writer: writer{conn: conn}}
		if err := write(s); err == nil || !conn.closed || !s.ended.Load() {
			t.Errorf("%s: %v, closed %v", name, err, conn.closed)
		}
	}
}

// fakeTLSConn stands for a tls.Conn, whose Close waits up to 5 s for its close message.
type fakeTLSConn struct {
	net.Conn
	t     *testing.T
	inner *shortWriteConn
}

func (p fakeTLSConn) NetConn() net.Conn { return p.inner }
func (p fakeTLSConn) Close() error      { p.t.Error("Abort called Close of the TLS connection"); return nil }

func TestAbortSkipsTLSClose(t *testing.T) {
	conn := fakeTLSConn{t: t, inner: &shortWriteConn{}}
	s := &Socket{writer: writer{conn: conn}}
	s.Abort()
	s.Abort()
	if !conn.inner.closed || !s.ended.Load() {
		t.Error("not closed")
	}
}

// For any input, Serve returns when the peer ends, and the server has sent complete frames
// with at most one close frame, the last one.
func FuzzServe(f *testing.F) {
	f.Add(text("hello"))
	f.Add(append(frame(0x01, []byte("frag")), frame(0x80, []byte("ment"))...))
	f.Add(append(frame(finPing, []byte("?")), clientClose(1000, "bye")...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Add(clientClose(1005, "\xff"))
	f.Fuzz(func(t *testing.T, input []byte) {
		conn := &scriptedConn{in: bytes.NewReader(input)}
		s := acceptOn(t, conn, Config{ReadLimit: 1 << 10})
		over := make(chan error, 1)
		s.Serve(func(text bool, m []byte) error {
			if len(m) > 1<<10 || text && !utf8.Valid(m) {
				t.Errorf("message of %d bytes, text %v", len(m), text)
			}
			return s.Write(append(make([]byte, Headroom), m...), text)
		}, func() {}, func(err error) { over <- err })
		if err := <-over; err == nil {
			t.Error("Serve gave no reason")
		}
		checkFrames(t, conn.out.Bytes())
	})
}

// scriptedConn is a connection with a fixed input that accepts all output.
type scriptedConn struct {
	net.Conn
	in  *bytes.Reader
	out bytes.Buffer
}

func (c *scriptedConn) Read(b []byte) (int, error)       { return c.in.Read(b) }
func (c *scriptedConn) Write(b []byte) (int, error)      { return c.out.Write(b) }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }
func (c *scriptedConn) Close() error                     { return nil }

func checkFrames(t *testing.T, b []byte) {
	for len(b) > 0 {
		if len(b) < 2 || b[1]&0x80 != 0 {
			t.Fatalf("broken frame % x", b)
		}
		first, n, h := b[0], int(b[1]), 2
		switch n {
		case 126:
			n, h = int(binary.BigEndian.Uint16(b[2:])), 4
		case 127:
			n, h = int(binary.BigEndian.Uint64(b[2:])), 10
		}
		switch first {
		case finText, finBinary, 0x8a, finClose:
		default:
			t.Fatalf("frame %#x", first)
		}
		if b = b[h:]; len(b) < n {
			t.Fatalf("torn frame % x", b)
		}
		if b = b[n:]; first == finClose && len(b) > 0 {
			t.Fatalf("after the close frame: % x", b)
		}
	}
}
