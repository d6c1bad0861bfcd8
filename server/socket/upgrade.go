package socket

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"strings"
)

// Sizes of the buffers that an idle connection keeps, in bytes: for the first bytes of a
// frame, for coder/websocket to read a header from (a long payload bypasses both), and
// for one control frame.
const (
	readBuffer   = 256
	headerBuffer = 16
	writeBuffer  = 128
)

// upgrade is the ResponseWriter that coder/websocket uses: its Hijack returns the gate
// instead of the connection, with small buffers instead of the HTTP server's 4 KiB ones,
// and its error responses go through Config.Refuse.
type upgrade struct {
	http.ResponseWriter
	request *http.Request
	refuse  func(http.ResponseWriter, *http.Request, int, string)
	s       *Socket
	status  int // of an error answer that Write completes
}

func (u *upgrade) WriteHeader(status int) {
	if status == http.StatusSwitchingProtocols || u.refuse == nil {
		u.ResponseWriter.WriteHeader(status)
		return
	}
	u.status = status
}

func (u *upgrade) Write(b []byte) (int, error) {
	if u.status == 0 {
		return u.ResponseWriter.Write(b)
	}
	sentence := strings.TrimSpace(string(b))
	u.Header().Del("Content-Type") // http.Error's; the answer has its own
	u.refuse(u.ResponseWriter, u.request, u.status, sentence)
	return len(b), nil
}

func (u *upgrade) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	// Bytes that the client sent together with its handshake are in the server's buffer.
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	u.s.early = bytes.Clone(early)
	u.s.conn, u.s.fd = conn, descriptor(conn)
	g := &gate{Conn: conn, s: u.s}
	u.s.in = bufio.NewReaderSize(g, headerBuffer)
	return g, bufio.NewReadWriter(u.s.in, bufio.NewWriterSize(g, writeBuffer)), nil
}
