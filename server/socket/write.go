package socket

import (
	"encoding/binary"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Headroom is the number of bytes before a message that Write may overwrite with the
// frame's header (RFC 6455, section 5.2).
const Headroom = 10

// writer is the write side of a Socket, and what closes it.
type writer struct {
	// Static after construction.
	conn        net.Conn
	closeWithin time.Duration

	closing atomic.Bool // Close was called
	ended   atomic.Bool // Abort was called: TCP is closed
	abort   sync.Once

	open sync.Mutex // after mu
	fd   uintptr    // guarded by open: conn's descriptor, 0 once it may be another's

	mu        sync.Mutex // serialises frames; held during a write to conn
	closeSent bool       // guarded by mu: a close frame went out, nothing follows
}

// Write sends b[Headroom:] as one data message, text or binary. b[:Headroom] is scratch
// space; the caller owns b again when Write returns. Write blocks while the peer does not
// read, until Close or Abort; after either it fails with net.ErrClosed. A failed write
// closes the connection.
func (w *writer) Write(b []byte, text bool) error {
	start := header(b, text)
	return w.frame(b[start:])
}

// WriteFrames writes whole unmasked frames, which may be many. It blocks and fails as Write
// does.
func (w *writer) WriteFrames(b []byte) error { return w.frame(b) }

var pingFrame = []byte{finPing, 0}

// Ping sends an empty ping. It blocks as Write does.
func (w *writer) Ping() error { return w.frame(pingFrame) }

func (w *writer) frame(b []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closeSent {
		return net.ErrClosed
	}
	n := w.writeNow(b)
	if n == len(b) {
		return nil
	}
	_, err := w.conn.Write(b[n:]) // blocks
	if err != nil {
		w.Abort() // a part of the frame may be sent: no other can follow
	}
	return err
}

// header writes the frame's header directly before b[Headroom:] and returns the index
// of its first byte.
func header(b []byte, text bool) int {
	start := Headroom - 2
	switch n := len(b) - Headroom; {
	case n > 0xffff:
		start = 0
		b[1] = 127
		binary.BigEndian.PutUint64(b[2:], uint64(n))
	case n > 125:
		start = Headroom - 4
		b[start+1] = 126
		binary.BigEndian.PutUint16(b[start+2:], uint16(n))
	default:
		b[start+1] = byte(n)
	}
	b[start] = finBinary
	if text {
		b[start] = finText
	}
	return start
}
