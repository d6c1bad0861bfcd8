package search

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/internal/gate"
)

// Config is what an Index is built from. Nothing in it changes afterwards.
type Config struct {
	Store chat.Store
	Log   *slog.Logger
}

// Index finds messages by their words. The newest messages are in memory; older ones are in
// segments in the store, which Write writes. All methods are safe for concurrent use.
type Index struct {
	// Static after construction.
	store chat.Store
	log   *slog.Logger
	sizes sizes

	memory  memory
	passed  passed
	filled  gate.Gate     // open while memory has all that is not folded
	wake    chan struct{} // one token: Write has something to do
	grown   chan struct{} // one token: memory has enough for a fold, or many edited messages
	opened  chan struct{} // one token: the feed was opened, so memory must be filled
	changed chan struct{} // one token: the manifest changed
	urgent  chan struct{} // one token: a text was replaced or deleted
	builder *builder      // owned by Write; nil: what is not indexed must be read first

	applied     atomic.Int64 // events
	indexedFrom atomic.Int64 // of the manifest

	mu       sync.Mutex
	manifest *manifest // guarded by mu; a manifest does not change
	revision int64     // guarded by mu
	headers  headers   // guarded by mu
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
	x := &Index{store: c.Store, log: c.Log, sizes: defaultSizes(), wake: token(), grown: token(), opened: token(), changed: token(), urgent: token(), manifest: &manifest{}}
	x.memory.clear()
	x.headers.of = map[int64]*segment{}
	x.indexedFrom.Store(chat.Now())
	return x
}

// errGone is the error of a search whose segments were merged meanwhile.
var errGone = errors.New("search: a row of the index is gone")

// maxTries bounds how often a search starts again because the index changed.
const maxTries = 10

// Search returns the messages of the viewer's chats that match the query, newest first, at
// most limit from the cursor on ("" is the start), and the cursor of the next page, "" if
// there is none. It finds all that this server acknowledged before the call. indexedFrom is
// a time, in ms: not all older messages are indexed yet; 0: all are.
func (x *Index) Search(ctx context.Context, chats []chat.ChatID, q Query, limit int, cursor string) (hits []Hit, next string, indexedFrom int64, err error) {
	f := &found{query: q, chats: wantedChats(chats, q.Chats), from: q.After, limit: limit + 1}
	if q.Before != 0 {
		f.to = doc{at: q.Before}
	}
	if cursor != "" {
		after, err := parseCursor(cursor)
		if err != nil {
			return nil, "", 0, err
		}
		if f.to == (doc{}) || after.compare(f.to) < 0 {
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
		if err != nil && !errors.Is(err, errGone) {
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
		next = f.hits[limit-1].cursor()
	}
	for _, d := range f.hits {
		hits = append(hits, Hit{d.chat, d.seq})
	}
	return hits, next, indexedFrom, nil
}

// find searches the memory part and the segments of a manifest.
func (x *Index) find(ctx context.Context, f *found, m *manifest) (droppedAt int64, err error) {
	if droppedAt, err = x.memoryHits(ctx, f); err != nil || !m.Ready {
		return droppedAt, err
	}
	for _, info := range m.newestFirst() {
		if f.full(info.MaxAt) {
			break
		}
		if err := x.segmentHits(ctx, f, info); err != nil {
			return droppedAt, err
		}
	}
	return droppedAt, nil
}

// memoryHits adds the hits of the memory part.
func (x *Index) memoryHits(ctx context.Context, f *found) (droppedAt int64, err error) {
	sorted, edited, droppedAt := x.memory.snapshot()
	wanted := make(map[chat.ChatID]bool, len(f.chats))
	for _, id := range f.chats {
		wanted[id] = true
	}
	f.ignored = edited
	for _, d := range sorted {
		if d.version != d.seq { // a segment may have it as it was
			f.ignored[d.ref()] = d
		}
	}
	var hits []doc
	match := func(d *memoryDoc) error {
		if d.unread {
			if d, err = x.reread(ctx, d); err != nil {
				return err
			}
		}
		if f.inBounds(d.doc) && d.message.DeletedAt == 0 && d.matches(&f.query) {
			hits = append(hits, d.doc)
		}
		return nil
	}
	for i := len(sorted) - 1; i >= 0 && len(hits) < f.limit; i-- {
		if d := sorted[i]; wanted[d.chat] && f.inBounds(d.doc) {
			if err := match(d); err != nil {
				return 0, err
			}
		}
	}
	for r, d := range edited {
		if wanted[r.chat] {
			if err := match(d); err != nil {
				return 0, err
			}
		}
	}
	// Segments may have what was folded since the manifest was read.
	f.add(hits)
	return droppedAt, nil
}

// reread reads the message of an unread document. One that is not there counts as deleted.
func (x *Index) reread(ctx context.Context, old *memoryDoc) (*memoryDoc, error) {
	m, err := x.message(ctx, old.chat, old.seq)
	if err != nil {
		return nil, err
	}
	d := newMemoryDoc(m, old.version)
	x.memory.replace(old, d)
	return d, nil
}

// message reads a message as the store has it now. One that is not there counts as deleted.
func (x *Index) message(ctx context.Context, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	events, _, err := x.store.After(ctx, "", id, seq-1, 1, 1)
	if err != nil && !chat.Is(err, chat.NotFound) {
		return chat.Message{}, err
	}
	if err == nil && len(events) > 0 && events[0].Seq == seq && events[0].Kind.Is().Message {
		return messageOf(&events[0]), nil
	}
	return chat.Message{ChatID: id, Seq: seq, DeletedAt: 1}, nil
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

// segment returns what is cached of a segment, and reads it if need be.
func (x *Index) segment(ctx context.Context, info segmentInfo) (*segment, error) {
	x.mu.Lock()
	s := x.headers.of[info.ID]
	x.mu.Unlock()
	if s != nil {
		return s, nil
	}
	b, err := x.row(ctx, info.ID, headerKey)
	if err != nil {
		return nil, err
	}
	s = &segment{segmentInfo: info}
	if err := s.decodeHeader(b); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.headers.put(s)
	return s, nil
}

// headers is a cache of the headers of segments.
type headers struct {
	of    map[int64]*segment
	bytes int
}

const maxHeaders = 16 << 20

func (h *headers) put(s *segment) {
	for id := range h.of {
		if h.bytes+s.size() <= maxHeaders {
			break
		}
		h.drop(id)
	}
	if h.of[s.ID] == nil {
		h.of[s.ID] = s
		h.bytes += s.size()
	}
}

func (h *headers) drop(id int64) {
	h.bytes -= h.of[id].size()
	delete(h.of, id)
}
