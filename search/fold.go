package search

import (
	"context"
	"math"

	"parley/chat"
)

// fold writes a segment of the oldest messages in memory, when there are enough. It reads
// them from the store, so that they are as they are now, also those that left memory.
func (x *Index) fold(ctx context.Context, m *manifest) (bool, error) {
	if x.memory.len() < x.sizes.fold {
		return false, nil
	}
	waiting := x.memory.chats()
	chats, err := x.store.IndexedOf(ctx, waiting)
	if err != nil {
		return false, err
	}
	var docs []document
	var moved []chat.Indexed
	folded := map[chat.ChatID]chat.Seq{}
	for _, id := range waiting {
		folded[id] = math.MaxUint64 // deleted, unless it is among chats
	}
	for _, c := range chats {
		folded[c.ChatID] = c.Last
		if len(docs) >= x.sizes.fold {
			continue
		}
		last := c.Last
		err := x.events(ctx, c.ChatID, c.Last, c.Head, func(e *chat.Event) bool {
			if e.Kind.Is().Message && e.DeletedAt == 0 {
				docs = append(docs, newDocument(messageOf(e)))
			}
			last = e.Seq
			return len(docs) < x.sizes.fold+pageEvents
		})
		if err != nil {
			return false, err
		}
		if last != c.Last {
			c.Last = last
			moved = append(moved, c)
		}
	}
	x.memory.fold(folded) // by another server
	if x.memory.len() < x.sizes.fold {
		return false, nil
	}
	return true, x.addSegment(ctx, docs, moved, func(*manifest) {})
}

// addSegment writes a segment of level 0, and which events are indexed by it.
func (x *Index) addSegment(ctx context.Context, docs []document, chats []chat.Indexed, edit func(*manifest)) error {
	if len(docs) == 0 {
		return x.change(ctx, chat.IndexChange{Chats: chats}, edit)
	}
	x.mu.Lock()
	id := x.manifest.Next
	x.mu.Unlock()
	info, leaves := newSegment(segmentInfo{ID: id}, docs)
	covered := make([]chat.Message, len(docs))
	for i := range docs {
		covered[i] = docs[i].message
	}
	return x.change(ctx, chat.IndexChange{Put: leaves, Chats: chats, Covered: covered}, func(m *manifest) {
		m.Next++
		m.Segments = append(m.Segments, info)
		edit(m)
	})
}
