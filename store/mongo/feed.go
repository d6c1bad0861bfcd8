package mongo

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"parley/chat"
	"parley/store/queue"
)

const (
	maxAwait   = 10 * time.Second // how long one getMore waits for a change
	drainLimit = 5 * time.Second  // how long Close waits for the streams to end
	markEvery  = 5 * time.Second  // between two markers of a feed
	maxSilence = 15 * time.Second // of a stream, until it counts as dead
	closeLimit = time.Second      // to close a cursor
)

// signalDoc is a document of signals.
type signalDoc struct {
	At      time.Time       `bson:"at"`
	Kind    chat.SignalKind `bson:"kind"` // empty: a marker, or with Replica the last signal of that process
	Chat    chat.ChatID     `bson:"chat,omitempty"`
	By      chat.UserID     `bson:"by,omitempty"`
	Seq     chat.Seq        `bson:"seq,omitempty"`
	Small   bool            `bson:"small,omitempty"`
	Replica string          `bson:"replica,omitempty"`
	Online  []chat.UserID   `bson:"online,omitempty"`
	Active  []chat.UserID   `bson:"active,omitempty"`
}

// revocationDoc is a document of revocations, written with the end of sessions.
type revocationDoc struct {
	At       time.Time        `bson:"at"`
	User     chat.UserID      `bson:"user"`
	Sessions []chat.SessionID `bson:"sessions"`
}

// Tell is [chat.Feed].Tell.
func (db *DB) Tell(ctx context.Context, s chat.Signal) error {
	if err := db.open(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, db.attemptTimeout)
	defer cancel()
	_, err := db.signals.InsertOne(bounded, signalDoc{At: time.Now(), Kind: s.Kind, Chat: s.ChatID, By: s.By, Seq: s.Seq, Small: s.Small, Replica: s.Replica, Online: s.Online, Active: s.Active})
	return readError(ctx, err, "tell")
}

// publish writes the end of sessions for the feeds, in the transaction.
func (t *tx) publish(r chat.Revocation) error {
	_, err := t.db.revocations.InsertOne(t.ctx, revocationDoc{At: time.UnixMilli(t.now), User: r.UserID, Sessions: r.Sessions})
	return err
}

// feedStreams are the open feeds of a DB.
type feedStreams struct {
	mu     sync.Mutex
	open   map[*feedStream]struct{} // guarded by mu
	closed bool                     // guarded by mu
}

// OpenFeed is [chat.Feed].OpenFeed.
func (db *DB) OpenFeed(ctx context.Context) (iter.Seq2[chat.Notice, error], error) {
	if err := errors.Join(ctx.Err(), db.open()); err != nil {
		return nil, err
	}
	following, cancel := context.WithCancel(ctx)
	f := &feedStream{db: db, ctx: following, cancel: cancel, feed: queue.New(), ended: make(chan struct{})}
	bounded, enough := context.WithTimeout(ctx, readTimeout)
	err := f.begin(bounded)
	if err == nil {
		err = f.open(bounded)
	}
	enough()
	if err == nil && !db.feedStreams.add(f) {
		closeCursor(f.ctx, f.cursor)
		err = db.open()
	}
	if err != nil {
		cancel()
		return nil, readError(ctx, err, "open the feed")
	}
	go f.run()
	return f.feed.All(ctx, func() { cancel(); f.feed.Free() }), nil
}

func (fs *feedStreams) add(f *feedStream) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.closed {
		return false
	}
	if fs.open == nil {
		fs.open = map[*feedStream]struct{}{}
	}
	f.heard = time.Now()
	fs.open[f] = struct{}{}
	return true
}

func (fs *feedStreams) drop(f *feedStream) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.open, f)
}

// hear records that the stream returned a change.
func (fs *feedStreams) hear(f *feedStream) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f.heard = time.Now()
}

// silent reports whether an open stream returned no change for longer than limit.
func (fs *feedStreams) silent(limit time.Duration) bool {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for f := range fs.open {
		if time.Since(f.heard) > limit {
			return true
		}
	}
	return false
}

// closeFeeds writes a last signal of this process, lets the streams yield all that was
// committed before it, and returns when their goroutines have ended.
func (db *DB) closeFeeds() {
	fs := &db.feedStreams
	fs.mu.Lock()
	fs.closed = true
	open := slices.Collect(maps.Keys(fs.open))
	fs.mu.Unlock()
	if len(open) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(db.ctx, drainLimit)
	defer cancel()
	_, err := db.signals.InsertOne(ctx, signalDoc{At: time.Now(), Replica: db.name})
	for _, f := range open {
		if err == nil {
			select {
			case <-f.ended:
			case <-ctx.Done():
			}
		}
		f.cancel()
		<-f.ended
	}
}
