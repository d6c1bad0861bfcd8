package live

import (
	"context"
	"sync"
)

// gate is open while the feed is open. The zero gate is closed.
type gate struct {
	mu     sync.Mutex
	open   bool          // guarded by mu
	opened chan struct{} // guarded by mu; closed when it opens; nil: no caller waits
}

// isOpen reports whether the gate is open.
func (g *gate) isOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = open
	if open && g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// wait returns once the gate is or was open, or with ctx's error.
func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	if g.open {
		g.mu.Unlock()
		return nil
	}
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
	opened := g.opened
	g.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
