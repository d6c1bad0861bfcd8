package socket

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// A peer may send maxControls pings and pongs within controlsWithin; more are closed as
// a flood.
const (
	maxControls    = 1000
	controlsWithin = 10 * time.Second
)

// Message buffers start small and grow with what arrives, never with the length that a
// header claims. A buffer above maxPooled bytes is not reused.
const (
	firstBuffer = 4 << 10
	maxPooled   = 64 << 10
)

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, firstBuffer); return &b }}

// errIdle means that no byte of a next frame has arrived. coder/websocket returns it
// between two frames, and Reader may be called again.
var errIdle = errors.New("socket: idle")

// freshAfter is how long a goroutine reads before a new one with a small stack replaces
// it; the first one is replaced as soon as it has read something.
const freshAfter = time.Second

// Serve reads until the connection ends and then calls over with the reason, which is
// never nil: the error that handle returned, or that of the connection, or the peer's
// close. TCP is closed by then.
//
// handle is called with one data message after the other; the Socket owns the message
// again when handle returns. If handle returns an error, Serve closes with 1011, unless
// handle called Close itself. After Close, further messages are dropped. pong is called
// for each pong and each ping of the peer, also within a fragmented message; it must not
// block.
func (s *Socket) Serve(handle func(text bool, message []byte) error, pong func(), over func(error)) {
	s.handle, s.pong, s.over = handle, pong, over
	s.serve()
}

// serve is the read loop. A stack keeps the size of its deepest call, and below
// coder/websocket's reader that is 4 KB. So an idle connection waits outside of that
// reader, on a goroutine whose stack has not grown (2 KB). Even a pong makes the stack
// grow and the goroutine be replaced.
func (s *Socket) serve() {
	began, grown := time.Now(), false
	for {
		s.inMessage = false
		s.frameDone()
		if s.betweenFrames {
			if grown && (!s.fresh || time.Since(began) > s.freshAfter) {
				s.fresh = true
				go s.serve()
				return
			}
			s.await()
		}
		grown = true
		if err := s.next(); err != nil && !errors.Is(err, errIdle) {
			s.end()
			_ = s.ws.CloseNow() // closes the gate, which is Abort
			s.over(cmp.Or(s.handled, err))
			return
		}
	}
}

// await waits for the first bytes of a frame.
func (s *Socket) await() {
	n, err := s.conn.Read(s.first[:])
	s.early, s.betweenFrames = s.first[:n], false
	if n == 0 {
		s.readErr = err
	}
}

// next reads and handles one message. It returns errIdle if only control frames came.
func (s *Socket) next() error {
	kind, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return err
	}
	if s.closing.Load() {
		_, err := io.Copy(io.Discard, r) // up to the peer's close frame
		return err
	}
	s.inMessage, s.received = true, 0
	buf := buffers.Get().(*[]byte)
	message, err := s.readAll(r, (*buf)[:0])
	if err == nil {
		s.inMessage = false
		s.frameDone()
		text := kind == websocket.MessageText
		switch {
		case text && !utf8.Valid(message):
			s.sendClose(notUTF8, "text is not UTF-8")
			err = errNotUTF8
		case !s.closing.Load():
			if s.handled = s.handle(text, message); s.handled != nil {
				s.Close(internalFailed, "")
			}
		}
	}
	if cap(message) <= maxPooled {
		*buf = message
		buffers.Put(buf)
	}
	return err
}

// readAll is io.ReadAll into an existing buffer.
func (s *Socket) readAll(r io.Reader, b []byte) ([]byte, error) {
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		s.expected = cap(b)
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err == io.EOF {
			return b, nil
		}
		if err != nil {
			return b, err
		}
	}
}

// end sends the peer the reason why the read loop stopped, if that is still possible,
// and gives it time to read the reason: closing TCP while bytes are unread makes the
// kernel reset the connection, and the close frame would be lost.
func (s *Socket) end() {
	switch {
	case s.ended.Load(): // the closing handshake is complete, or Abort was called
		return
	case s.readErr == nil:
		// coder/websocket sends 1002 and 1009, but nothing for an unmasked frame or
		// a negative length. Nothing else ends here without a close frame.
		s.sendClose(protocolError, "protocol error")
	case s.timed && isTimeout(s.readErr):
		s.sendClose(policyBroken, "message took too long")
	default: // the peer is gone
		return
	}
	type halfCloser interface{ CloseWrite() error }
	if h, ok := s.conn.(halfCloser); ok {
		_ = h.CloseWrite()
	}
	_ = s.conn.SetReadDeadline(time.Now().Add(s.closeWithin))
	_, _ = io.CopyN(io.Discard, s.conn, maxLinger)
}

// maxLinger bounds the bytes that are read and dropped after an error. It is large: a
// client that does not receive its 1009 sends the same message again.
const maxLinger = 64 << 20

func (s *Socket) onPing(context.Context, []byte) bool { return s.control() }

func (s *Socket) onPong(context.Context, []byte) { s.control() }

// control counts a ping or pong and reports whether a ping is to be answered.
func (s *Socket) control() bool {
	if !s.inMessage {
		s.frameDone()
	}
	now := time.Now()
	if now.Sub(s.controlsFrom) > controlsWithin {
		s.controlsFrom, s.controls = now, 0
	}
	s.controls++
	if s.closing.Load() {
		return false
	}
	if s.controls > maxControls {
		s.Close(policyBroken, "too many control frames")
		return false
	}
	if s.pong != nil {
		s.pong()
	}
	return true
}
