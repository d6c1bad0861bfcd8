package search

import (
	"context"
	"encoding/json"
	"slices"

	"parley/chat"
)

// manifest says what the stored index consists of.
type manifest struct {
	Version  int           `json:"version"` // of the tokenizer
	Ready    bool          `json:"ready"`   // the Indexed of all chats were reset for this version
	Next     int64         `json:"next"`    // id of the next segment
	Segments []segmentInfo `json:"segments,omitempty"`
	// Writing are segments that a merge writes; those of a merge that ended become Garbage.
	// Garbage are segments whose rows must be removed.
	Writing []int64 `json:"writing,omitempty"`
	Garbage []int64 `json:"garbage,omitempty"`
	// IndexedFrom is a time, in ms; not all messages before it are indexed yet. 0: all are.
	IndexedFrom int64 `json:"indexedFrom,omitempty"`
	Rewritten   int64 `json:"rewritten,omitempty"` // changes of leaves of Segments
}

// segmentInfo is a segment in the manifest.
type segmentInfo struct {
	ID    int64 `json:"id"`
	Level int   `json:"level"` // 0: folded; a merge of segments of one level has the next
	Docs  int   `json:"docs"`
	MinAt int64 `json:"minAt"`
	MaxAt int64 `json:"maxAt"`
}

func (m *manifest) clone() *manifest {
	c := *m
	c.Segments, c.Writing, c.Garbage = slices.Clone(m.Segments), slices.Clone(m.Writing), slices.Clone(m.Garbage)
	return &c
}

// same reports whether a search of one finds what a search of the other does.
func (m *manifest) same(n *manifest) bool {
	return m == n || m.Rewritten == n.Rewritten && m.Version == n.Version && m.Ready == n.Ready && m.IndexedFrom == n.IndexedFrom && slices.Equal(m.Segments, n.Segments)
}

// newestFirst returns the segments by the time of their newest document.
func (m *manifest) newestFirst() []segmentInfo {
	list := slices.Clone(m.Segments)
	slices.SortStableFunc(list, func(a, b segmentInfo) int {
		switch {
		case a.MaxAt > b.MaxAt:
			return -1
		case a.MaxAt < b.MaxAt:
			return 1
		}
		return 0
	})
	return list
}

// load reads the manifest, if it changed since it was last read.
func (x *Index) load(ctx context.Context) (*manifest, error) {
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
func (x *Index) set(ctx context.Context, m *manifest, revision int64) (*manifest, error) {
	x.mu.Lock()
	if revision <= x.revision {
		defer x.mu.Unlock()
		return x.manifest, nil
	}
	old := x.manifest
	x.manifest, x.revision = m, revision
	for id := range x.headers.of {
		if !slices.ContainsFunc(m.Segments, func(s segmentInfo) bool { return s.ID == id }) {
			x.headers.drop(id)
		}
	}
	x.mu.Unlock()
	x.indexedFrom.Store(m.IndexedFrom)
	give(x.changed)
	for _, s := range m.Segments {
		if !slices.ContainsFunc(old.Segments, func(o segmentInfo) bool { return o.ID == s.ID }) {
			if err := x.forgetFolded(ctx, s); err != nil {
				return m, err
			}
		}
	}
	return m, nil
}

// forgetFolded removes from the memory part what a new segment has.
func (x *Index) forgetFolded(ctx context.Context, info segmentInfo) error {
	if x.memory.len() == 0 {
		return nil
	}
	s, err := x.segment(ctx, info)
	if err != nil {
		return err
	}
	b, err := x.row(ctx, s.ID, lastKey)
	if err != nil {
		return err
	}
	last := map[chat.ChatID]chat.Seq{}
	for n := range s.chats() {
		seq, rest, ok := uvarint(b, 1<<63)
		if !ok {
			return errLeaf
		}
		last[s.id(uint32(n))], b = chat.Seq(seq), rest
	}
	x.memory.fold(last)
	return nil
}

// change changes the manifest and what c says, in one transaction. edit changes a copy.
func (x *Index) change(ctx context.Context, c chat.IndexChange, edit func(*manifest)) error {
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
