package session

import "sync"

const (
	maxPlaces  = 128     // of one session
	placeBytes = 4 << 10 // of a command for which it takes one place more
)

// places bound the memory of the commands of one session that are not answered yet.
type places struct {
	mu    sync.Mutex
	taken int           // guarded by mu
	freed chan struct{} // guarded by mu: closed when places are freed; nil: no caller waits
}

// take takes n places and returns nil. If they are not free, it takes none and returns a
// channel that is closed when some are freed.
func (p *places) take(n int) (freed <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken == 0 || p.taken+n <= maxPlaces {
		p.taken += n
		return nil
	}
	p.freed = make(chan struct{})
	return p.freed
}

func (p *places) free(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken -= n
	if p.freed != nil {
		close(p.freed)
		p.freed = nil
	}
}

func bySize(bytes int) int { return 1 + bytes/placeBytes }
