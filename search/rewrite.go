package search

import (
	"context"
	"slices"

	"parley/chat"
)

const maxReplaced = 64 // records that are done at once

// rewrite brings the segments up to date with messages that were edited or deleted, and
// removes deleted chats.
func (x *Index) rewrite(ctx context.Context, _ *manifest) (bool, error) {
	return x.rewriteWith(ctx, nil)
}

// rewriteWith is rewrite while a merge is under way: what the merge has written is brought up
// to date, too.
func (x *Index) rewriteWith(ctx context.Context, also *merging) (bool, error) {
	select {
	case <-x.urgent:
	default:
	}
	edited, droppedAt := x.memory.editedNow()
	list, err := x.store.Replaced(ctx, maxReplaced)
	if err != nil {
		return false, err
	}
	if len(list) < maxReplaced {
		x.memory.rewritten(edited, droppedAt, list)
	}
	if len(list) == 0 {
		return false, nil
	}
	if i := slices.IndexFunc(list, func(r chat.Replaced) bool { return r.Message.Seq == 0 }); i == 0 {
		return true, x.forgetChat(ctx, list[0], also)
	} else if i > 0 {
		list = list[:i]
	}
	var edits []*edits
	for i := range list {
		if edits, err = x.editsOf(ctx, edits, &list[i].Message, also); err != nil {
			return false, err
		}
	}
	c := chat.IndexChange{Forget: list}
	for _, e := range edits {
		if err := x.applyEdits(ctx, &c, e); err != nil {
			return false, err
		}
	}
	return true, x.change(ctx, c, func(m *manifest) { m.Rewritten++ })
}

// edits are changes of postings of one segment. A posting without positions is removed.
type edits struct {
	segment  int64
	postings []wordPosting
	blocks   map[int][]docRow // those that change
}

