package index

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/internal/gate"
	"parley/search"
	"parley/search/segment"
)

// Config is what an Index is built from. Nothing in it changes afterwards.
type Config struct {
	Store chat.Store
	Log   *slog.Logger
}

// Index finds messages by their words. The newest messages are in memory; older ones are in
// segments in the store, which Write writes. All methods are safe for concurrent use.
type Index struct {
	stored

	// Static after construction.
	log   *slog.Logger
	sizes sizes

	passed passed
	filled gate.Gate     // open while memory has all that is not folded
	wake   chan struct{} // one token: Write has something to do
	grown  chan struct{} // one token: memory has enough for a fold, or many edited messages
	opened chan struct{} // one token: the feed was opened, so memory must be filled
	urgent chan struct{} // one token: a text was replaced or deleted

	looked  look         // owned by Run
	applied atomic.Int64 // events
}

// sizes are bounds that tests make smaller.
type sizes struct {
	fold     int           // messages of a segment of level 0
	merge    int           // segments that are merged to one
	level    int           // segments of this level are not merged
	flush    int           // leaves of one transaction
	edited   int           // edited messages in memory, before it is looked which are rewritten
	pause    time.Duration // of Write after work, for each event that came meanwhile
	maxPause int           // times what the work took
}

func defaultSizes() sizes {
	return sizes{fold: 4096, merge: 16, level: 2, flush: 128, edited: 1024, pause: 2 * time.Millisecond, maxPause: 4}
}

// New returns an Index; it starts no goroutine.
func New(c Config) *Index {
	x := &Index{log: c.Log, sizes: defaultSizes(), wake: token(), grown: token(), opened: token(), urgent: token()}
	x.store, x.changed, x.manifest, x.headers.of = c.Store, token(), &manifest{}, map[int64]*segment.Segment{}
	x.memory.clear()
	x.indexedFrom.Store(chat.Now())
	return x
}

// maxTries bounds how often a search starts again because the index changed.
const maxTries = 10

// Search returns the messages of the viewer's chats that match the query, newest first, at
// most limit from the cursor on ("" is the start), and the cursor of the next page, "" if
// there is none. It finds all that this server acknowledged before the call. indexedFrom is
// a time, in ms: not all older messages are indexed yet; 0: all are.
func (x *Index) Search(ctx context.Context, chats []chat.ChatID, q search.Query, limit int, cursor string) (hits []chat.MessagePlace, next string, indexedFrom int64, err error) {
	f := &found{query: q, chats: wantedChats(chats, q.Chats), from: q.After, limit: limit + 1}
	if q.Before != 0 {
		f.to = segment.Doc{At: q.Before}
	}
	if cursor != "" {
		after, err := parseCursor(cursor)
		if err != nil {
			return nil, "", 0, err
		}
		if f.to == (segment.Doc{}) || after.Compare(f.to) < 0 {
			f.to = after
		}
	}
	if err := x.filled.Wait(ctx); err != nil {
		return nil, "", 0, err
	}
	x.passed.wait(ctx)
	for n := 1; ; n++ {
		m, err := x.load(ctx)
		if err != nil {
			return nil, "", 0, err
		}
		f.hits = nil
		dropped, err := x.find(ctx, f, m)
		if err != nil && !errors.Is(err, segment.ErrGone) {
			return nil, "", 0, err
		}
		after, loadErr := x.load(ctx)
		if loadErr != nil {
			return nil, "", 0, loadErr
		}
		if err == nil && (after.same(m) || n == maxTries) {
			indexedFrom = max(m.IndexedFrom, dropped)
			break
		}
		if n == maxTries {
			return nil, "", 0, chat.FailAfter(chat.Unavailable, time.Second, "the search index is changing; try again")
		}
	}
	if len(f.hits) > limit {
		f.hits = f.hits[:limit]
		next = cursorOf(f.hits[limit-1])
	}
	for _, d := range f.hits {
		hits = append(hits, chat.MessagePlace{Chat: d.Chat, Seq: d.Seq})
	}
	return hits, next, indexedFrom, nil
}

// IndexedFrom returns a time, in ms: not all messages before it are indexed yet; 0: all are.
func (x *Index) IndexedFrom() int64 {
	x.memory.mu.Lock()
	defer x.memory.mu.Unlock()
	return max(x.indexedFrom.Load(), x.memory.incompleteFrom())
}

// Stats are figures of the index for the metrics.
type Stats struct {
	Segments int
	Indexed  int // messages in segments
	Memory   int // messages in the memory part
}

// Stats returns the figures as of the last time that the manifest was read.
func (x *Index) Stats() (s Stats) {
	x.memory.mu.Lock()
	s.Memory = len(x.memory.docs)
	x.memory.mu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, info := range x.manifest.Segments {
		s.Segments++
		s.Indexed += info.Docs
	}
	return s
}
