package socket

import (
	"encoding/binary"
	"net"
	"time"
	"unicode/utf8"
)

// maxReason bounds a close frame's reason, in bytes (RFC 6455, section 5.5).
const maxReason = 123

// Close closes the connection with a close frame. It returns at once; a goroutine of
// its own sends the frame. Serve closes TCP when the peer's close frame arrives, a timer
// does so after 5 s at the latest, and a stuck Write fails by then. Only the first call
// has an effect. code must be allowed in a close frame; reason is cut to 123 bytes.
func (s *Socket) Close(code int, reason string) {
	if s.closing.Swap(true) || s.ended.Load() {
		return
	}
	time.AfterFunc(s.closeWithin, s.Abort)
	go s.sendClose(code, reason)
}

// sendClose sends a close frame unless one was sent.
func (s *Socket) sendClose(code int, reason string) {
	// The read loop calls this without Close: a stuck Write must not block it.
	_ = s.conn.SetWriteDeadline(time.Now().Add(s.closeWithin))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closeSent {
		return
	}
	s.closeSent = true
	if _, err := s.conn.Write(closeFrame(code, reason)); err != nil {
		s.Abort()
	}
}

func closeFrame(code int, reason string) []byte {
	if len(reason) > maxReason {
		end := maxReason
		for !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	b := make([]byte, 4, 4+len(reason))
	b[0], b[1] = finClose, byte(2+len(reason))
	binary.BigEndian.PutUint16(b[2:], uint16(code))
	return append(b, reason...)
}

// Abort closes TCP at once, without a close frame. Serve and a stuck Write return.
func (s *Socket) Abort() {
	s.abort.Do(func() {
		// A tls.Conn's own Close may wait 5 s to send its alert to a stuck peer.
		conn := s.conn
		if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = t.NetConn()
		}
		s.open.Lock()
		s.fd = 0
		s.open.Unlock()
		_ = conn.Close()
		s.ended.Store(true)
	})
}
