package hub

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// Conn is one attached connection. Its methods may be called from any goroutine.
type Conn struct {
	// Static after Attach.
	hub        *Hub
	pool       *pool
	sink       Sink
	tag        any
	attachedAt int64 // Hub.now at Attach
	codec      uint8

	heardAt atomic.Int64 // Hub.now when the peer was last heard

	// Guarded by Hub.mu.
	slot    int   // place in Hub.conns; -1: not attached
	sibling *Conn // next one of the same owner

	next *Conn // in line for a worker; guarded by pool.mu

	mu           sync.Mutex
	busy         bool          // guarded by mu; enqueued at the pool, or a worker drains it
	pingDue      bool          // guarded by mu; the worker shall ping
	pings        uint8         // guarded by mu; sent since the peer was last heard
	pingedAt     int64         // guarded by mu; Hub.now at the last ping, at first that of Attach, spread
	closing      bool          // guarded by mu; takes no more values, is closed when drained
	closed       bool          // guarded by mu; takes no values and no memberships
	detached     bool          // guarded by mu
	owner        string        // written under Hub.mu and mu, once
	refs         []ref         // guarded by mu, and each also by its topic's shard
	first        *chunk        // guarded by mu; oldest queued values
	last         *chunk        // guarded by mu
	queued       int           // guarded by mu; bytes in the queue
	writingSince int64         // guarded by mu; Hub.now when the call on sink began, 0: none
	room         chan struct{} // guarded by mu; closed when the queue has room; nil: nobody waits
}

// Attach registers a sink, which is not bound to an owner yet. codec selects the
// encoding of frames; Tag returns tag. The caller must call Detach when the sink
// has ended.
func (h *Hub) Attach(sink Sink, codec int, tag any) *Conn {
	if codec < 0 || codec >= h.config.Codecs {
		panic(fmt.Sprintf("hub: codec %d of %d", codec, h.config.Codecs))
	}
	c := &Conn{hub: h, sink: sink, tag: tag, codec: uint8(codec), slot: -1, attachedAt: h.now.Load()}
	h.mu.Lock()
	n := h.attached
	h.attached++
	c.pool = h.pools[int(n)%len(h.pools)]
	// Connections that attach at the same time must not be pinged at the same time.
	// The golden ratio spreads any number of them evenly over the interval.
	early := float64(n*2654435769) / (1 << 32)
	c.pingedAt = c.attachedAt - int64(early*float64(h.config.PingEvery))
	c.heardAt.Store(c.pingedAt)
	refused := h.stopping
	if !refused {
		c.slot = len(h.conns)
		h.conns = append(h.conns, c)
		h.uses[codec].Add(1)
	}
	h.mu.Unlock()
	if refused {
		c.Close(Stopping)
	}
	return c
}

// Bind sets the owner of the connection, once. It reports false if the owner
// already has limit open connections (0: no limit), or if the connection is closed or
// bound to another owner. A connection that is not bound within
// Config.BindWithin is closed with Unbound.
//
// At the limit, a connection that owes an answer to a ping for answerWithin makes room:
// it is closed with Silent. If there is none, the quiet ones are pinged, so that
// half-open connections make room for the owner's next attempt.
func (c *Conn) Bind(owner string, limit int) bool {
	bound, silent := c.bind(owner, limit)
	if silent != nil {
		silent.closeSink(Silent)
	}
	return bound
}

// bind is Bind. It may return a connection that it marked as closed; the caller then
// calls closeSink.
func (c *Conn) bind(owner string, limit int) (bound bool, silent *Conn) {
	h := c.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner != "" || owner == "" || c.closed || c.slot < 0 {
		return owner != "" && c.owner == owner && !c.closed, nil
	}
	first := h.owners[owner]
	if limit > 0 {
		n := 0
		for s := first; s != nil; s = s.sibling {
			if s.isOpen() {
				n++
			}
		}
		if n >= limit {
			if silent = makeRoom(first, h.now.Load()); silent == nil {
				return false, nil
			}
		}
	}
	c.owner, c.sibling = owner, first
	h.owners[owner] = c
	h.bound++
	return true, silent
}

// Owner returns the owner that Bind set, or "".
func (c *Conn) Owner() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owner
}

// Tag returns the tag that Attach was given.
func (c *Conn) Tag() any { return c.tag }

// Heard records that something was received from the peer, a pong included. It
// costs two atomic operations.
func (c *Conn) Heard() { c.heardAt.Store(c.hub.now.Load()) }

// Close drops the queue and closes the sink with cause. Only the first call has an
// effect; after Detach it has none.
func (c *Conn) Close(cause Cause) {
	c.mu.Lock()
	first := c.markClosed()
	c.mu.Unlock()
	if first {
		c.closeSink(cause)
	}
}

// finish closes the sink with Stopping once the queue is written.
func (c *Conn) finish() {
	c.mu.Lock()
	c.closing = true
	idle := !c.busy && c.markClosed()
	c.mu.Unlock()
	if idle {
		c.closeSink(Stopping)
	}
}

// markClosed marks c as closed and frees its queue. It reports whether c was open;
// then the caller must call closeSink once it holds no lock. c.mu is held.
func (c *Conn) markClosed() bool {
	if c.closed {
		return false
	}
	c.closed, c.pingDue = true, false
	for c.first != nil {
		c.dropChunk()
	}
	c.queued = 0
	c.wakeWaiters()
	return true
}

func (c *Conn) closeSink(cause Cause) {
	c.hub.closed[cause].Add(1)
	c.sink.Close(cause)
}

// Detach unregisters the connection: it leaves all topics and frees its queue. The
// sink's owner calls it when its read loop has ended, also after the hub closed the
// sink. A Write may still be in progress when Detach returns, so the owner must
// close the sink as well. Detach may be called more than once.
func (c *Conn) Detach() {
	c.mu.Lock()
	again := c.detached
	c.detached = true
	c.markClosed() // without closeSink: the owner closes the sink itself
	c.mu.Unlock()
	if again {
		return
	}
	c.leaveAll()
	h := c.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.slot < 0 {
		return
	}
	// Frames must be encoded for this codec until c has left all topics.
	h.uses[c.codec].Add(-1)
	end := len(h.conns) - 1
	h.conns[c.slot] = h.conns[end]
	h.conns[c.slot].slot = c.slot
	h.conns[end] = nil
	h.conns = h.conns[:end]
	c.slot = -1
	if c.Owner() != "" {
		h.unbind(c)
	}
	if h.stopping && end == 0 {
		close(h.empty)
	}
}

// unbind removes c from its owner's list. h.mu is held.
func (h *Hub) unbind(c *Conn) {
	h.bound--
	switch first := h.owners[c.owner]; {
	case first != c:
		for first.sibling != c {
			first = first.sibling
		}
		first.sibling = c.sibling
	case c.sibling != nil:
		h.owners[c.owner] = c.sibling
	default:
		delete(h.owners, c.owner)
	}
	c.sibling = nil
}
