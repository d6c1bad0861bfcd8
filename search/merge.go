package search

import (
	"context"
	"math"
	"slices"
	"strings"

	"parley/chat"
)

const (
	maxMergedChats = 1 << 18 // of a segment: a bound on the row that has their ids
	readAhead      = 16      // leaves that a merge reads at once from each segment
	noDoc          = math.MaxUint32
)

// merging is a merge under way.
type merging struct {
	sources []*segment
	chats   [][]uint32 // by source and its number of a chat: the number in target
	docs    [][]uint32 // by source and ordinal: the ordinal in target; noDoc for removed ones
	target  *segment
	done    string // all words up to this one are written; "": none
}

// moved returns where the merge puts a document of a segment.
func (g *merging) moved(source int64, number, ordinal uint32) (uint32, uint32, bool) {
	if g == nil {
		return 0, 0, false
	}
	i := slices.IndexFunc(g.sources, func(s *segment) bool { return s.ID == source })
	if i < 0 || g.docs[i][ordinal] == noDoc {
		return 0, 0, false
	}
	return g.chats[i][number], g.docs[i][ordinal], true
}

// merge makes one segment of several of the same level.
func (x *Index) merge(ctx context.Context, m *manifest) (bool, error) {
	infos := x.toMerge(m)
	if infos == nil {
		return false, nil
	}
	g := &merging{}
	chats := map[chat.ChatID]bool{}
	for _, info := range infos {
		s, err := x.segment(ctx, info)
		if err != nil {
			return false, err
		}
		g.sources = append(g.sources, s)
		for n := range s.chats() {
			chats[s.id(uint32(n))] = true
		}
	}
	if len(chats) > maxMergedChats {
		return false, nil
	}
	g.target = &segment{segmentInfo: segmentInfo{ID: m.Next, Level: infos[0].Level + 1}}
	err := x.change(ctx, chat.IndexChange{}, func(m *manifest) {
		m.Next++
		m.Writing = append(m.Writing, g.target.ID)
	})
	if err != nil {
		return false, err
	}
	if err := x.mergeDocs(ctx, g, chats); err != nil {
		return false, err
	}
	if err := x.mergeWords(ctx, g); err != nil {
		return false, err
	}
	return true, x.change(ctx, chat.IndexChange{}, func(m *manifest) {
		m.Writing = slices.DeleteFunc(m.Writing, func(id int64) bool { return id == g.target.ID })
		m.Segments = slices.DeleteFunc(m.Segments, func(s segmentInfo) bool { return slices.Contains(infos, s) })
		for _, s := range infos {
			m.Garbage = append(m.Garbage, s.ID)
		}
		if g.target.Docs == 0 {
			m.Garbage = append(m.Garbage, g.target.ID)
		} else {
			m.Segments = append(m.Segments, g.target.segmentInfo)
		}
	})
}

// toMerge returns the segments to merge: the oldest of a level that has enough of them.
func (x *Index) toMerge(m *manifest) []segmentInfo {
	list := m.newestFirst()
	for level := range x.sizes.level {
		of := slices.DeleteFunc(slices.Clone(list), func(s segmentInfo) bool { return s.Level != level })
		if n := len(of); n >= x.sizes.merge {
			return of[n-x.sizes.merge:]
		}
	}
	return nil
}