// editsOf adds to list what must change for a message whose earlier form is old.
func (x *Index) editsOf(ctx context.Context, list []*edits, old *chat.Message, also *merging) ([]*edits, error) {
	now, err := x.message(ctx, old.ChatID, old.Seq)
	if err != nil {
		return nil, err
	}
	words := map[string][]int{}
	for _, t := range MessageTokens(*old) {
		words[t.Word] = nil
	}
	for _, t := range MessageTokens(now) {
		if t.Pos >= 0 && t.Pos < maxPositions {
			words[t.Word] = append(words[t.Word], t.Pos)
		}
	}
	of := func(segment int64) *edits {
		for _, e := range list {
			if e.segment == segment {
				return e
			}
		}
		e := &edits{segment: segment, blocks: map[int][]docRow{}}
		list = append(list, e)
		return e
	}
	add := func(e *edits, number, ordinal uint32, upTo string) {
		for word, positions := range words {
			if upTo != "" && word > upTo {
				continue
			}
			p := posting{chat: number, doc: ordinal}
			if len(positions) > 0 {
				slices.Sort(positions)
				p.multi, p.positions = encodePositions(slices.Compact(positions))
			}
			e.postings = append(e.postings, wordPosting{word, p})
		}
	}
	d := doc{max(old.At, 0), old.ChatID, old.Seq}
	x.mu.Lock()
	m := x.manifest
	x.mu.Unlock()
	for _, info := range m.Segments {
		if d.at < info.MinAt || d.at > info.MaxAt {
			continue
		}
		s, err := x.segment(ctx, info)
		if err != nil {
			return nil, err
		}
		ordinals, err := x.locate(ctx, s, d)
		if err != nil {
			return nil, err
		}
		for _, ordinal := range ordinals {
			number, _ := s.number(d.chat)
			e := of(info.ID)
			add(e, number, ordinal, "")
			if now.DeletedAt != 0 {
				if err := x.removeDoc(ctx, s, e, ordinal); err != nil {
					return nil, err
				}
			}
			if number, ordinal, ok := also.moved(info.ID, number, ordinal); ok {
				e := of(also.target.ID)
				add(e, number, ordinal, also.done)
				if now.DeletedAt != 0 {
					if err := x.removeDoc(ctx, also.target, e, ordinal); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return list, nil
}

// removeDoc marks a document as removed.
func (x *Index) removeDoc(ctx context.Context, s *segment, e *edits, ordinal uint32) (err error) {
	n := int(ordinal / blockDocs)
	if e.blocks[n] == nil {
		if e.blocks[n], err = x.block(ctx, s, n); err != nil {
			return err
		}
	}
	e.blocks[n][ordinal%blockDocs].seq = 0
	return nil
}

// applyEdits adds to c the leaves that edits change.
func (x *Index) applyEdits(ctx context.Context, c *chat.IndexChange, e *edits) error {
	for n, rows := range e.blocks {
		c.Put = append(c.Put, chat.Leaf{Segment: e.segment, Key: blockKey(n), Data: encodeBlock(rows)})
	}
	slices.SortStableFunc(e.postings, func(a, b wordPosting) int { return a.compare(&b) })
	for left := e.postings; len(left) > 0; {
		key := leafKey(left[0].word, left[0].chat, left[0].doc)
		leaves, err := x.store.Leaves(ctx, e.segment, key, key, 1)
		if err != nil {
			return err
		}
		n := len(left) // after the last leaf: a new one
		var all []wordPosting
		if len(leaves) > 0 {
			n = 1
			for n < len(left) && leafKey(left[n].word, left[n].chat, left[n].doc) <= leaves[0].Key {
				n++
			}
			if all, err = decodeLeaf(leaves[0].Data); err != nil {
				return err
			}
		}
		replaceLeaf(c, leaves, e.segment, edited(all, left[:n]))
		left = left[n:]
	}
	return nil
}

// edited returns postings with changes applied; both are sorted.
func edited(all, changes []wordPosting) (list []wordPosting) {
	for len(all) > 0 || len(changes) > 0 {
		order := -1
		switch {
		case len(all) == 0:
			order = 1
		case len(changes) > 0:
			order = all[0].compare(&changes[0])
		}
		if order < 0 {
			list, all = append(list, all[0]), all[1:]
			continue
		}
		if order == 0 {
			all = all[1:]
		}
		if changes[0].positions != nil && (len(changes) == 1 || changes[0].compare(&changes[1]) != 0) {
			list = append(list, changes[0])
		}
		changes = changes[1:]
	}
	return list
}

// replaceLeaf adds to c that postings stand for a leaf, if there is one.
func replaceLeaf(c *chat.IndexChange, old []chat.Leaf, segment int64, postings []wordPosting) {
	w := leafWriter{segment: segment}
	for _, p := range postings {
		w.add(p.word, p.posting)
	}
	w.flush()
	leaves := w.take()
	for _, l := range old {
		if !slices.ContainsFunc(leaves, func(n chat.Leaf) bool { return n.Key == l.Key }) {
			c.Remove = append(c.Remove, l)
		}
	}
	c.Put = append(c.Put, leaves...)
}

// forgetChat removes a deleted chat from all segments, in parts, and then the record.
func (x *Index) forgetChat(ctx context.Context, r chat.Replaced, also *merging) error {
	x.mu.Lock()
	m := x.manifest
	x.mu.Unlock()
	for _, info := range m.Segments {
		s, err := x.segment(ctx, info)
		if err != nil {
			return err
		}
		if number, ok := s.number(r.Message.ChatID); ok {
			if err := x.forgetIn(ctx, s.ID, number); err != nil {
				return err
			}
		}
	}
	if also != nil {
		if number, ok := also.target.number(r.Message.ChatID); ok {
			if err := x.forgetIn(ctx, also.target.ID, number); err != nil {
				return err
			}
		}
	}
	x.builder = nil
	return x.change(ctx, chat.IndexChange{Forget: []chat.Replaced{r}}, func(m *manifest) { m.Rewritten++ })
}

// forgetIn removes the postings of a chat from a segment.
func (x *Index) forgetIn(ctx context.Context, segment int64, number uint32) error {
	for from := firstWordKey; ; {
		leaves, err := x.store.Leaves(ctx, segment, from, "\U0010FFFF", x.sizes.flush)
		if err != nil || len(leaves) == 0 {
			return err
		}
		var c chat.IndexChange
		for i := range leaves {
			all, err := decodeLeaf(leaves[i].Data)
			if err != nil {
				return err
			}
			kept := slices.DeleteFunc(slices.Clone(all), func(p wordPosting) bool { return p.chat == number })
			if len(kept) < len(all) {
				replaceLeaf(&c, leaves[i:i+1], segment, kept)
			}
		}
		if len(c.Put)+len(c.Remove) > 0 {
			if err := x.change(ctx, c, func(m *manifest) { m.Rewritten++ }); err != nil {
				return err
			}
		}
		from = leaves[len(leaves)-1].Key + "\x00"
	}
}

// removeReplaced does one piece of the work that removes replaced texts from the index, if
// there are any, and reports whether there may be more.
func (x *Index) removeReplaced(ctx context.Context) (bool, error) {
	list, err := x.store.Replaced(ctx, 1)
	if err != nil || len(list) == 0 {
		return false, err
	}
	m, err := x.load(ctx)
	if err != nil {
		return false, err
	}
	for _, step := range []func(context.Context, *manifest) (bool, error){x.begin, x.drop, x.rewrite} {
		if worked, err := step(ctx, m); worked || err != nil {
			return worked, err
		}
	}
	return false, nil
}

// forgetRewritten makes the memory part forget edited messages that were rewritten, by this
// server or another, if there are many.
func (x *Index) forgetRewritten(ctx context.Context) {
	if x.memory.editedLen() < x.sizes.edited {
		return
	}
	edited, droppedAt := x.memory.editedNow()
	list, err := x.store.Replaced(ctx, maxEdited)
	if err == nil && len(list) < maxEdited { // else it is tried again
		x.memory.rewritten(edited, droppedAt, list)
	}
}
