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
func (w *writer) Close(code int, reason string) { w.CloseAfter(nil, code, reason) }

// CloseAfter is Close with whole frames, or nil, that are sent before the close frame.
func (w *writer) CloseAfter(frames []byte, code int, reason string) {
	if w.closing.Swap(true) || w.ended.Load() {
		return
	}
	time.AfterFunc(w.closeWithin, w.Abort)
	go w.sendLast(frames, code, reason)
}

// sendClose sends a close frame unless one was sent.
func (w *writer) sendClose(code int, reason string) { w.sendLast(nil, code, reason) }

func (w *writer) sendLast(frames []byte, code int, reason string) {
	// The read loop calls this without Close: a stuck Write must not block it.
	_ = w.conn.SetWriteDeadline(time.Now().Add(w.closeWithin))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closeSent {
		return
	}
	w.closeSent = true
	if _, err := w.conn.Write(append(frames[:len(frames):len(frames)], closeFrame(code, reason)...)); err != nil {
		w.Abort()
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
func (w *writer) Abort() {
	w.abort.Do(func() {
		// A tls.Conn's own Close may wait 5 s to send its alert to a stuck peer.
		conn := w.conn
		if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
			conn = t.NetConn()
		}
		w.open.Lock()
		w.fd = 0
		w.open.Unlock()
		_ = conn.Close()
		w.ended.Store(true)
	})
}
