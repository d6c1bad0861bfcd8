package sqlite

import (
	"context"
	"iter"
	"sync"

	"parley/chat"
	"parley/store/queue"
)

// feeds are the open feeds of a DB. Each is a queue that the writer fills and one reader
// empties.
type feeds struct {
	mu     sync.Mutex
	open   map[*queue.Feed]struct{} // guarded by mu
	closed bool                     // guarded by mu
}

// OpenFeed is [chat.Feed].OpenFeed.
func (db *DB) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f := queue.New()
	if !db.feeds.add(f) {
		return nil, chat.StoreClosed(nil)
	}
	leave := func() { db.feeds.drop(f) }
	stop := context.AfterFunc(ctx, leave)
	return f.All(ctx, func() { stop(); leave() }), nil
}

// Tell is [chat.Feed].Tell.
func (db *DB) Tell(ctx context.Context, s chat.Signal) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	db.feeds.push([]chat.Notice{{Signal: &s}})
	return nil
}

func (fs *feeds) add(f *queue.Feed) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return false
	}
	if fs.open == nil {
		fs.open = map[*queue.Feed]struct{}{}
	}
	fs.open[f] = struct{}{}
	return true
}

// drop frees the queue and takes it off the list.
func (fs *feeds) drop(f *queue.Feed) {
	fs.mu.Lock()
	delete(fs.open, f)
	fs.mu.Unlock()
	f.Free()
}

// push adds the notices to every open feed, in order. It never waits for a reader.
func (fs *feeds) push(notices []chat.Notice) {
	if len(notices) == 0 {
		return
	}
	size := queue.Size(notices)
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for f := range fs.open {
		f.Push(notices, size)
	}
}

// close ends all feeds; what they hold can still be read.
func (fs *feeds) close() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.closed = true
	for f := range fs.open {
		f.Lose()
	}
	clear(fs.open)
}
