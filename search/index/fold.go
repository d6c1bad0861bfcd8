package index

import (
	"context"
	"math"

	"parley/chat"
	"parley/search/segment"
)

// fold writes a segment of the oldest messages in memory, when there are enough. It reads
// them from the store, so that they are as they are now, also those that left memory.
func (w *writer) fold(ctx context.Context, m *manifest) (bool, error) {
	if w.memory.len() < w.sizes.fold {
		return false, nil
	}
	waiting := w.memory.chats()
	chats, err := w.store.IndexedOf(ctx, waiting)
	if err != nil {
		return false, err
	}
	var docs []segment.Document
	var moved []chat.Indexed
	folded := map[chat.ChatID]chat.Seq{}
	for _, id := range waiting {
		folded[id] = math.MaxUint64 // deleted, unless it is among chats
	}
	for _, c := range chats {
		folded[c.ChatID] = c.Last
		if len(docs) >= w.sizes.fold {
			continue
		}
		last := c.Last
		err := events(ctx, w.store, c.ChatID, c.Last, c.Head, func(e *chat.Event) bool {
			if e.Kind.Is().Message && e.DeletedAt == 0 {
				docs = append(docs, segment.NewDocument(messageOf(e)))
			}
			last = e.Seq
			return len(docs) < w.sizes.fold+pageEvents
		})
		if err != nil {
			return false, err
		}
		if last != c.Last {
			c.Last = last
			moved = append(moved, c)
		}
	}
	w.memory.fold(folded) // by another server
	if w.memory.len() < w.sizes.fold {
		return false, nil
	}
	return true, w.addSegment(ctx, docs, moved, func(*manifest) {})
}

// addSegment writes a segment of level 0, and which events are indexed by it.
func (w *writer) addSegment(ctx context.Context, docs []segment.Document, chats []chat.Indexed, edit func(*manifest)) error {
	if len(docs) == 0 {
		return w.change(ctx, chat.IndexChange{Chats: chats}, edit)
	}
	info, leaves := segment.New(w.current().Next, docs)
	covered := make([]chat.Message, len(docs))
	for i := range docs {
		covered[i] = docs[i].Message
	}
	return w.change(ctx, chat.IndexChange{Put: leaves, Chats: chats, Covered: covered}, func(m *manifest) {
		m.Next++
		m.Segments = append(m.Segments, info)
		edit(m)
	})
}

// build writes a segment of messages that were there before the index, the newest first.
// What is done is stored with the segment, so that it goes on after a kill.
func (w *writer) build(ctx context.Context, m *manifest) (bool, error) {
	if m.IndexedFrom == 0 && w.builder != nil {
		return false, nil
	}
	if w.builder == nil {
		b, err := newBuilder(ctx, w.store)
		if err != nil {
			return false, err
		}
		w.builder = b
	}
	docs, chats, took, err := w.builder.take(ctx, w.sizes.fold)
	if err != nil {
		return false, err
	}
	to := w.builder.newest()
	if !took && to == m.IndexedFrom {
		return false, nil
	}
	return true, w.addSegment(ctx, docs, chats, func(m *manifest) { m.IndexedFrom = to })
}
