package sqlite

import (
	"context"
	"iter"
	"sync"

	"parley/chat"
)

// How far the reader of a feed may fall behind.
const (
	maxFeed      = 65_536   // notices
	maxFeedBytes = 64 << 20 // by Event.Size
)

// feeds are the open feeds of a DB.
type feeds struct {
	mu     sync.Mutex
	open   map[*feed]struct{} // guarded by mu
	closed bool               // guarded by mu
}

// feed is one open feed: a queue that the writer fills and one reader empties.
type feed struct {
	all  *feeds
	wake chan struct{} // one token: something changed

	mu      sync.Mutex
	waiting []chat.Notice // guarded by mu
	bytes   int           // guarded by mu
	lost    bool          // guarded by mu; waiting was dropped, or ends it
}

// OpenFeed is [chat.Feed].OpenFeed.
func (db *DB) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := &feed{all: &db.feeds, wake: make(chan struct{}, 1)}
	if !db.feeds.add(f) {
		return nil, errClosed()
	}
	stop := context.AfterFunc(ctx, f.leave)
	return func(yield func(chat.Notice, error) bool) {
		defer f.leave()
		defer stop()
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
	}, nil
}

// Tell is [chat.Feed].Tell.
func (db *DB) Tell(ctx context.Context, s chat.Signal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.feeds.push([]chat.Notice{{Signal: &s}})
	return nil
}

func (fs *feeds) add(f *feed) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return false
	}
	if fs.open == nil {
		fs.open = map[*feed]struct{}{}
	}
	fs.open[f] = struct{}{}
	return true
}

// push gives the notices to every open feed, in order. It never waits for a
// reader: a feed that would grow too long ends.
func (fs *feeds) push(notices []chat.Notice) {
	if len(notices) == 0 {
		return
	}
	size := 0
	for _, n := range notices {
		size += 160
		if n.Event != nil {
			size += n.Event.Size()
		}
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for f := range fs.open {
		f.push(notices, size)
	}
}

// close ends all feeds; what they hold can still be read.
func (fs *feeds) close() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.closed = true
	for f := range fs.open {
		f.mu.Lock()
		f.lost = true
		f.mu.Unlock()
		f.signal()
	}
	clear(fs.open)
}

func (f *feed) push(notices []chat.Notice, size int) {
	f.mu.Lock()
	switch {
	case f.lost:
	case len(f.waiting)+len(notices) > maxFeed || f.bytes+size > maxFeedBytes:
		f.lost, f.waiting, f.bytes = true, nil, 0
	default:
		f.waiting = append(f.waiting, notices...)
		f.bytes += size
	}
	f.mu.Unlock()
	f.signal()
}

func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *feed) take() (batch []chat.Notice, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	batch, f.waiting, f.bytes = f.waiting, nil, 0
	return batch, f.lost
}

// leave frees the queue and takes the feed off the list.
func (f *feed) leave() {
	f.all.mu.Lock()
	delete(f.all.open, f)
	f.all.mu.Unlock()
	f.mu.Lock()
	f.waiting, f.bytes = nil, 0
	f.mu.Unlock()
}
