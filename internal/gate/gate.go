// Package gate lets callers wait until something is open.
package gate

import (
	"context"
	"sync"
)

// Gate is open or closed. The zero Gate is closed. It is safe for concurrent use.
type Gate struct {
	mu     sync.Mutex
	open   bool          // guarded by mu
	opened chan struct{} // guarded by mu; closed when it opens; nil: no caller waits
}

// IsOpen reports whether the gate is open.
func (g *Gate) IsOpen() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

// Set opens or closes the gate.
func (g *Gate) Set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = open
	if open && g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// Wait returns once the gate is or was open, or with ctx's error.
func (g *Gate) Wait(ctx context.Context) error {
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
