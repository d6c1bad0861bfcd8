package index

import (
	"context"
	"slices"
	"strings"

	"parley/chat"
	"parley/search"
	"parley/search/segment"
)

// found is a search under way.
type found struct {
	query   search.Query
	chats   []chat.ChatID // sorted; those that are searched
	from    int64         // no hit is older
	to      segment.Doc   // no hit is as new; the zero Doc: no bound
	limit   int
	hits    []segment.Doc // newest first
	ignored map[ref]*memoryDoc
}

// full reports whether there are enough hits that are newer than a time.
func (f *found) full(at int64) bool { return len(f.hits) >= f.limit && f.hits[f.limit-1].At > at }

// add adds hits and keeps the newest.
func (f *found) add(hits []segment.Doc) {
	if len(hits) == 0 {
		return
	}
	f.hits = append(f.hits, hits...)
	slices.SortFunc(f.hits, func(a, b segment.Doc) int { return b.Compare(a) })
	f.hits = slices.Compact(f.hits)
	f.hits = f.hits[:min(len(f.hits), f.limit)]
}

// inBounds reports whether a document is between the bounds of the search.
func (f *found) inBounds(d segment.Doc) bool {
	return d.At >= f.from && (f.to == segment.Doc{} || d.Compare(f.to) < 0)
}

// segmentHits adds the hits of a segment.
func (x *Index) segmentHits(ctx context.Context, f *found, info segment.Info) error {
	from := f.from
	if len(f.hits) >= f.limit {
		from = max(from, f.hits[f.limit-1].At)
	}
	if info.MaxAt < from || f.to != (segment.Doc{}) && info.MinAt > f.to.At {
		return nil
	}
	s, err := x.segment(ctx, info)
	if err != nil {
		return err
	}
	hits, err := s.Search(ctx, segment.Wanted{
		Terms: f.query.Terms, Chats: f.chats, From: from, To: f.to, Limit: f.limit,
		Ignored: func(d segment.Doc) bool { _, ignored := f.ignored[ref{d.Chat, d.Seq}]; return ignored },
	})
	if err != nil {
		return err
	}
	f.add(hits)
	return nil
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

// find searches the memory part and the segments of a manifest.
func (x *Index) find(ctx context.Context, f *found, m *manifest) (droppedAt int64, err error) {
	if droppedAt, err = x.memoryHits(ctx, f); err != nil || !m.Ready {
		return droppedAt, err
	}
	for _, info := range m.newestFirst() {
		if f.full(info.MaxAt) {
			break
		}
		if err := x.segmentHits(ctx, f, info); err != nil {
			return droppedAt, err
		}
	}
	return droppedAt, nil
}

// memoryHits adds the hits of the memory part.
func (x *Index) memoryHits(ctx context.Context, f *found) (droppedAt int64, err error) {
	sorted, edited, droppedAt := x.memory.snapshot()
	wanted := make(map[chat.ChatID]bool, len(f.chats))
	for _, id := range f.chats {
		wanted[id] = true
	}
	f.ignored = edited
	for _, d := range sorted {
		if d.version != d.Seq { // a segment may have it as it was
			f.ignored[d.ref()] = d
		}
	}
	var hits []segment.Doc
	match := func(d *memoryDoc) error {
		if d.unread {
			if d, err = x.reread(ctx, d); err != nil {
				return err
			}
		}
		if f.inBounds(d.Doc) && d.message.DeletedAt == 0 && f.query.MatchWords(d.encodedWords()) {
			hits = append(hits, d.Doc)
		}
		return nil
	}
	for i := len(sorted) - 1; i >= 0 && len(hits) < f.limit; i-- {
		if d := sorted[i]; wanted[d.Chat] && f.inBounds(d.Doc) {
			if err := match(d); err != nil {
				return 0, err
			}
		}
	}
	for r, d := range edited {
		if wanted[r.chat] {
			if err := match(d); err != nil {
				return 0, err
			}
		}
	}
	// Segments may have what was folded since the manifest was read.
	f.add(hits)
	return droppedAt, nil
}

// reread reads the message of an unread document. One that is not there counts as deleted.
func (x *Index) reread(ctx context.Context, old *memoryDoc) (*memoryDoc, error) {
	m, err := message(ctx, x.store, old.Chat, old.Seq)
	if err != nil {
		return nil, err
	}
	d := newMemoryDoc(m, old.version)
	x.memory.replace(old, d)
	return d, nil
}
