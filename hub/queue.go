package hub

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed says that the connection is closed, or about to be.
var ErrClosed = errors.New("hub: the connection is closed")

// placeBytes is what a queued value costs beside its bytes; without it, a flood
// of tiny values would hold many times the bound.
const placeBytes = 32

// chunk is a piece of a queue. Pieces of one size can be pooled whatever the
// length of the queue was, and Publish allocates nothing for a recipient.
type chunk struct {
	values [15][]byte
	head   uint8 // first value that is not taken
	tail   uint8 // first free place
	next   *chunk
}

var chunks = sync.Pool{New: func() any { return new(chunk) }}

type pushResult uint8

const (
	queued   pushResult = iota
	refused             // closed before
	overflow            // the queue is full: c is closed now, and the caller must hang up with TooSlow
)

// push queues b and sees that a worker has c. c.mu is held. An empty queue takes
// any value, also one beyond the bound: otherwise no retry could ever deliver it.
func (c *Conn) push(b []byte) pushResult {
	if c.closed || c.closing {
		return refused
	}
	cost := len(b) + placeBytes
	if c.queued > 0 && c.queued+cost > c.hub.config.QueueBytes {
		c.markClosed()
		return overflow
	}
	if c.last == nil || int(c.last.tail) == len(c.last.values) {
		k := chunks.Get().(*chunk)
		if c.last == nil {
			c.first = k
		} else {
			c.last.next = k
		}
		c.last = k
	}
	c.last.values[c.last.tail] = b
	c.last.tail++
	c.queued += cost
	if !c.busy {
		c.busy = true
		c.pool.enqueue(c)
	}
	return queued
}

// take moves queued values to batch, at least one if there is one, until the next
// would make them more than max bytes. c.mu is held.
func (c *Conn) take(batch [][]byte, max int) (n, size int) {
	for n < len(batch) && c.first != nil {
		k := c.first
		b := k.values[k.head]
		if n > 0 && size+len(b) > max {
			break
		}
		batch[n] = b
		n, size = n+1, size+len(b)
		c.queued -= len(b) + placeBytes
		k.values[k.head] = nil
		k.head++
		if k.head == k.tail {
			c.dropChunk()
		}
	}
	if c.queued <= c.hub.config.QueueBytes/2 {
		c.wakeWaiters()
	}
	return n, size
}

// dropChunk gives the first chunk back to the pool. c.mu is held.
func (c *Conn) dropChunk() {
	k := c.first
	c.first = k.next
	if c.first == nil {
		c.last = nil
	}
	clear(k.values[k.head:k.tail])
	k.head, k.tail, k.next = 0, 0, nil
	chunks.Put(k)
}

// wakeWaiters lets everybody go on who waits in Room. c.mu is held.
func (c *Conn) wakeWaiters() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// Send queues b, which nobody may change from now on, behind what is queued. It
// never waits. False: the connection is closed, perhaps by this very value, which
// did not fit.
func (c *Conn) Send(b []byte) bool {
	c.mu.Lock()
	p := c.push(b)
	c.mu.Unlock()
	if p == overflow {
		c.closeSink(TooSlow)
	}
	return p == queued
}

// Room waits while more than half of the queue's bound is queued. The error is
// ctx's, or ErrClosed.
func (c *Conn) Room(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		c.mu.Lock()
		if c.closed || c.closing {
			c.mu.Unlock()
			return ErrClosed
		}
		if c.queued <= c.hub.config.QueueBytes/2 {
			c.mu.Unlock()
			return nil
		}
		if c.room == nil {
			c.room = make(chan struct{})
		}
		room := c.room
		c.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
		}
	}
}
