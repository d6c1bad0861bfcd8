package index

import (
	"context"
	"slices"

	"parley/chat"
	"parley/search/segment"
)

const maxMergedChats = 1 << 18 // of a segment: a bound on the row that has their ids

// merge makes one segment of several of the same level.
func (w *writer) merge(ctx context.Context, m *manifest) (bool, error) {
	infos := w.toMerge(m)
	if infos == nil {
		return false, nil
	}
	var sources []*segment.Segment
	for _, info := range infos {
		s, err := w.segment(ctx, info)
		if err != nil {
			return false, err
		}
		sources = append(sources, s)
	}
	g := segment.NewMerge(m.Next, sources)
	if g.Target.Chats() > maxMergedChats {
		return false, nil
	}
	err := w.change(ctx, chat.IndexChange{}, func(m *manifest) {
		m.Next++
		m.Writing = append(m.Writing, g.Target.ID)
	})
	if err != nil {
		return false, err
	}
	rows, err := g.Rows(ctx)
	if err != nil {
		return false, err
	}
	if err := w.put(ctx, rows); err != nil {
		return false, err
	}
	if err := w.mergeLeaves(ctx, g); err != nil {
		return false, err
	}
	return true, w.change(ctx, chat.IndexChange{}, func(m *manifest) {
		m.Writing = slices.DeleteFunc(m.Writing, func(id int64) bool { return id == g.Target.ID })
		m.Segments = slices.DeleteFunc(m.Segments, func(s segment.Info) bool { return slices.Contains(infos, s) })
		for _, s := range infos {
			m.Garbage = append(m.Garbage, s.ID)
		}
		if g.Target.Docs == 0 {
			m.Garbage = append(m.Garbage, g.Target.ID)
		} else {
			m.Segments = append(m.Segments, g.Target.Info)
		}
	})
}

// toMerge returns the segments to merge: the oldest of a level that has enough of them.
func (w *writer) toMerge(m *manifest) []segment.Info {
	list := m.newestFirst()
	for level := range w.sizes.level {
		of := slices.DeleteFunc(slices.Clone(list), func(s segment.Info) bool { return s.Level != level })
		if n := len(of); n >= w.sizes.merge {
			return of[n-w.sizes.merge:]
		}
	}
	return nil
}

// put writes rows of a segment that is not in the manifest yet, in parts.
func (w *writer) put(ctx context.Context, leaves []chat.Leaf) error {
	for part := range slices.Chunk(leaves, w.sizes.flush) {
		if err := w.change(ctx, chat.IndexChange{Put: part}, func(*manifest) {}); err != nil {
			return err
		}
	}
	return nil
}

// mergeLeaves writes the leaves of the target. Between two parts it does what is to be
// rewritten, so that a deleted text does not stay for as long as a merge takes.
func (w *writer) mergeLeaves(ctx context.Context, g *segment.Merge) error {
	for {
		pace := w.pace()
		leaves, more, err := g.Leaves(ctx, w.sizes.flush)
		if err != nil {
			return err
		}
		if err := w.put(ctx, leaves); err != nil || !more {
			return err
		}
		for {
			worked, err := w.rewriteWith(ctx, g)
			if err != nil {
				return err
			}
			if !worked {
				break
			}
			g.Changed()
		}
		pace(ctx)
	}
}
