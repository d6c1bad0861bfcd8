package hub

// Stats are the hub's current figures. Those from Delivered on only grow.
type Stats struct {
	Conns       int // attached
	Bound       int // of these, bound to an owner
	Topics      int
	Members     int
	RingBytes   int
	QueuedBytes int
	Delivered   uint64         // values written to sinks
	Written     uint64         // messages that carried them
	Closed      [Causes]uint64 // connections that the hub closed, by Cause
}

// Stats returns the hub's figures. It reads every connection and shard once, each
// under its own lock.
func (h *Hub) Stats() (s Stats) {
	h.All(func(c *Conn) {
		c.mu.Lock()
		s.QueuedBytes += c.queued
		c.mu.Unlock()
	})
	h.mu.Lock()
	s.Conns, s.Bound = len(h.conns), h.bound
	h.mu.Unlock()
	for _, sh := range h.shards {
		sh.mu.Lock()
		s.Topics += len(sh.topics)
		s.Members += sh.members
		s.RingBytes += sh.ringBytes
		sh.mu.Unlock()
	}
	for _, p := range h.pools {
		s.Delivered += p.delivered.Load()
		s.Written += p.written.Load()
	}
	for cause := range s.Closed {
		s.Closed[cause] = h.closed[cause].Load()
	}
	return s
}
