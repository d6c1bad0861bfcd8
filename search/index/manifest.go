package index

import (
	"slices"

	"parley/search/segment"
)

// manifest lists what the stored index consists of.
type manifest struct {
	Version  int            `json:"version"` // of the tokenizer
	Ready    bool           `json:"ready"`   // the Indexed of all chats were reset for this version
	Next     int64          `json:"next"`    // id of the next segment
	Segments []segment.Info `json:"segments,omitempty"`
	// Writing are segments that a merge writes; those of a merge that ended become Garbage.
	// Garbage are segments whose rows must be removed.
	Writing []int64 `json:"writing,omitempty"`
	Garbage []int64 `json:"garbage,omitempty"`
	// IndexedFrom is a time, in ms; not all messages before it are indexed yet. 0: all are.
	IndexedFrom int64 `json:"indexedFrom,omitempty"`
	Rewritten   int64 `json:"rewritten,omitempty"` // changes of leaves of Segments
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
func (m *manifest) newestFirst() []segment.Info {
	list := slices.Clone(m.Segments)
	slices.SortStableFunc(list, func(a, b segment.Info) int {
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
