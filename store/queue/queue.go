// Package queue is the bounded queue of a feed, between a store's writer and one reader.
// The writer never waits; a reader that falls too far behind loses its feed, which bounds
// the memory.
package queue

import (
	"context"
	"iter"
	"sync"

	"parley/chat"
)

// How far a reader may fall behind.
const (
	MaxNotices = 65_536
	MaxBytes   = 64 << 20 // by Event.Size
)

// Feed is one open feed. Make it with New.
type Feed struct {
	wake chan struct{} // one token: something changed

	mu      sync.Mutex
	waiting []chat.Notice // guarded by mu
	bytes   int           // guarded by mu
	lost    bool          // guarded by mu; the feed ends after waiting
}

// New returns an empty queue.
func New() *Feed { return &Feed{wake: make(chan struct{}, 1)} }

// Size returns what the notices count towards MaxBytes.
func Size(notices []chat.Notice) (size int) {
	for _, n := range notices {
		size += 160
		if n.Event != nil {
			size += n.Event.Size()
		}
	}
	return size
}

// Push adds notices of that Size. A queue that would grow too long is lost: its notices,
// and all later ones, are dropped, and Push returns false.
func (f *Feed) Push(notices []chat.Notice, size int) bool {
	defer f.signal()
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.lost:
	case len(f.waiting)+len(notices) > MaxNotices || f.bytes+size > MaxBytes:
		f.lost, f.waiting, f.bytes = true, nil, 0
	default:
		f.waiting = append(f.waiting, notices...)
		f.bytes += size
	}
	return !f.lost
}

// Lose ends the feed with [chat.ErrFeedLost] after the queued notices.
func (f *Feed) Lose() {
	f.mu.Lock()
	f.lost = true
	f.mu.Unlock()
	f.signal()
}

// Free drops the queued notices, when there is no reader any more.
func (f *Feed) Free() {
	f.mu.Lock()
	f.waiting, f.bytes = nil, 0
	f.mu.Unlock()
}

// All yields the notices until the queue is lost or ctx ends, then calls leave.
func (f *Feed) All(ctx context.Context, leave func()) iter.Seq2[chat.Notice, error] {
	return func(yield func(chat.Notice, error) bool) {
		defer leave()
		for {
			batch, lost := f.take()
			for _, n := range batch {
				if err := ctx.Err(); err != nil {
					yield(chat.Notice{}, err)
					return
				}
				if !yield(n, nil) {
					return
				}
			}
			if len(batch) > 0 {
				continue
			}
			if lost {
				yield(chat.Notice{}, chat.ErrFeedLost)
				return
			}
			select {
			case <-f.wake:
			case <-ctx.Done():
				yield(chat.Notice{}, ctx.Err())
				return
			}
		}
	}
}

func (f *Feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed) take() (batch []chat.Notice, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	batch, f.waiting, f.bytes = f.waiting, nil, 0
	return batch, f.lost
}
