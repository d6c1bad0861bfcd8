package search

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
	"strings"

	"parley/chat"
)

// A segment holds the postings of a set of documents, which are messages. Its documents are
// numbered in the order of hits, oldest first; its chats by their ids. Beside its leaves it
// has these rows:
//
//	headerKey    its chats, and the time of the first document of each block
//	lastKey      the last seq of each chat
//	blockKey(n)  blockDocs documents: (time less the one before, chat, seq; 0: removed) …
const (
	headerKey = "\x00\x00h"
	lastKey   = "\x00\x00l"
	blockDocs = 512
)

func blockKey(n int) string { return fmt.Sprintf("\x00\x00d%08x", n) }

// firstWordKey is below the keys of all leaves and above those of the other rows.
const firstWordKey = "\x00\x01"

// doc names a document. Its order is that of hits.
type doc struct {
	at   int64
	chat chat.ChatID
	seq  chat.Seq
}

func (d doc) compare(e doc) int {
	return cmp.Or(cmp.Compare(d.at, e.at), strings.Compare(string(d.chat), string(e.chat)), cmp.Compare(d.seq, e.seq))
}

// segment is what is cached of a segment.
type segment struct {
	segmentInfo
	ids    string // of its chats, each padded with zeros to width
	width  int
	blocks []int64 // times of their first documents
}

func (s *segment) size() int { return len(s.ids) + 8*len(s.blocks) + 200 }

func (s *segment) chats() int { return len(s.ids) / max(1, s.width) }

func (s *segment) id(n uint32) chat.ChatID {
	return chat.ChatID(strings.TrimRight(s.ids[int(n)*s.width:(int(n)+1)*s.width], "\x00"))
}

// number returns the number of a chat in the segment.
func (s *segment) number(id chat.ChatID) (uint32, bool) {
	n := s.chats()
	i := sort.Search(n, func(i int) bool { return s.id(uint32(i)) >= id })
	return uint32(i), i < n && s.id(uint32(i)) == id
}

// setIDs sets the chats, which are sorted.
func (s *segment) setIDs(ids []chat.ChatID) {
	s.width = 1
	for _, id := range ids {
		s.width = max(s.width, len(id))
	}
	var b strings.Builder
	b.Grow(len(ids) * s.width)
	for _, id := range ids {
		b.WriteString(string(id))
		b.WriteString(strings.Repeat("\x00", s.width-len(id)))
	}
	s.ids = b.String()
}

func (s *segment) encodeHeader() []byte {
	b := binary.AppendUvarint(nil, uint64(s.width))
	b = binary.AppendUvarint(b, uint64(len(s.ids)))
	b = append(b, s.ids...)
	before := int64(0)
	for _, at := range s.blocks {
		b = binary.AppendUvarint(b, uint64(at-before))
		before = at
	}
	return b
}

func (s *segment) decodeHeader(b []byte) error {
	width, b, ok := uvarint(b, chat.MaxIDLen)
	if !ok || width == 0 {
		return errLeaf
	}
	ids, b, ok := piece(b)
	if !ok || len(ids)%int(width) != 0 {
		return errLeaf
	}
	s.width, s.ids, s.blocks = int(width), string(ids), nil
	at := int64(0)
	for len(b) > 0 {
		var delta uint64
		if delta, b, ok = uvarint(b, 1<<62); !ok {
			return errLeaf
		}
		at += int64(delta)
		s.blocks = append(s.blocks, at)
	}
	return nil
}

// docRow is a document of a block: numbers of the segment. The seq of a removed one is 0.
type docRow struct {
	at   int64
	chat uint32
	seq  chat.Seq
}

func encodeBlock(rows []docRow) (b []byte) {
	before := int64(0)
	for _, r := range rows {
		b = binary.AppendUvarint(b, uint64(r.at-before))
		b = binary.AppendUvarint(b, uint64(r.chat))
		b = binary.AppendUvarint(b, uint64(r.seq))
		before = r.at
	}
	return b
}

func decodeBlock(b []byte) (rows []docRow, err error) {
	at := int64(0)
	for len(b) > 0 {
		var delta, number, seq uint64
		var ok [3]bool
		delta, b, ok[0] = uvarint(b, 1<<62)
		number, b, ok[1] = uvarint(b, maxOrdinal)
		seq, b, ok[2] = uvarint(b, 1<<63)
		if ok != [3]bool{true, true, true} || len(rows) == blockDocs {
			return nil, errLeaf
		}
		at += int64(delta)
		rows = append(rows, docRow{at, uint32(number), chat.Seq(seq)})
	}
	return rows, nil
}

// row reads one row of the segment that is no leaf.
func (x *Index) row(ctx context.Context, segment int64, key string) ([]byte, error) {
	found, err := x.store.Leaves(ctx, segment, key, key, 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].Key != key {
		return nil, errGone
	}
	return found[0].Data, nil
}

// block reads a block of documents.
func (x *Index) block(ctx context.Context, s *segment, n int) ([]docRow, error) {
	b, err := x.row(ctx, s.ID, blockKey(n))
	if err != nil {
		return nil, err
	}
	rows, err := decodeBlock(b)
	if err == nil && slices.ContainsFunc(rows, func(r docRow) bool { return int(r.chat) >= s.chats() }) {
		err = errLeaf
	}
	return rows, err
}

// locate returns the ordinals of a document in the segment: none or one, but for a segment
// that was merged from two that both had it.
func (x *Index) locate(ctx context.Context, s *segment, d doc) (found []uint32, err error) {
	number, ok := s.number(d.chat)
	if !ok || d.at < s.MinAt || d.at > s.MaxAt {
		return nil, nil
	}
	for n := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i] > d.at }) - 1; n >= 0; n-- {
		rows, err := x.block(ctx, s, n)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			if r == (docRow{d.at, number, d.seq}) {
				found = append(found, uint32(n*blockDocs+i))
			}
		}
		if s.blocks[n] < d.at {
			break
		}
	}
	return found, nil
}

// ordinal returns how many documents of the segment are before d. Removed documents count
// by their time alone.
func (x *Index) ordinal(ctx context.Context, s *segment, d doc) (uint32, error) {
	n := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i] >= d.at }) - 1
	for n = max(n, 0); n < len(s.blocks); n++ { // several blocks may have the time of d
		rows, err := x.block(ctx, s, n)
		if err != nil {
			return 0, err
		}
		for i, r := range rows {
			if (doc{r.at, s.id(r.chat), r.seq}).compare(d) >= 0 {
				return uint32(n*blockDocs + i), nil
			}
		}
	}
	return uint32(s.Docs), nil
}
