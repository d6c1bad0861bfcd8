package segment

import (
	"context"
	"slices"

	"parley/chat"
)

// Edits are changes of documents of one segment.
type Edits struct {
	Segment  *Segment
	postings []wordPosting    // that change; one without positions is removed
	blocks   map[int][]docRow // that change
}

// Replace makes the positions of the words of a document those of words, which are in ascending
// order; a word without positions is removed. Words above upTo stay; "": none do.
func (e *Edits) Replace(p Place, words map[string][]int, upTo string) {
	for word, positions := range words {
		if upTo != "" && word > upTo {
			continue
		}
		changed := posting{chat: p.chat, doc: p.doc}
		if len(positions) > 0 {
			changed.multi, changed.positions = encodePositions(positions)
		}
		e.postings = append(e.postings, wordPosting{word, changed})
	}
}

// Remove marks a document as removed. Its words remain until they are replaced by none.
func (e *Edits) Remove(ctx context.Context, p Place) error {
	n := int(p.doc / blockDocs)
	if e.blocks[n] == nil {
		rows, err := e.Segment.block(ctx, n)
		if err != nil {
			return err
		}
		if e.blocks == nil {
			e.blocks = map[int][]docRow{}
		}
		e.blocks[n] = rows
	}
	e.blocks[n][p.doc%blockDocs].seq = 0
	return nil
}

// Apply adds to c the rows that change.
func (e *Edits) Apply(ctx context.Context, c *chat.IndexChange) error {
	for n, rows := range e.blocks {
		c.Put = append(c.Put, chat.Leaf{Segment: e.Segment.ID, Key: blockKey(n), Data: encodeBlock(rows)})
	}
	slices.SortStableFunc(e.postings, func(a, b wordPosting) int { return a.compare(&b) })
	for left := e.postings; len(left) > 0; {
		key := leafKey(left[0].word, left[0].chat, left[0].doc)
		leaves, err := e.Segment.store.Leaves(ctx, e.Segment.ID, key, key, 1)
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
		replaceLeaf(c, leaves, e.Segment.ID, edited(all, left[:n]))
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

// RemoveChat returns a change that removes the postings of a chat from the leaves with keys
// from next on ("" is the start), at most limit of them, and the next of the call after it; ""
// if there are no more.
func (s *Segment) RemoveChat(ctx context.Context, id chat.ChatID, next string, limit int) (c chat.IndexChange, after string, err error) {
	number, ok := s.number(id)
	if !ok {
		return c, "", nil
	}
	leaves, err := s.store.Leaves(ctx, s.ID, max(next, firstWordKey), "\U0010FFFF", limit)
	if err != nil || len(leaves) == 0 {
		return c, "", err
	}
	for i := range leaves {
		all, err := decodeLeaf(leaves[i].Data)
		if err != nil {
			return c, "", err
		}
		kept := slices.DeleteFunc(slices.Clone(all), func(p wordPosting) bool { return p.chat == number })
		if len(kept) < len(all) {
			replaceLeaf(&c, leaves[i:i+1], s.ID, kept)
		}
	}
	return c, leaves[len(leaves)-1].Key + "\x00", nil
}
