package segment

import (
	"cmp"
	"encoding/binary"
	"slices"

	"parley/chat"
)

// Bits of a reference, which is a rank of a word, a rank of a document by chat and ordinal,
// and a position. Documents of a fold are far fewer than 1<<docBits.
const (
	posBits = 20
	docBits = 16
)

// New returns the rows of a segment of level 0, of at most 1<<docBits documents, which it sorts.
func New(id int64, docs []Document) (Info, []chat.Leaf) {
	slices.SortFunc(docs, func(a, b Document) int { return a.Doc.Compare(b.Doc) })
	var ids []chat.ChatID
	for i := range docs {
		ids = append(ids, docs[i].Chat)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	s := Segment{Info: Info{ID: id}}
	s.setIDs(ids)
	s.Docs, s.MinAt, s.MaxAt = len(docs), docs[0].At, docs[len(docs)-1].At

	rows := make([]docRow, len(docs))
	for i := range docs {
		n, _ := slices.BinarySearch(ids, docs[i].Chat)
		rows[i] = docRow{docs[i].At, uint32(n), docs[i].Seq}
	}
	leaves := s.rows(rows)

	// The words, numbered as they come, then by rank.
	numbers := map[string]uint32{}
	var words []string
	var refs []uint64
	byChat := make([]uint32, len(docs)) // ordinals by chat
	for i := range byChat {
		byChat[i] = uint32(i)
	}
	slices.SortStableFunc(byChat, func(a, b uint32) int { return cmp.Compare(rows[a].chat, rows[b].chat) })
	for rank, ordinal := range byChat {
		for _, t := range docs[ordinal].tokens {
			if t.Pos < 0 || t.Pos >= maxPositions {
				continue
			}
			n, ok := numbers[t.Word]
			if !ok {
				n = uint32(len(words))
				numbers[t.Word] = n
				words = append(words, t.Word)
			}
			refs = append(refs, uint64(n)<<(docBits+posBits)|uint64(rank)<<posBits|uint64(t.Pos))
		}
	}
	sorted := slices.Sorted(slices.Values(words))
	ranks := make([]uint64, len(words))
	for rank, w := range sorted {
		ranks[numbers[w]] = uint64(rank)
	}
	const low = 1<<(docBits+posBits) - 1
	for i, r := range refs {
		refs[i] = ranks[r>>(docBits+posBits)]<<(docBits+posBits) | r&low
	}
	slices.Sort(refs)
	refs = slices.Compact(refs)

	w := leafWriter{segment: s.ID}
	var positions []int
	for i := 0; i < len(refs); {
		at := refs[i] >> posBits
		positions = positions[:0]
		for ; i < len(refs) && refs[i]>>posBits == at; i++ {
			positions = append(positions, int(refs[i]&(maxPositions-1)))
		}
		ordinal := byChat[at&(1<<docBits-1)]
		p := posting{chat: rows[ordinal].chat, doc: ordinal}
		p.multi, p.positions = encodePositions(positions)
		w.add(sorted[at>>docBits], p)
	}
	w.flush()
	return s.Info, append(leaves, w.take()...)
}

// rows returns the rows of the segment that are not leaves, and sets s.blocks.
func (s *Segment) rows(docs []docRow) (leaves []chat.Leaf) {
	last := make([]chat.Seq, s.Chats())
	for n := range (len(docs) + blockDocs - 1) / blockDocs {
		block := docs[n*blockDocs : min(len(docs), (n+1)*blockDocs)]
		s.blocks = append(s.blocks, block[0].at)
		leaves = append(leaves, chat.Leaf{Segment: s.ID, Key: blockKey(n), Data: encodeBlock(block)})
		for _, r := range block {
			last[r.chat] = max(last[r.chat], r.seq)
		}
	}
	var lasts []byte
	for _, seq := range last {
		lasts = binary.AppendUvarint(lasts, uint64(seq))
	}
	return append(leaves, chat.Leaf{Segment: s.ID, Key: headerKey, Data: s.encodeHeader()}, chat.Leaf{Segment: s.ID, Key: lastKey, Data: lasts})
}
