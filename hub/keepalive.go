package hub

import "time"

// keepalive is the only clock of all connections. It looks at each once a tick.
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
		// A few at a time, so that nobody who attaches waits for the whole round.
		// One that moves between two pieces is looked at in the next round.
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

// check pings c or closes it, if it is time. The clock moves once a tick, so every
// interval is kept to about a tick.
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

// checkTimeouts says whether c must be closed, and asks a worker to ping. c.mu is held.
func (c *Conn) checkTimeouts(now int64) (cause Cause, over bool) {
	config := &c.hub.config
	heard := c.heardAt.Load()
	switch {
	case c.closed:
		return 0, false
	case c.writingSince != 0 && now-c.writingSince > int64(config.StuckAfter):
		// Who talks but does not read is slow, not silent.
		if heard > c.writingSince {
			return TooSlow, true
		}
		return Silent, true
	case c.owner == "":
		// born is up to a tick early: nobody is closed before their time.
		return Unbound, now-c.attachedAt > int64(config.BindWithin+c.hub.tick)
	}
	if heard >= c.pingedAt {
		c.pings = 0
	}
	if now-max(heard, c.pingedAt) < int64(config.PingEvery) {
		return 0, false
	}
	// Counting the pings that were sent, not the time, lets everybody live whose
	// server was suspended for an hour.
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
