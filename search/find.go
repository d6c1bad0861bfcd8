package search

import (
	"bytes"
	"context"
	"math"
	"slices"
	"sort"
	"strings"

	"parley/chat"
)

// found is a search under way.
type found struct {
	query   Query
	chats   []chat.ChatID // sorted; those that are searched
	from    int64         // no hit is older
	to      doc           // no hit is as new; the zero doc: no bound
	limit   int
	hits    []doc // newest first
	ignored map[ref]*memoryDoc
}

// full reports whether there are enough hits that are newer than a time.
func (f *found) full(at int64) bool { return len(f.hits) >= f.limit && f.hits[f.limit-1].at > at }

// add adds hits and keeps the newest.
func (f *found) add(hits []doc) {
	if len(hits) == 0 {
		return
	}
	f.hits = append(f.hits, hits...)
	slices.SortFunc(f.hits, func(a, b doc) int { return b.compare(a) })
	f.hits = slices.Compact(f.hits)
	f.hits = f.hits[:min(len(f.hits), f.limit)]
}

// inBounds reports whether a document is between the bounds of the search.
func (f *found) inBounds(d doc) bool {
	return d.at >= f.from && (f.to == doc{} || d.compare(f.to) < 0)
}

// segmentHits adds the hits of a segment.
func (x *Index) segmentHits(ctx context.Context, f *found, info segmentInfo) error {
	if info.MaxAt < f.from || f.to != (doc{}) && info.MinAt > f.to.at {
		return nil
	}
	s, err := x.segment(ctx, info)
	if err != nil {
		return err
	}
	wanted := make([]uint32, 0, len(f.chats))
	for _, id := range f.chats {
		if n, ok := s.number(id); ok {
			wanted = append(wanted, n)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	r := reading{x: x, s: s, wanted: wanted, end: uint32(s.Docs)}
	if f.from > info.MinAt {
		if r.begin, err = x.ordinal(ctx, s, doc{at: f.from}); err != nil {
			return err
		}
	}
	if f.to != (doc{}) && f.to.at <= info.MaxAt {
		if r.end, err = x.ordinal(ctx, s, f.to); err != nil {
			return err
		}
	}
	for _, t := range selectiveFirst(f.query.Terms) {
		of, err := r.term(ctx, t)
		if err != nil {
			return err
		}
		if r.hits == nil {
			r.hits = of
		} else {
			r.hits.and(of)
		}
		if r.hits.empty() {
			return nil
		}
	}
	return x.resolveHits(ctx, f, s, r.hits)
}

// resolveHits adds the newest documents of a set that are not ignored.
func (x *Index) resolveHits(ctx context.Context, f *found, s *segment, set bitset) error {
	blocks := map[uint32][]docRow{}
	var hits []doc
	for _, ordinal := range set.newest(f.limit + len(f.ignored)) {
		n := ordinal / blockDocs
		rows, ok := blocks[n]
		if !ok {
			var err error
			if rows, err = x.block(ctx, s, int(n)); err != nil {
				return err
			}
			blocks[n] = rows
		}
		if int(ordinal%blockDocs) >= len(rows) {
			return errLeaf
		}
		row := rows[ordinal%blockDocs]
		d := doc{row.at, s.id(row.chat), row.seq}
		if _, ignored := f.ignored[ref{d.chat, d.seq}]; row.seq == 0 || ignored {
			continue
		}
		if hits = append(hits, d); len(hits) == f.limit || len(f.hits) >= f.limit && d.at < f.hits[f.limit-1].at {
			break
		}
	}
	f.add(hits)
	return nil
}

// selectiveFirst returns the terms in an order in which the first ones probably have the
// fewest documents: prefixes last, long words first.
func selectiveFirst(terms []Term) []Term {
	terms = slices.Clone(terms)
	cost := func(t Term) int {
		longest := 0
		for _, w := range t.Words {
			if w.Prefix {
				return 1000 - len(w.Text)
			}
			longest = max(longest, len(w.Text))
		}
		return -longest
	}
	slices.SortStableFunc(terms, func(a, b Term) int { return cost(a) - cost(b) })
	return terms
}

// reading reads the postings of one segment for a search.
type reading struct {
	x          *Index
	s          *segment
	wanted     []uint32 // numbers of chats, sorted
	begin, end uint32   // ordinals
	hits       bitset   // of the terms so far; nil: there was none
}

// each calls f with the postings of a word, or of all words that begin with it, in the chats
// that are wanted.
func (r *reading) each(ctx context.Context, w Word, f func(*posting)) error {
	from, _ := wordRange(w.Text)
	to := w.Text + "\U0010FFFF"
	if !w.Prefix {
		from = leafKey(w.Text, r.wanted[0], 0)
		to = leafKey(w.Text, r.wanted[len(r.wanted)-1], math.MaxUint32)
	}
	leaves, err := r.x.store.Leaves(ctx, r.s.ID, from, to, math.MaxInt32)
	if err != nil {
		return err
	}
	text := []byte(w.Text)
	for i := range leaves {
		leaf := leafReader{rest: leaves[i].Data}
		for leaf.next() {
			if w.Prefix {
				if !bytes.HasPrefix(leaf.word, text) {
					continue
				}
			} else if !bytes.Equal(leaf.word, text) {
				continue
			}
			if !r.list(leaf.list, f) {
				return errLeaf
			}
		}
		if leaf.bad {
			return errLeaf
		}
	}
	return nil
}

// list calls f with the postings of a list in the chats that are wanted.
func (r *reading) list(b []byte, f func(*posting)) bool {
	list, wanted := listReader{rest: b}, r.wanted
	for len(wanted) > 0 && list.next() {
		if wanted[0] < list.chat {
			wanted = wanted[sort.Search(len(wanted), func(i int) bool { return wanted[i] >= list.chat }):]
			if len(wanted) == 0 {
				break
			}
		}
		if wanted[0] != list.chat {
			continue
		}
		group := groupReader{rest: list.group, posting: posting{chat: list.chat}}
		for group.next() {
			if group.doc >= r.begin && group.doc < r.end {
				f(&group.posting)
			}
		}
		if group.bad {
			return false
		}
	}
	return !list.bad
}

// term returns the documents in which a term occurs.
func (r *reading) term(ctx context.Context, t Term) (bitset, error) {
	var all bitset
	for _, w := range t.Words {
		of := newBitset(r.s.Docs)
		if err := r.each(ctx, w, func(p *posting) { of.set(p.doc) }); err != nil {
			return nil, err
		}
		if all == nil {
			all = of
		} else {
			all.and(of)
		}
		if all.empty() {
			return all, nil
		}
	}
	if len(t.Words) == 1 {
		return all, nil
	}
	if r.hits != nil {
		all.and(r.hits)
	}
	// The positions at which the term may begin, by document.
	starts := map[uint32][]int{}
	for i, w := range t.Words {
		at := map[uint32][]int{}
		err := r.each(ctx, w, func(p *posting) {
			if all.has(p.doc) {
				at[p.doc] = p.decodePositions(at[p.doc])
			}
		})
		if err != nil {
			return nil, err
		}
		for doc, positions := range at {
			for k := range positions {
				positions[k] -= w.Offset
			}
			slices.Sort(positions)
			if i > 0 {
				positions = both(starts[doc], positions)
			}
			at[doc] = positions
		}
		starts = at
	}
	met := newBitset(r.s.Docs)
	for doc, positions := range starts {
		if len(positions) > 0 {
			met.set(doc)
		}
	}
	return met, nil
}

// both returns what is in two sorted lists.
func both(a, b []int) (list []int) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] < b[0]:
			a = a[1:]
		case a[0] > b[0]:
			b = b[1:]
		default:
			list, a, b = append(list, a[0]), a[1:], b[1:]
		}
	}
	return list
}

// matches reports whether all terms of the query occur in a document of the memory part.
func (d *memoryDoc) matches(q *Query) bool {
	words := d.encodedWords()
	for _, t := range q.Terms {
		var starts []int
		for i, w := range t.Words {
			var at []int
			for rest := words; len(rest) > 0; {
				pos, r, _ := uvarint(rest, maxPositions)
				word, r, _ := piece(r)
				if rest = r; w.Prefix && bytes.HasPrefix(word, []byte(w.Text)) || string(word) == w.Text {
					at = append(at, int(pos)-w.Offset)
				}
			}
			slices.Sort(at)
			if i > 0 {
				at = both(starts, at)
			}
			if starts = at; len(starts) == 0 {
				return false
			}
		}
	}
	return true
}

// wantedChats returns the sorted chats in which a search looks.
func wantedChats(member, asked []chat.ChatID) []chat.ChatID {
	member = slices.Clone(member)
	slices.SortFunc(member, func(a, b chat.ChatID) int { return strings.Compare(string(a), string(b)) })
	member = slices.Compact(member)
	if len(asked) == 0 {
		return member
	}
	return slices.DeleteFunc(member, func(id chat.ChatID) bool { return !slices.Contains(asked, id) })
}
