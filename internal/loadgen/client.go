package main

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"parley/chat"
	"parley/wire"
)

// client is one socket, as cheap as a load can make it: frames are built and
// read by hand (RFC 6455, section 5), with a masking key of zero.
type client struct {
	conn   net.Conn
	reader *bufio.Reader
	ids    uint64
	frame  []byte // the last message read; valid until the next read
}

// dial opens a socket, says hello, and resumes with nothing, so that events
// follow at once. buffer is the size of the read buffer in bytes.
func (p *process) dial(token string, buffer int) (*client, error) {
	host := strings.TrimPrefix(p.url, "http://")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(conn, "GET /api/socket HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n"+
		"Authorization: Bearer %s\r\n\r\n", host, wire.ProtocolMsgPack, token)
	c := &client{conn: conn, reader: bufio.NewReaderSize(conn, buffer)}
	res, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		return nil, fmt.Errorf("upgrade: %s", res.Status)
	}
	c.ids = 2
	b := wire.MsgPack.Encode(wire.Command{ID: 1, Do: "hello"})
	b = append(b, wire.MsgPack.Encode(wire.Command{ID: 2, Do: "resume"})...)
	if err := c.write(b); err != nil {
		return nil, err
	}
	for {
		b, err := c.read()
		if err != nil {
			return nil, err
		}
		if bytes.Contains(b, []byte("caughtUp")) {
			return c, nil
		}
	}
}

// post encodes a post; the caller writes one or more of them as one message.
func (c *client) post(chatID chat.ChatID, text string) []byte {
	c.ids++
	return wire.MsgPack.Encode(wire.Command{ID: c.ids, Do: "post", ChatID: chatID,
		ClientID: fmt.Sprintf("%s-%d", c.conn.LocalAddr(), c.ids), Text: text})
}

// write sends one binary message.
func (c *client) write(payload []byte) error {
	n := len(payload)
	head := []byte{0x82, 0x80 | byte(n), 0, 0, 0, 0}
	switch {
	case n > 65535:
		head = binary.BigEndian.AppendUint64([]byte{0x82, 0x80 | 127}, uint64(n))
		head = append(head, 0, 0, 0, 0)
	case n > 125:
		head = []byte{0x82, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}
	}
	_, err := c.conn.Write(append(head, payload...))
	return err
}

// read gives the next data message; pings are answered on the way.
func (c *client) read() ([]byte, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(c.reader, head[:]); err != nil {
			return nil, err
		}
		n := uint64(head[1] & 0x7f)
		switch n {
		case 126:
			var b [2]byte
			if _, err := io.ReadFull(c.reader, b[:]); err != nil {
				return nil, err
			}
			n = uint64(binary.BigEndian.Uint16(b[:]))
		case 127:
			var b [8]byte
			if _, err := io.ReadFull(c.reader, b[:]); err != nil {
				return nil, err
			}
			n = binary.BigEndian.Uint64(b[:])
		}
		if n > uint64(cap(c.frame)) {
			c.frame = make([]byte, n)
		}
		c.frame = c.frame[:n]
		if _, err := io.ReadFull(c.reader, c.frame); err != nil {
			return nil, err
		}
		switch head[0] & 0x0f {
		case 0x1, 0x2:
			return c.frame, nil
		case 0x8:
			return nil, fmt.Errorf("closed by the server: %d", binary.BigEndian.Uint16(append(c.frame, 0, 0)))
		case 0x9:
			pong := append([]byte{0x8a, 0x80 | byte(n), 0, 0, 0, 0}, c.frame...)
			if _, err := c.conn.Write(pong); err != nil {
				return nil, err
			}
		}
	}
}

// The texts of the load carry a mark and the time at which they were due, in
// 16 hexadecimal digits of nanoseconds, so that readers need not decode.
var mark = []byte("due:")

func text(due time.Time, size int) string {
	s := fmt.Sprintf("%s%016x", mark, due.UnixNano())
	return s + strings.Repeat(".", max(0, size-len(s)))
}

// marks calls f for every marked text in a message with its latency.
func marks(message []byte, now time.Time, f func(time.Duration)) {
	for {
		i := bytes.Index(message, mark)
		if i < 0 || len(message) < i+len(mark)+16 {
			return
		}
		var due int64
		for _, d := range message[i+len(mark) : i+len(mark)+16] {
			if d >= 'a' {
				d -= 'a' - '9' - 1
			}
			due = due<<4 | int64(d-'0')
		}
		f(time.Duration(now.UnixNano() - due))
		message = message[i+len(mark)+16:]
	}
}
