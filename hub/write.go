package hub

import (
	"sync"
	"sync/atomic"
)

// pool drains the busy connections of one core. A worker drains one connection after
// the other, since waking a goroutine for each costs half as much as a write. Any
// write may stall, so while connections wait one worker more than those that are
// writing is awake. It writes as well if a core is free, and else when a write stalls.
type pool struct {
	// Static after construction.
	hub   *Hub
	spare sync.Pool // of *worker without a goroutine

	delivered atomic.Uint64 // values written
	written   atomic.Uint64 // messages that carried them

	mu     sync.Mutex // last in the lock order
	first  *Conn      // guarded by mu; busy connections without a worker, oldest first, linked by Conn.next
	last   *Conn      // guarded by mu
	ready  int        // guarded by mu: workers that are awake and drain no connection
	parked []*worker  // guarded by mu; used as a stack
	closed bool       // guarded by mu
}

// worker drains one connection after the other. Its goroutine owns it until the
// worker is parked or returned to spare.
type worker struct {
	pool *pool
	wake chan bool // false: end
	run  func()    // work as a value: starting a goroutine with it allocates nothing
}

func newPool(h *Hub) *pool {
	p := &pool{hub: h}
	p.spare.New = func() any {
		w := &worker{pool: p, wake: make(chan bool, 1)}
		w.run = w.work
		return w
	}
	return p
}

// enqueue appends a busy connection to the pool's queue. c.mu is held and c is not
// closed.
func (p *pool) enqueue(c *Conn) {
	p.mu.Lock()
	if p.last == nil {
		p.first = c
	} else {
		p.last.next = c
	}
	p.last = c
	p.wakeWorker()
}

// wakeWorker wakes or starts a worker if a connection waits and no worker is ready.
// The caller holds mu; wakeWorker unlocks it.
func (p *pool) wakeWorker() {
	if p.first == nil || p.ready > 0 {
		p.mu.Unlock()
		return
	}
	p.ready++
	if k := len(p.parked) - 1; k >= 0 {
		w := p.parked[k]
		p.parked = p.parked[:k]
		p.mu.Unlock()
		w.wake <- true
		return
	}
	p.hub.goroutines.Add(1)
	p.mu.Unlock()
	go p.spare.Get().(*worker).run()
}

func (w *worker) work() {
	p := w.pool
	defer p.hub.goroutines.Done()
	for {
		p.drainConns()
		// mu is held, no connection waits, and this worker is no longer ready.
		if p.closed || len(p.parked) >= p.hub.config.Parked {
			p.mu.Unlock()
			p.spare.Put(w)
			return
		}
		p.parked = append(p.parked, w)
		p.mu.Unlock()
		if !<-w.wake {
			return
		}
	}
}

// drainConns drains connections until none waits. It returns with mu held.
func (p *pool) drainConns() {
	j := p.hub.joinBuffers.Get().(*joinBuffer)
	defer p.hub.joinBuffers.Put(j)
	p.mu.Lock()
	for {
		c := p.first
		p.ready--
		if c == nil {
			return
		}
		if p.first, c.next = c.next, nil; p.first == nil {
			p.last = nil
		}
		p.wakeWorker()
		c.drain(j)
		p.mu.Lock()
		p.ready++
	}
}

// close ends the parked workers; the others end when they have drained.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, w := range p.parked {
		w.wake <- false
	}
	p.parked = nil
}

// joinBuffer is the memory that a worker needs to join values. A worker that is
// parked, or that has not run yet, holds none.
type joinBuffer struct {
	buf   []byte      // Headroom, then room for Config.JoinBytes
	batch [128][]byte // the values that are joined
}

// join returns the first n values of the batch, of size bytes in all, as one message.
func (j *joinBuffer) join(n, size int) []byte {
	b := j.buf[:Headroom]
	if Headroom+size > cap(b) {
		b = make([]byte, Headroom, Headroom+size) // one value above JoinBytes; not kept
	}
	for _, v := range j.batch[:n] {
		b = append(b, v...)
	}
	clear(j.batch[:n])
	return b
}

// drain writes until the queue is empty or the connection is closed. A failed write
// closes the connection, so that its read loop ends.
func (c *Conn) drain(j *joinBuffer) {
	h := c.hub
	for {
		c.mu.Lock()
		n, size := 0, 0
		ping := c.pingDue
		c.pingDue = false
		if !ping {
			n, size = c.take(j.batch[:], h.config.JoinBytes)
		}
		if !ping && n == 0 {
			c.busy, c.writingSince = false, 0
			over := c.closing && c.markClosed()
			c.mu.Unlock()
			if over {
				c.closeSink(Stopping)
			}
			return
		}
		began := h.now.Load()
		c.writingSince = began
		c.mu.Unlock()
		var err error
		if ping {
			err = c.sink.Ping()
		} else if err = c.sink.Write(j.join(n, size)); err == nil {
			c.pool.delivered.Add(uint64(n))
			c.pool.written.Add(1)
			if h.now.Load() > began+int64(h.tick) {
				c.Heard() // it had to wait for the peer to take bytes: the peer is slow, not silent
			}
		}
		if err != nil {
			c.Close(Silent)
		}
	}
}
