package hub

import (
	"context"
	"errors"
	"sync"
)

// ErrClosed is returned by Room when the connection is closed or closing.
var ErrClosed = errors.New("hub: the connection is closed")

// placeBytes is the memory that a queued value takes beside its bytes. Without it, a
// queue of tiny values would take many times its bound.
const placeBytes = 32

// chunk is a part of a queue. Chunks of one size can be pooled, so Publish allocates
// nothing for a recipient.
type chunk struct {
	values [15][]byte
	head   uint8 // index of the oldest value
	tail   uint8 // index of the first free place
	next   *chunk
}

var chunks = sync.Pool{New: func() any { return new(chunk) }}

type pushResult uint8

const (
	queued   pushResult = iota
	refused             // c is closed or closing
	overflow            // the queue is full: c is marked closed, and the caller must call closeSink(TooSlow)
)

// push queues b and enqueues c at its pool. An empty queue takes a value of any size:
// otherwise no retry could ever deliver a value beyond the bound. c.mu is held.
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

// take moves queued values to batch: at least one if there is one, and then as many
// as fit into max bytes. It returns their number and total size. c.mu is held.
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

// dropChunk returns the first chunk to the pool. c.mu is held.
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

// wakeWaiters wakes all callers of Room. c.mu is held.
func (c *Conn) wakeWaiters() {
	if c.room != nil {
		close(c.room)
		c.room = nil
	}
}

// Send queues b, which must not change afterwards. It never waits. It reports false
// if the connection is closed, which happens also when b does not fit.
func (c *Conn) Send(b []byte) bool {
	c.mu.Lock()
	p := c.push(b)
	c.mu.Unlock()
	if p == overflow {
		c.closeSink(TooSlow)
	}
	return p == queued
}

// Room waits while the queue holds more than half of its bound. Its error is ctx's,
// or ErrClosed.
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
