package segment

import (
	"bytes"
	"context"
	"math"
	"slices"
	"sort"

	"parley/chat"
	"parley/search"
)

// Wanted is what a search looks for.
type Wanted struct {
	Terms   []search.Term
	Chats   []chat.ChatID  // sorted
	From    int64          // ms; no hit is older
	To      Doc            // no hit is as new; the zero Doc: no bound
	Limit   int            // of hits
	Ignored func(Doc) bool // what is no hit
}

// Search returns the newest documents in which all terms occur, the newest first.
func (s *Segment) Search(ctx context.Context, q Wanted) ([]Doc, error) {
	wanted := make([]uint32, 0, len(q.Chats))
	for _, id := range q.Chats {
		if n, ok := s.number(id); ok {
			wanted = append(wanted, n)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	r := reading{s: s, wanted: wanted, end: uint32(s.Docs)}
	var err error
	if q.From > s.MinAt {
		if r.begin, err = s.ordinal(ctx, Doc{At: q.From}); err != nil {
			return nil, err
		}
	}
	if q.To != (Doc{}) && q.To.At <= s.MaxAt {
		if r.end, err = s.ordinal(ctx, q.To); err != nil {
			return nil, err
		}
	}
	for _, t := range selectiveFirst(q.Terms) {
		of, err := r.term(ctx, t)
		if err != nil {
			return nil, err
		}
		if r.hits == nil {
			r.hits = of
		} else {
			r.hits.and(of)
		}
		if r.hits.empty() {
			return nil, nil
		}
	}
	return s.newest(ctx, r.hits, q)
}

// newest returns the newest documents of a set that are not ignored.
func (s *Segment) newest(ctx context.Context, set bitset, q Wanted) (hits []Doc, err error) {
	blocks := map[uint32][]docRow{}
	for ordinal := range set.newest() {
		n := ordinal / blockDocs
		rows, ok := blocks[n]
		if !ok {
			if rows, err = s.block(ctx, int(n)); err != nil {
				return nil, err
			}
			blocks[n] = rows
		}
		if int(ordinal%blockDocs) >= len(rows) {
			return nil, errLeaf
		}
		row := rows[ordinal%blockDocs]
		d := Doc{row.at, s.id(row.chat), row.seq}
		if row.seq == 0 || q.Ignored(d) {
			continue
		}
		if hits = append(hits, d); len(hits) == q.Limit {
			break
		}
	}
	return hits, nil
}

// selectiveFirst returns the terms in an order in which the first ones probably have the
// fewest documents: prefixes last, long words first.
func selectiveFirst(terms []search.Term) []search.Term {
	terms = slices.Clone(terms)
	cost := func(t search.Term) int {
		longest := 0
		for _, w := range t.Words {
			if w.Prefix {
				return 1000 - len(w.Text)
			}
			longest = max(longest, len(w.Text))
		}
		return -longest
	}
	slices.SortStableFunc(terms, func(a, b search.Term) int { return cost(a) - cost(b) })
	return terms
}

// reading reads the postings of one segment for a search.
type reading struct {
	s          *Segment
	wanted     []uint32 // numbers of chats, sorted
	begin, end uint32   // ordinals
	hits       bitset   // of the terms so far; nil: there was none
}

// each calls f with the postings of a word, or of all words that begin with it, in the chats
// that are wanted.
func (r *reading) each(ctx context.Context, w search.Word, f func(*posting)) error {
	from, _ := wordRange(w.Text)
	to := w.Text + "\U0010FFFF"
	if !w.Prefix {
		from = leafKey(w.Text, r.wanted[0], 0)
		to = leafKey(w.Text, r.wanted[len(r.wanted)-1], math.MaxUint32)
	}
	leaves, err := r.s.store.Leaves(ctx, r.s.ID, from, to, math.MaxInt32)
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
func (r *reading) term(ctx context.Context, t search.Term) (bitset, error) {
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
			at[doc] = t.Starts(i, starts[doc], positions)
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
