package hub

import (
	"sync"
	"sync/atomic"
)

// pool keeps workers at hand for the connections of one core.
type pool struct {
	// Static after construction.
	hub   *Hub
	spare sync.Pool // of *worker without a goroutine

	delivered atomic.Uint64 // values written
	written   atomic.Uint64 // messages that carried them

	mu     sync.Mutex // last in the lock order
	parked []*worker  // guarded by mu; the last one parked is the warmest
	closed bool       // guarded by mu
}

// worker drains one connection after the other. Its goroutine owns it, until the
// worker is parked or spare.
type worker struct {
	pool *pool
	next *Conn
	wake chan *Conn // nil in it: end
	run  func()     // work, bound once: starting a goroutine with it allocates nothing
}

func newPool(h *Hub) *pool {
	p := &pool{hub: h}
	p.spare.New = func() any {
		w := &worker{pool: p, wake: make(chan *Conn, 1)}
		w.run = w.work
		return w
	}
	return p
}

// hand gives a busy connection to a worker. c.mu is held and c is not closed.
func (p *pool) hand(c *Conn) {
	p.mu.Lock()
	if k := len(p.parked) - 1; k >= 0 {
		w := p.parked[k]
		p.parked = p.parked[:k]
		p.mu.Unlock()
		w.wake <- c
		return
	}
	p.mu.Unlock()
	w := p.spare.Get().(*worker)
	w.next = c
	p.hub.goroutines.Add(1)
	go w.run()
}

func (w *worker) work() {
	p := w.pool
	defer p.hub.goroutines.Done()
	c := w.next
	w.next = nil
	for ; c != nil; c = <-w.wake {
		c.drain()
		p.mu.Lock()
		if p.closed || len(p.parked) >= p.hub.config.Parked {
			p.mu.Unlock()
			p.spare.Put(w)
			return
		}
		p.parked = append(p.parked, w)
		p.mu.Unlock()
	}
}

// close sends the parked workers home; the others follow when they are done.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.parked {
		w.wake <- nil
	}
	p.parked = nil
}

// joint is what a worker needs to join values, for the length of one drain. A
// worker that only waits for its turn to run holds none.
type joint struct {
	buf   []byte      // Headroom, then room for Config.JoinBytes
	batch [128][]byte // what is being joined
}

// join returns the first n values of the batch, size bytes in all, as one message.
func (j *joint) join(n, size int) []byte {
	b := j.buf[:Headroom]
	if Headroom+size > cap(b) {
		b = make([]byte, Headroom, Headroom+size) // one value beyond JoinBytes: not kept
	}
	for _, v := range j.batch[:n] {
		b = append(b, v...)
	}
	clear(j.batch[:n])
	return b
}

// drain writes until the queue is empty or the connection is closed. A failed
// write closes it, so that a read loop that still waits ends, too.
func (c *Conn) drain() {
	h := c.hub
	j := h.joints.Get().(*joint)
	defer h.joints.Put(j)
	for {
		c.mu.Lock()
		n, size := 0, 0
		ping := c.pingDue
		c.pingDue = false
		if !ping {
			n, size = c.take(j.batch[:], h.config.JoinBytes)
		}
		if !ping && n == 0 {
			c.busy, c.writing = false, 0
			over := c.closing && c.shut()
			c.mu.Unlock()
			if over {
				c.hangUp(Stopping)
			}
			return
		}
		c.writing = h.now.Load()
		c.mu.Unlock()
		var err error
		if ping {
			err = c.sink.Ping()
		} else if err = c.sink.Write(j.join(n, size)); err == nil {
			c.pool.delivered.Add(uint64(n))
			c.pool.written.Add(1)
		}
		if err != nil {
			c.Close(Silent)
		}
	}
}
