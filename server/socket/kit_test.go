package socket

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// patience is the timeout of every wait in these tests; reaching it is a failure.
const patience = 20 * time.Second

// serverSocket is the server's end of a connection.
type serverSocket struct {
	*Socket
	end chan error // receives Serve's error
}

// listen serves sockets over real TCP. A nil handle echoes.
func listen(t testing.TB, c Config, useTLS bool, handle func(*Socket, bool, []byte) error) (*httptest.Server, chan serverSocket) {
	t.Helper()
	if c.ReadLimit == 0 {
		c.ReadLimit = 1 << 20
	}
	if handle == nil {
		handle = func(s *Socket, text bool, m []byte) error {
			return s.Write(append(make([]byte, Headroom), m...), text)
		}
	}
	accepted := make(chan serverSocket, 64)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := Accept(w, r, c)
		if err != nil {
			return
		}
		v := serverSocket{s, make(chan error, 1)}
		accepted <- v
		go s.Serve(func(text bool, m []byte) error { return handle(s, text, m) }, nil, func(err error) { v.end <- err })
	}))
	if useTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	return server, accepted
}

// testClient is a client that builds its frames itself.
type testClient struct {
	t testing.TB
	net.Conn
	in *bufio.Reader
}

const handshake = "GET / HTTP/1.1\r\nHost: parley.test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// dial opens a socket; early is sent in the same write as the handshake.
func dial(t testing.TB, server *httptest.Server, headers string, early ...byte) *testClient {
	t.Helper()
	var conn net.Conn
	var err error
	if server.TLS != nil {
		conn, err = tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	} else {
		conn, err = net.Dial("tcp", server.Listener.Addr().String())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	p := &testClient{t, conn, bufio.NewReader(conn)}
	p.send(append([]byte(handshake+headers+"\r\n"), early...))
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v %v", resp, err)
	}
	return p
}

func (p *testClient) send(frames ...[]byte) {
	p.t.Helper()
	if _, err := p.Write(bytes.Join(frames, nil)); err != nil {
		p.t.Fatal(err)
	}
}

// read returns the next frame's first byte and payload; a server never masks.
func (p *testClient) read() (first byte, payload []byte, err error) {
	var h [10]byte
	if _, err := io.ReadFull(p.in, h[:2]); err != nil {
		return 0, nil, err
	}
	n := uint64(h[1])
	switch {
	case n == 126:
		_, err = io.ReadFull(p.in, h[2:4])
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case n == 127:
		_, err = io.ReadFull(p.in, h[2:10])
		n = binary.BigEndian.Uint64(h[2:])
	case n > 127:
		p.t.Fatalf("masked frame from the server: % x", h[:2])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(p.in, payload)
	return h[0], payload, err
}

func (p *testClient) want(first byte, payload []byte) {
	p.t.Helper()
	f, got, err := p.read()
	if err != nil || f != first || !bytes.Equal(got, payload) {
		p.t.Fatalf("got frame %#x of %d bytes, %v; want %#x of %d", f, len(got), err, first, len(payload))
	}
}

// wantClose reads a close frame with the code (0: without one) and the end of TCP right
// after it. It must not be a reset, which would discard the frame.
func (p *testClient) wantClose(code int) (reason string) {
	p.t.Helper()
	f, b, err := p.read()
	if err != nil || f != finClose {
		p.t.Fatalf("got frame %#x %q, %v; want close %d", f, b, err, code)
	}
	got := 0
	if len(b) >= 2 {
		got, reason = int(binary.BigEndian.Uint16(b)), string(b[2:])
	}
	if got != code {
		p.t.Fatalf("closed with %d %q, want %d", got, reason, code)
	}
	return reason
}

func (p *testClient) wantEOF() {
	p.t.Helper()
	if n, err := io.Copy(io.Discard, p.in); n != 0 || err != nil {
		p.t.Fatalf("after the close frame: %d bytes, %v; want the end", n, err)
	}
}

// frame returns a client's frame: masked, with the shortest length form.
func frame(first byte, payload []byte) []byte {
	n := len(payload)
	h := []byte{first, byte(0x80 | n)}
	switch {
	case n > 0xffff:
		h = binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, uint64(n))
	case n > 125:
		h = binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(n))
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	h = append(h, mask[:]...)
	for i, b := range payload {
		h = append(h, b^mask[i%4])
	}
	return h
}

func clientClose(code int, reason string) []byte {
	return frame(finClose, append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...))
}

func receive[T any](t testing.TB, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func text(s string) []byte { return frame(finText, []byte(s)) }

func payload(n int) []byte { return []byte(strings.Repeat("0123456789abcdef", n/16+1)[:n]) }
