package hub

import "time"

// keepalive checks each connection once a tick, until Close. It is the only timer
// of all connections.
func (h *Hub) keepalive() {
	ticker := time.NewTicker(h.tick)
	defer ticker.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-ticker.C:
		}
		now := int64(time.Since(h.start)) + 1
		h.now.Store(now)
		// In batches, so that Attach does not wait for a whole round. A connection
		// that moves between two batches is checked in the next round.
		var some [64]*Conn
		for from := 0; ; from += len(some) {
			n := h.copyConns(some[:], from)
			for _, c := range some[:n] {
				c.check(now)
			}
			if n < len(some) {
				break
			}
		}
	}
}

func (h *Hub) copyConns(conns []*Conn, from int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return copy(conns, h.conns[min(from, len(h.conns)):])
}

// check pings or closes c when that is due. Hub.now advances once a tick, so every
// interval is exact to about a tick.
func (c *Conn) check(now int64) {
	c.mu.Lock()
	cause, over := c.checkTimeouts(now)
	if over {
		over = c.markClosed()
	}
	c.mu.Unlock()
	if over {
		c.closeSink(cause)
	}
}

// checkTimeouts reports whether c must be closed and why, and requests a ping from
// a worker when one is due. c.mu is held.
func (c *Conn) checkTimeouts(now int64) (cause Cause, over bool) {
	config := &c.hub.config
	heard := c.heardAt.Load()
	switch {
	case c.closed:
		return 0, false
	case c.writingSince != 0 && now-c.writingSince > int64(config.StuckAfter):
		// A peer that sends but does not read is slow, not silent.
		if heard > c.writingSince {
			return TooSlow, true
		}
		return Silent, true
	case c.owner == "":
		// attachedAt is up to a tick early; the added tick keeps c from being closed too soon.
		return Unbound, now-c.attachedAt > int64(config.BindWithin+c.hub.tick)
	}
	if heard >= c.pingedAt {
		c.pings = 0
	}
	if now-max(heard, c.pingedAt) < int64(config.PingEvery) {
		return 0, false
	}
	// Pings are counted instead of time, so that a server that was suspended for an
	// hour does not close its connections.
	if c.pings == 2 {
		return Silent, true
	}
	c.pings++
	c.pingedAt = now
	c.pingDue = true
	if !c.busy {
		c.busy = true
		c.pool.enqueue(c)
	}
	return 0, false
}
