package socket

import (
	"errors"
	"net"
	"os"
	"time"
	"unicode/utf8"
)

// maxOverhead is how many bytes of frame headers and of control frames a message may
// have more than twice the bytes of its buffer: some 2,000 empty frames.
const maxOverhead = 8 << 10

var errTooManyFrames = errors.New("socket: too many frames in one message")

var errNotUTF8 = errors.New("socket: text message is not UTF-8")

// opcodes of frames (RFC 6455, section 5.2) with the final bit set.
const (
	finText   = 0x81
	finBinary = 0x82
	finClose  = 0x88
	finPing   = 0x89
)

// gate is the net.Conn that coder/websocket uses.
type gate struct {
	net.Conn
	s *Socket
}

// Read sets a deadline only when it must wait for the rest of a frame or message: a
// message that arrives whole costs none, and neither does an idle connection.
func (g *gate) Read(b []byte) (int, error) {
	s := g.s
	if len(s.early) > 0 {
		n := copy(b, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
		return s.countFrames(n)
	}
	switch {
	case s.readErr != nil:
		return 0, s.readErr
	case s.betweenFrames:
		return 0, errIdle // serve waits instead
	case !s.timed:
		s.timed = true
		_ = s.conn.SetReadDeadline(time.Now().Add(s.messageWithin))
	}
	n, err := s.conn.Read(b)
	if err != nil {
		s.readErr = err
		return n, err
	}
	return s.countFrames(n)
}

// countFrames counts n bytes of a message. coder/websocket reads any number of empty
// frames before it returns, so that their sum is bounded here.
func (s *Socket) countFrames(n int) (int, error) {
	if !s.inMessage {
		return n, nil
	}
	if s.received += n; s.received > 2*s.expected+maxOverhead {
		s.sendClose(policyBroken, "too many frames in one message")
		return 0, errTooManyFrames
	}
	return n, nil
}

// frameDone is called when a message, or a control frame outside of one, was read to
// its end.
func (s *Socket) frameDone() {
	s.betweenFrames = s.in.Buffered() == 0 && len(s.early) == 0
	if s.timed {
		s.timed = false
		_ = s.conn.SetReadDeadline(time.Time{})
	}
}

// Write writes coder/websocket's control frames; each comes in one call, since it fits
// the buffer. After a close frame they are dropped (section 5.5.1).
func (g *gate) Write(b []byte) (int, error) {
	s := g.s
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closeSent {
		return len(b), nil
	}
	if b[0] == finClose {
		s.closeSent = true
		// coder/websocket echoes the peer's reason unchecked; it must be UTF-8.
		if len(b) > 4 && !utf8.Valid(b[4:]) {
			b = closeFrame(notUTF8, "reason is not UTF-8")
		}
	}
	if _, err := s.conn.Write(b); err != nil {
		s.Abort()
		return 0, err
	}
	return len(b), nil
}

func (g *gate) Close() error {
	g.s.Abort()
	return nil
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
