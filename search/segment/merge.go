package segment

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"parley/chat"
)

const (
	readAhead = 16 // leaves that a merge reads at once from each segment
	noDoc     = math.MaxUint32
)

// Merge makes one segment, the target, of several.
type Merge struct {
	Target *Segment
	Done   string // all words up to this one were returned by Leaves; "": none

	sources []*Segment
	chats   [][]uint32 // by source and its number of a chat: the number in Target
	docs    [][]uint32 // by source and ordinal: the ordinal in Target; noDoc for removed ones
	cursors []*cursor
	writer  leafWriter
}

// NewMerge returns a merge of segments of one level.
func NewMerge(id int64, sources []*Segment) *Merge {
	chats := map[chat.ChatID]bool{}
	for _, s := range sources {
		for n := range s.Chats() {
			chats[s.id(uint32(n))] = true
		}
	}
	target := &Segment{Info: Info{ID: id, Level: sources[0].Level + 1}, store: sources[0].store}
	target.setIDs(slices.Sorted(maps.Keys(chats)))
	return &Merge{Target: target, sources: sources, cursors: make([]*cursor, len(sources)), writer: leafWriter{segment: id}}
}

// Moved returns where the merge puts a document of a segment; false if it does not.
func (g *Merge) Moved(source int64, p Place) (Place, bool) {
	i := slices.IndexFunc(g.sources, func(s *Segment) bool { return s.ID == source })
	if i < 0 || g.docs[i][p.doc] == noDoc {
		return Place{}, false
	}
	return Place{g.chats[i][p.chat], g.docs[i][p.doc]}, true
}

// Rows numbers the documents of the target, in their order, and returns its rows that are not
// leaves. It must be called before Leaves.
func (g *Merge) Rows(ctx context.Context) ([]chat.Leaf, error) {
	type from struct {
		docRow
		source, ordinal int
	}
	var all []from
	for i, s := range g.sources {
		numbers := make([]uint32, s.Chats())
		for n := range numbers {
			numbers[n], _ = g.Target.number(s.id(uint32(n)))
		}
		g.chats = append(g.chats, numbers)
		docs := make([]uint32, s.Docs)
		for n := range s.blocks {
			rows, err := s.block(ctx, n)
			if err != nil {
				return nil, err
			}
			for k, r := range rows {
				if n*blockDocs+k >= len(docs) {
					return nil, errLeaf
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
	if g.Target.Docs = len(rows); len(rows) > 0 {
		g.Target.MinAt, g.Target.MaxAt = rows[0].at, rows[len(rows)-1].at
	}
	return g.Target.rows(rows), nil
}

// Leaves returns the next leaves of the target, at least n but for the last ones, and whether
// there are more.
func (g *Merge) Leaves(ctx context.Context, n int) (leaves []chat.Leaf, more bool, err error) {
	for len(g.writer.leaves) < n {
		word, ok, err := g.next(ctx)
		if err != nil {
			return nil, false, err
		}
		if !ok {
			g.writer.flush()
			return g.writer.take(), false, nil
		}
		if err := g.word(ctx, word); err != nil {
			return nil, false, err
		}
		g.Done = word
	}
	g.writer.flush()
	return g.writer.take(), true, nil
}

// Changed must be called when the sources changed since Leaves returned: what was read ahead
// is read again.
func (g *Merge) Changed() { clear(g.cursors) }

// next returns the first word that is not written yet.
func (g *Merge) next(ctx context.Context) (word string, ok bool, err error) {
	for i, s := range g.sources {
		if g.cursors[i] == nil {
			g.cursors[i] = &cursor{source: s, after: g.Done, next: firstWordKey}
			if g.Done != "" {
				g.cursors[i].next, _ = wordRange(g.Done)
			}
		}
		if err := g.cursors[i].fill(ctx); err != nil {
			return "", false, err
		}
		if c := g.cursors[i]; len(c.postings) > 0 && (!ok || c.postings[0].word < word) {
			word, ok = c.postings[0].word, true
		}
	}
	return word, ok, nil
}

// word writes the postings of a word.
func (g *Merge) word(ctx context.Context, word string) error {
	var list []posting
	for i, c := range g.cursors {
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
		g.writer.add(word, p)
	}
	return nil
}

// cursor reads the postings of a segment after a word, one leaf after another.
type cursor struct {
	source   *Segment
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
			if c.leaves, err = c.source.store.Leaves(ctx, c.source.ID, c.next, "\U0010FFFF", readAhead); err != nil {
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
