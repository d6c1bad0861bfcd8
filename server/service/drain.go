package service

import (
	"context"
	"sync"
)

// drain counts drafts that were accepted and have no outcome yet, so that an orderly
// stop can wait for them.
type drain struct {
	mu      sync.Mutex
	n       int           // guarded by mu
	closed  bool          // guarded by mu: no draft is accepted any more
	drained chan struct{} // guarded by mu; closed when closed and n is 0
}

// begin counts one more draft. It reports false if the server is stopping.
func (d *drain) begin() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.n++
	return true
}

func (d *drain) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n--; d.n == 0 && d.drained != nil {
		close(d.drained)
		d.drained = nil
	}
}

// close refuses further drafts and waits for the accepted ones, or until ctx ends.
func (d *drain) close(ctx context.Context) {
	d.mu.Lock()
	d.closed = true
	if d.n == 0 {
		d.mu.Unlock()
		return
	}
	if d.drained == nil {
		d.drained = make(chan struct{})
	}
	drained := d.drained
	d.mu.Unlock()
	select {
	case <-drained:
	case <-ctx.Done():
	}
}

func (d *drain) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}
