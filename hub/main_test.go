package hub

import (
	"context"
	"encoding/binary"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is a sink that keeps what it was told. With stall set, a Write blocks until
// stall or the sink is closed.
type peer struct {
	stall chan struct{} // static; nil: never
	began chan struct{} // static; nil, or told of each Write as it begins
	over  chan struct{} // closed by Close

	mu       sync.Mutex
	messages []string
	pings    int
	causes   []Cause
	fail     error // of Write
}

func newPeer() *peer { return &peer{over: make(chan struct{})} }

func (p *peer) Write(b []byte) error {
	if p.began != nil {
		p.began <- struct{}{}
	}
	if p.stall != nil {
		select {
		case <-p.stall:
		case <-p.over:
			return context.Canceled
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(b[:Headroom])
	p.messages = append(p.messages, string(b[Headroom:]))
	return p.fail
}

func (p *peer) Ping() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pings++
	return nil
}

func (p *peer) Close(c Cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.causes = append(p.causes, c); len(p.causes) == 1 {
		close(p.over)
	}
}

// text returns all bytes written so far, the messages one behind the other.
func (p *peer) text() (s string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.messages {
		s += m
	}
	return s
}

func (p *peer) closedBy() []Cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.causes
}

// newHub returns a hub that the test's end closes. No Write may be stuck by then.
func newHub(t testing.TB, config Config) *Hub {
	h := New(config)
	t.Cleanup(func() {
		h.All((*Conn).Detach)
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h
}

// hold makes c look busy, so that no worker takes it and the test reads its queue.
func hold(c *Conn) *Conn {
	c.mu.Lock()
	c.busy = true
	c.mu.Unlock()
	return c
}

// takeAll empties the queue of a held connection.
func takeAll(c *Conn) (values [][]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var batch [16][]byte
	for {
		n, _ := c.take(batch[:], 1<<30)
		if n == 0 {
			return values
		}
		values = append(values, batch[:n]...)
	}
}

// numbered is an event that says its number and codec.
func numbered(seq uint64) *Frame {
	return NewFrame(func(codec int) []byte {
		return binary.BigEndian.AppendUint64([]byte{byte(codec)}, seq)
	})
}

// text returns an event with the same bytes in every codec.
func text(s string) *Frame { return NewFrame(func(int) []byte { return []byte(s) }) }
