package index

import (
	"context"
	"slices"

	"parley/chat"
	"parley/search"
	"parley/search/segment"
)

const maxReplaced = 64 // records that are done at once

// rewrite brings the segments up to date with messages that were edited or deleted, and
// removes deleted chats.
func (w *writer) rewrite(ctx context.Context, _ *manifest) (bool, error) {
	return w.rewriteWith(ctx, nil)
}

// rewriteWith is rewrite while a merge is under way: what the merge has written is brought up
// to date, too.
func (w *writer) rewriteWith(ctx context.Context, also *segment.Merge) (bool, error) {
	select {
	case <-w.urgent:
	default:
	}
	edited, droppedAt := w.memory.editedNow()
	list, err := w.store.Replaced(ctx, maxReplaced)
	if err != nil {
		return false, err
	}
	if len(list) < maxReplaced {
		w.memory.rewritten(edited, droppedAt, list)
	}
	if len(list) == 0 {
		return false, nil
	}
	if i := slices.IndexFunc(list, func(r chat.Replaced) bool { return r.Message.Seq == 0 }); i == 0 {
		return true, w.forgetChat(ctx, list[0], also)
	} else if i > 0 {
		list = list[:i]
	}
	var edits []*segment.Edits
	for i := range list {
		if edits, err = w.editsOf(ctx, edits, &list[i].Message, also); err != nil {
			return false, err
		}
	}
	c := chat.IndexChange{Forget: list}
	for _, e := range edits {
		if err := e.Apply(ctx, &c); err != nil {
			return false, err
		}
	}
	return true, w.change(ctx, c, func(m *manifest) { m.Rewritten++ })
}

// editsOf adds to list what must change for a message whose earlier form is old.
func (w *writer) editsOf(ctx context.Context, list []*segment.Edits, old *chat.Message, also *segment.Merge) ([]*segment.Edits, error) {
	now, err := message(ctx, w.store, old.ChatID, old.Seq)
	if err != nil {
		return nil, err
	}
	words := changedWords(old, now)
	edit := func(s *segment.Segment, p segment.Place, upTo string) error {
		n := slices.IndexFunc(list, func(e *segment.Edits) bool { return e.Segment.ID == s.ID })
		if n < 0 {
			n = len(list)
			list = append(list, &segment.Edits{Segment: s})
		}
		list[n].Replace(p, words, upTo)
		if now.DeletedAt == 0 {
			return nil
		}
		return list[n].Remove(ctx, p)
	}
	d := segment.DocOf(old)
	for _, info := range w.current().Segments {
		if d.At < info.MinAt || d.At > info.MaxAt {
			continue
		}
		s, err := w.segment(ctx, info)
		if err != nil {
			return nil, err
		}
		places, err := s.Locate(ctx, d)
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			if err := edit(s, p, ""); err != nil {
				return nil, err
			}
			if also == nil {
				continue
			}
			if moved, ok := also.Moved(info.ID, p); ok {
				if err := edit(also.Target, moved, also.Done); err != nil {
					return nil, err
				}
			}
		}
	}
	return list, nil
}

// changedWords returns the words of both forms of a message, with their positions now.
func changedWords(old *chat.Message, now chat.Message) map[string][]int {
	words := map[string][]int{}
	for _, t := range search.MessageTokens(*old) {
		words[t.Word] = nil
	}
	for _, t := range search.MessageTokens(now) {
		if t.Pos >= 0 && t.Pos < search.MaxPositions {
			words[t.Word] = append(words[t.Word], t.Pos)
		}
	}
	for word, positions := range words {
		slices.Sort(positions)
		words[word] = slices.Compact(positions)
	}
	return words
}

// forgetChat removes a deleted chat from all segments, in parts, and then the record.
func (w *writer) forgetChat(ctx context.Context, r chat.Replaced, also *segment.Merge) error {
	var segments []*segment.Segment
	for _, info := range w.current().Segments {
		s, err := w.segment(ctx, info)
		if err != nil {
			return err
		}
		segments = append(segments, s)
	}
	if also != nil {
		segments = append(segments, also.Target)
	}
	for _, s := range segments {
		for next, more := "", true; more; more = next != "" {
			c, after, err := s.RemoveChat(ctx, r.Message.ChatID, next, w.sizes.flush)
			if err != nil {
				return err
			}
			if len(c.Put)+len(c.Remove) > 0 {
				if err := w.change(ctx, c, func(m *manifest) { m.Rewritten++ }); err != nil {
					return err
				}
			}
			next = after
		}
	}
	w.builder = nil
	return w.change(ctx, chat.IndexChange{Forget: []chat.Replaced{r}}, func(m *manifest) { m.Rewritten++ })
}
