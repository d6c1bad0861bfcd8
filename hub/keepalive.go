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
	c.requestPing(now)
	return 0, false
}

// requestPing lets a worker ping the peer. c.mu is held.
func (c *Conn) requestPing(now int64) {
	c.pings++
	c.pingedAt = now
	c.pingDue = true
	if !c.busy {
		c.busy = true
		c.pool.enqueue(c)
	}
}

// answerWithin is how long a peer may take to answer a ping once its owner is at the
// limit of connections; half of Config.PingEvery if that is less.
const answerWithin = 2 * time.Second

// makeRoom marks as closed that connection of an owner which has owed an answer to a
// ping for the longest, but at least answerWithin, and returns it. If there is none, it
// pings those that were not heard for so long, and returns nil. Hub.mu is held.
func makeRoom(first *Conn, now int64) (silent *Conn) {
	wait, oldest := int64(min(answerWithin, first.hub.config.PingEvery/2)), int64(0)
	for c := first; c != nil; c = c.sibling {
		c.mu.Lock()
		if heard := c.heardAt.Load(); !c.closed && c.pings > 0 && heard < c.pingedAt && now-c.pingedAt >= wait && (silent == nil || heard < oldest) {
			silent, oldest = c, heard
		}
		c.mu.Unlock()
	}
	if silent != nil {
		silent.mu.Lock()
		defer silent.mu.Unlock()
		if !silent.markClosed() {
			return nil
		}
		return silent
	}
	for c := first; c != nil; c = c.sibling {
		c.mu.Lock()
		if heard := c.heardAt.Load(); !c.closed && now-heard >= wait && (c.pings == 0 || heard >= c.pingedAt) {
			c.pings = 0
			c.requestPing(now)
		}
		c.mu.Unlock()
	}
	return nil
}

// isOpen reports whether the connection was not closed.
func (c *Conn) isOpen() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closed
}
