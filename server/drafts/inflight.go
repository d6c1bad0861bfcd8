package drafts

import (
	"context"
	"sync"
)

// inFlight counts drafts that were accepted and have no outcome yet, so that an orderly
// stop can wait for them.
type inFlight struct {
	mu      sync.Mutex
	n       int           // guarded by mu
	closed  bool          // guarded by mu: no further draft is accepted
	drained chan struct{} // guarded by mu; closed once n is 0 after close
}

// begin counts one more draft. It returns false if the server is stopping.
func (f *inFlight) begin() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.n++
	return true
}

// end counts the outcome of a draft.
func (f *inFlight) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.drained != nil {
		close(f.drained)
		f.drained = nil
	}
}

// close refuses further drafts and waits for the accepted ones, or until ctx ends.
func (f *inFlight) close(ctx context.Context) {
	f.mu.Lock()
	f.closed = true
	if f.n == 0 {
		f.mu.Unlock()
		return
	}
	if f.drained == nil {
		f.drained = make(chan struct{})
	}
	drained := f.drained
	f.mu.Unlock()
	select {
	case <-drained:
	case <-ctx.Done():
	}
}

func (f *inFlight) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}
