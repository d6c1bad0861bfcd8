package hub

import (
	"sync"
	"sync/atomic"
)

// Frame is one value for many connections. Its encodings never change.
type Frame struct {
	encode func(codec int) []byte // static
	once   sync.Mutex             // held during encode; readers do not take it

	bytes [maxCodecs]atomic.Pointer[[]byte] // nil: not encoded yet
}

// NewFrame returns a frame. It calls encode at most once for each codec, when a
// member first needs it, from any goroutine, and keeps the result. A ring may hold
// the frame, and with it everything that encode refers to.
func NewFrame(encode func(codec int) []byte) *Frame { return &Frame{encode: encode} }

// encodeOnce encodes f for codec unless that was done. No lock of the hub is held.
func (f *Frame) encodeOnce(codec int) {
	f.once.Lock()
	defer f.once.Unlock()
	if f.bytes[codec].Load() == nil {
		b := f.encode(codec)
		f.bytes[codec].Store(&b)
	}
}

// encodings returns the encodings made so far. enough reports whether they cover
// every codec in use.
func (f *Frame) encodings(h *Hub) (bytes [maxCodecs][]byte, enough bool) {
	enough = true
	for codec := range h.config.Codecs {
		if b := f.bytes[codec].Load(); b != nil {
			bytes[codec] = *b
		} else if h.uses[codec].Load() > 0 {
			enough = false
		}
	}
	return bytes, enough
}

// Publish delivers frame number seq to every live member of topic and keeps it in
// the ring. With seq 0, a frame without a number, it delivers to the members that
// are live now and keeps nothing.
//
// A number below the expected one was delivered before and is dropped, so a feed may
// repeat events. A topic that is new to the hub accepts any first number. For a
// number above the expected one nothing is done: ok is false, and the caller
// publishes missing, …, seq-1 from the log, then seq again. Without members Publish
// does nothing.
//
// Publish never waits for a reader. It may be called from any goroutine; a topic's
// numbers are delivered in the order of the calls.
func (h *Hub) Publish(topic string, seq uint64, f *Frame) (missing uint64, ok bool) {
	s := h.shard(topic)
	s.mu.Lock()
	for {
		t := s.topics[topic]
		if t == nil || seq != 0 && seq < t.next {
			s.mu.Unlock()
			return 0, true
		}
		if seq != 0 && t.next != 0 && seq > t.next {
			missing = t.next
			s.mu.Unlock()
			return missing, false
		}
		// A connection is counted in uses before it can be a member, so under this
		// lock uses covers every member's codec.
		bytes, enough := f.encodings(h)
		if enough {
			slow := s.deliver(t, seq, f, &bytes)
			s.mu.Unlock()
			for _, c := range slow {
				c.closeSink(TooSlow)
			}
			return 0, true
		}
		s.mu.Unlock()
		for codec := range h.config.Codecs {
			if h.uses[codec].Load() > 0 {
				f.encodeOnce(codec)
			}
		}
		s.mu.Lock()
	}
}

// deliver queues a frame on every live member and returns the connections whose queue
// overflowed. s.mu is held.
func (s *shard) deliver(t *topic, seq uint64, f *Frame, bytes *[maxCodecs][]byte) (slow []*Conn) {
	for i := range t.members {
		m := &t.members[i]
		// A member that resumed from the log may be ahead of the feed.
		if m.mark&collecting != 0 || seq != 0 && m.mark >= seq {
			continue
		}
		if seq != 0 {
			m.mark = seq
		}
		c := m.conn
		c.mu.Lock()
		p := c.push(bytes[c.codec])
		c.mu.Unlock()
		if p == overflow {
			slow = append(slow, c)
		}
	}
	if seq != 0 {
		t.next = seq + 1
		t.ring = append(t.ring, entry{frame: f})
		s.updateCost(t, &t.ring[len(t.ring)-1])
		s.markUsed(t)
		s.enforceBudget(t)
	}
	return slow
}

// Trim drops a topic's ring, because a text in it was deleted. Members and the
// expected number stay; a connection that resumes reads the log instead.
func (h *Hub) Trim(topic string) {
	s := h.shard(topic)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[topic]; t != nil {
		s.dropRing(t)
	}
}