// mergeDocs numbers the documents of the target, in their order, and writes its rows.
func (x *Index) mergeDocs(ctx context.Context, g *merging, chats map[chat.ChatID]bool) error {
	ids := make([]chat.ChatID, 0, len(chats))
	for id := range chats {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	g.target.setIDs(ids)
	type from struct {
		docRow
		source, ordinal int
	}
	var all []from
	for i, s := range g.sources {
		numbers := make([]uint32, s.chats())
		for n := range numbers {
			numbers[n], _ = g.target.number(s.id(uint32(n)))
		}
		g.chats = append(g.chats, numbers)
		docs := make([]uint32, s.Docs)
		for n := range s.blocks {
			rows, err := x.block(ctx, s, n)
			if err != nil {
				return err
			}
			for k, r := range rows {
				if n*blockDocs+k >= len(docs) {
					return errLeaf
				}
				docs[n*blockDocs+k] = noDoc
				if r.seq != 0 {
					r.chat = numbers[r.chat]
					all = append(all, from{r, i, n*blockDocs + k})
				}
			}
		}
		g.docs = append(g.docs, docs)
	}
	slices.SortFunc(all, func(a, b from) int {
		switch {
		case a.at != b.at:
			return int(min(max(a.at-b.at, -1), 1))
		case a.chat != b.chat:
			return int(a.chat) - int(b.chat)
		case a.seq < b.seq:
			return -1
		case a.seq > b.seq:
			return 1
		}
		return 0
	})
	rows := make([]docRow, len(all))
	for i, f := range all {
		rows[i] = f.docRow
		g.docs[f.source][f.ordinal] = uint32(i)
	}
	if g.target.Docs = len(rows); len(rows) > 0 {
		g.target.MinAt, g.target.MaxAt = rows[0].at, rows[len(rows)-1].at
	}
	return x.put(ctx, g.target.rows(rows))
}

// put writes rows of a segment that is not in the manifest yet, in parts.
func (x *Index) put(ctx context.Context, leaves []chat.Leaf) error {
	for part := range slices.Chunk(leaves, x.sizes.flush) {
		if err := x.change(ctx, chat.IndexChange{Put: part}, func(*manifest) {}); err != nil {
			return err
		}
	}
	return nil
}

// mergeWords writes the leaves of the target. Between two parts it does what is to be
// rewritten, so that a deleted text does not stay for as long as a merge takes.
func (x *Index) mergeWords(ctx context.Context, g *merging) error {
	w := leafWriter{segment: g.target.ID}
	pace := x.pace()
	cursors := make([]*cursor, len(g.sources))
	for {
		word, ok := "", false
		for i, s := range g.sources {
			if cursors[i] == nil {
				cursors[i] = &cursor{x: x, segment: s.ID, after: g.done, next: firstWordKey}
				if g.done != "" {
					cursors[i].next, _ = wordRange(g.done)
				}
			}
			if err := cursors[i].fill(ctx); err != nil {
				return err
			}
			if c := cursors[i]; len(c.postings) > 0 && (!ok || c.postings[0].word < word) {
				word, ok = c.postings[0].word, true
			}
		}
		if !ok {
			break
		}
		var list []posting
		for i, c := range cursors {
			for {
				if err := c.fill(ctx); err != nil {
					return err
				}
				if len(c.postings) == 0 || c.postings[0].word != word {
					break
				}
				p := c.postings[0].posting
				c.postings = c.postings[1:]
				if int(p.chat) >= len(g.chats[i]) || int(p.doc) >= len(g.docs[i]) {
					return errLeaf
				}
				if p.chat, p.doc = g.chats[i][p.chat], g.docs[i][p.doc]; p.doc != noDoc {
					list = append(list, p)
				}
			}
		}
		slices.SortFunc(list, func(a, b posting) int { return a.compare(&b) })
		list = slices.CompactFunc(list, func(a, b posting) bool { return a.compare(&b) == 0 })
		for _, p := range list {
			w.add(word, p)
		}
		if len(w.leaves) < x.sizes.flush {
			continue
		}
		w.flush()
		if err := x.put(ctx, w.take()); err != nil {
			return err
		}
		g.done = word
		for {
			worked, err := x.rewriteWith(ctx, g)
			if err != nil {
				return err
			}
			if !worked {
				break
			}
			clear(cursors) // what they read ahead may have changed
		}
		pace(ctx)
		pace = x.pace()
	}
	w.flush()
	return x.put(ctx, w.take())
}

// cursor reads the postings of a segment behind a word, one leaf after another.
type cursor struct {
	x        *Index
	segment  int64
	after    string
	next     string // key
	ended    bool
	leaves   []chat.Leaf
	postings []wordPosting
}

// fill makes postings not empty, unless the segment ends.
func (c *cursor) fill(ctx context.Context) error {
	for len(c.postings) == 0 && !c.ended {
		if len(c.leaves) == 0 {
			var err error
			if c.leaves, err = c.x.store.Leaves(ctx, c.segment, c.next, "\U0010FFFF", readAhead); err != nil {
				return err
			}
			if len(c.leaves) == 0 {
				c.ended = true
				return nil
			}
			c.next = c.leaves[len(c.leaves)-1].Key + "\x00"
		}
		all, err := decodeLeaf(c.leaves[0].Data)
		if err != nil {
			return err
		}
		c.leaves = c.leaves[1:]
		for len(all) > 0 && c.after != "" && strings.Compare(all[0].word, c.after) <= 0 {
			all = all[1:]
		}
		c.postings = all
	}
	return nil
}
