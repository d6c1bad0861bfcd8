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
)

// client is a WebSocket client that needs little CPU: it encodes and decodes frames
// itself (RFC 6455, section 5) and masks with a key of zero.
type client struct {
	person int
	conn   net.Conn
	opcode byte // of the messages that it writes
	reader *bufio.Reader
	ids    uint64
	frame  []byte // the last message read; valid until the next read
	// pingReply returns the reply, a text message, to a ping of a protocol above
	// WebSocket; nil if the message is not such a ping.
	pingReply func(message []byte) (reply []byte)
}

// Opcodes of data frames.
const (
	opText   = 0x1
	opBinary = 0x2
)

// upgrade opens a WebSocket at a path, with further header lines. buffer is the size of
// the read buffer in bytes.
func upgrade(p *process, person, buffer int, path string, header ...string) (*client, error) {
	conn, err := net.Dial("tcp", p.address())
	if err != nil {
		return nil, err
	}
	lines := strings.Join(append(header, ""), "\r\n") // each line with its end
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", path, p.address(), lines)
	c := &client{person: person, conn: conn, opcode: opBinary, reader: bufio.NewReaderSize(conn, buffer)}
	res, err := http.ReadResponse(c.reader, nil)
	if err == nil && res.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("upgrade: %s", res.Status)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// readUntil reads messages up to one that contains part.
func (c *client) readUntil(part []byte) error {
	_ = c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		message, err := c.read()
		if err != nil {
			c.conn.Close()
			return fmt.Errorf("waiting for %q: %w", part, err)
		}
		if bytes.Contains(message, part) {
			c.frame = nil // releases the buffer, which may be large
			return c.conn.SetReadDeadline(time.Time{})
		}
	}
}

// request writes a message and reads messages up to one that contains part.
func (c *client) request(payload, part []byte) error {
	if err := c.write(payload); err != nil {
		return err
	}
	return c.readUntil(part)
}

// write writes one message.
func (c *client) write(payload []byte) error { return c.writeFrame(c.opcode, payload) }

// writeFrame writes one frame with the opcode.
func (c *client) writeFrame(opcode byte, payload []byte) error {
	n := len(payload)
	head := []byte{0x80 | opcode, 0x80 | byte(n), 0, 0, 0, 0}
	switch {
	case n > 65535:
		head = binary.BigEndian.AppendUint64([]byte{0x80 | opcode, 0x80 | 127}, uint64(n))
		head = append(head, 0, 0, 0, 0)
	case n > 125:
		head = []byte{0x80 | opcode, 0x80 | 126, byte(n >> 8), byte(n), 0, 0, 0, 0}
	}
	_, err := c.conn.Write(append(head, payload...))
	return err
}

// read returns the next data message and answers pings that come before it.
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
		case opText, opBinary:
			if c.pingReply != nil {
				if reply := c.pingReply(c.frame); reply != nil {
					if err := c.writeFrame(opText, reply); err != nil {
						return nil, err
					}
				}
			}
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

// dueMark precedes the time at which a text was due, in 16 hexadecimal digits of
// nanoseconds, so that a receiver finds it without decoding the message.
var dueMark = []byte("due:")

// dueText returns a text of size bytes that begins with the mark and the time.
func dueText(due time.Time, size int) string {
	s := fmt.Sprintf("%s%016x", dueMark, due.UnixNano())
	return s + strings.Repeat(".", max(0, size-len(s)))
}

// eachDue calls f with the latency of every marked text in a message.
func eachDue(message []byte, now time.Time, f func(time.Duration)) {
	for {
		i := bytes.Index(message, dueMark)
		if i < 0 || len(message) < i+len(dueMark)+16 {
			return
		}
		var due int64
		for _, d := range message[i+len(dueMark) : i+len(dueMark)+16] {
			if d >= 'a' {
				d -= 'a' - '9' - 1
			}
			due = due<<4 | int64(d-'0')
		}
		f(time.Duration(now.UnixNano() - due))
		message = message[i+len(dueMark)+16:]
	}
}
