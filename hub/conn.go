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

	// Owned by the sweeper.
	pings    uint8 // sent since the peer was last heard
	pingedAt int64 // Hub.now at the last ping, at first that of Attach, spread

	heardAt atomic.Int64 // Hub.now when the peer was last heard

	// Guarded by Hub.mu.
	slot    int   // place in Hub.conns; -1: not attached
	sibling *Conn // next one of the same owner

	next *Conn // in line for a worker; guarded by pool.mu

	mu           sync.Mutex
	busy         bool          // guarded by mu; a worker has it
	pingDue      bool          // guarded by mu; the worker shall ping
	closing      bool          // guarded by mu; takes no more values, is closed when drained
	closed       bool          // guarded by mu; queue and memberships are over
	detached     bool          // guarded by mu
	owner        string        // written under Hub.mu and mu, once
	refs         []ref         // guarded by mu, and each also by its topic's shard
	first        *chunk        // guarded by mu; oldest queued values
	last         *chunk        // guarded by mu
	queued       int           // guarded by mu; bytes in the queue
	writingSince int64         // guarded by mu; Hub.now when the call on sink began, 0: none
	room         chan struct{} // guarded by mu; closed when the queue has room; nil: nobody waits
}

// Attach takes a sink into the hub's care, not bound to an owner yet. codec picks
// the encoding of frames; tag is the caller's. The caller must call Detach when
// the sink is over.
func (h *Hub) Attach(sink Sink, codec int, tag any) *Conn {
	if codec < 0 || codec >= h.config.Codecs {
		panic(fmt.Sprintf("hub: codec %d of %d", codec, h.config.Codecs))
	}
	c := &Conn{hub: h, sink: sink, tag: tag, codec: uint8(codec), slot: -1, attachedAt: h.now.Load()}
	h.mu.Lock()
	n := h.attached
	h.attached++
	c.pool = h.pools[int(n)%len(h.pools)]
	// Thousands that attach at once must not be pinged at once. The golden ratio
	// spreads any count of them evenly over the interval.
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

// Bind says whose connection it is; it can be said once. False: the owner has
// limit connections already (0: no limit), or this one is closed, or is
// another's. Who is not bound within Config.BindWithin is closed with Unbound.
func (c *Conn) Bind(owner string, limit int) bool {
	h := c.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.owner != "" || owner == "" || c.closed || c.slot < 0 {
		return owner != "" && c.owner == owner && !c.closed
	}
	first := h.owners[owner]
	if limit > 0 {
		n := 0
		for s := first; s != nil && n < limit; s = s.sibling {
			n++
		}
		if n == limit {
			return false
		}
	}
	c.owner, c.sibling = owner, first
	h.owners[owner] = c
	h.bound++
	return true
}

// Owner is whom the connection was bound to, or "".
func (c *Conn) Owner() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.owner
}

// Tag is what Attach was given.
func (c *Conn) Tag() any { return c.tag }

// Heard says that the peer said something or answered a ping. It costs two atomic
// operations.
func (c *Conn) Heard() { c.heardAt.Store(c.hub.now.Load()) }

// Close drops what is queued and closes the sink with cause. Only the first close
// counts; after Detach it does nothing.
func (c *Conn) Close(cause Cause) {
	c.mu.Lock()
	first := c.markClosed()
	c.mu.Unlock()
	if first {
		c.closeSink(cause)
	}
}

// finish is Close(Stopping), but after what is queued has been written.
func (c *Conn) finish() {
	c.mu.Lock()
	c.closing = true
	idle := !c.busy && c.markClosed()
	c.mu.Unlock()
	if idle {
		c.closeSink(Stopping)
	}
}

// markClosed marks c as closed and frees its queue; false: it was closed before. c.mu is
// held. Whoever gets true calls hangUp once no lock is held.
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

// Detach is the end: the sink's owner calls it when its read loop is over, also
// after the hub closed the sink. It leaves all topics and frees everything. A
// Write under way may still return after it, so the owner ends the sink, too.
// Detach may be called again.
func (c *Conn) Detach() {
	c.mu.Lock()
	again := c.detached
	c.detached = true
	c.markClosed() // and nobody hangs up: the owner knows that it is over
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
	// Only after it left all topics may its codec stop being encoded.
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

// unbind takes c off its owner's chain. h.mu is held.
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
