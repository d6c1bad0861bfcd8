package index

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"

	"parley/chat"
	"parley/search/segment"
)

// stored is the stored part of the index, as far as this server knows it.
type stored struct {
	store   chat.Store
	memory  memory
	changed chan struct{} // one token: the manifest changed

	indexedFrom atomic.Int64 // of the manifest

	mu       sync.Mutex
	manifest *manifest // guarded by mu; a manifest does not change
	revision int64     // guarded by mu
	headers  headers   // guarded by mu
}

// current returns the manifest as it was last read.
func (x *stored) current() *manifest {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.manifest
}

// load reads the manifest, if it changed since it was last read.
func (x *stored) load(ctx context.Context) (*manifest, error) {
	data, revision, err := x.store.IndexManifest(ctx)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	if revision <= x.revision {
		defer x.mu.Unlock()
		return x.manifest, nil
	}
	x.mu.Unlock()
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, chat.StoreFailed(err, "read the search index")
	}
	return x.set(ctx, &m, revision)
}

// set makes m the manifest, unless a newer one is known, and drops what it outdates.
func (x *stored) set(ctx context.Context, m *manifest, revision int64) (*manifest, error) {
	x.mu.Lock()
	if revision <= x.revision {
		defer x.mu.Unlock()
		return x.manifest, nil
	}
	old := x.manifest
	x.manifest, x.revision = m, revision
	for id := range x.headers.of {
		if !slices.ContainsFunc(m.Segments, func(s segment.Info) bool { return s.ID == id }) {
			x.headers.drop(id)
		}
	}
	x.mu.Unlock()
	x.indexedFrom.Store(m.IndexedFrom)
	give(x.changed)
	for _, s := range m.Segments {
		if !slices.ContainsFunc(old.Segments, func(o segment.Info) bool { return o.ID == s.ID }) {
			if err := x.forgetFolded(ctx, s); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// forgetFolded removes from the memory part what a new segment has.
func (x *stored) forgetFolded(ctx context.Context, info segment.Info) error {
	if x.memory.len() == 0 {
		return nil
	}
	s, err := x.segment(ctx, info)
	if err != nil {
		return err
	}
	last, err := s.Last(ctx)
	if err != nil {
		return err
	}
	x.memory.fold(last)
	return nil
}

// change changes the manifest and what c says, in one transaction. edit changes a copy.
func (x *stored) change(ctx context.Context, c chat.IndexChange, edit func(*manifest)) error {
	x.mu.Lock()
	m, revision := x.manifest.clone(), x.revision
	x.mu.Unlock()
	edit(m)
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	c.Manifest, c.Revision = data, revision
	if err := x.store.ChangeIndex(ctx, c); err != nil {
		return err
	}
	_, err = x.set(ctx, m, revision+1)
	return err
}

// segment returns what is cached of a segment, and reads it if need be.
func (x *stored) segment(ctx context.Context, info segment.Info) (*segment.Segment, error) {
	x.mu.Lock()
	s := x.headers.of[info.ID]
	x.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := segment.Read(ctx, x.store, info)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.headers.put(s)
	return s, nil
}

// headers is a cache of the headers of segments.
type headers struct {
	of    map[int64]*segment.Segment
	bytes int
}

const maxHeaders = 16 << 20

func (h *headers) put(s *segment.Segment) {
	for id := range h.of {
		if h.bytes+s.Size() <= maxHeaders {
			break
		}
		h.drop(id)
	}
	if h.of[s.ID] == nil {
		h.of[s.ID] = s
		h.bytes += s.Size()
	}
}

func (h *headers) drop(id int64) {
	h.bytes -= h.of[id].Size()
	delete(h.of, id)
}
