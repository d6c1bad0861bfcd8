package segment

import (
	"context"
	"encoding/binary"
	"errors"
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

// Info is what a manifest says of a segment.
type Info struct {
	ID    int64 `json:"id"`
	Level int   `json:"level"` // 0: folded; a merge of segments of one level has the next
	Docs  int   `json:"docs"`
	MinAt int64 `json:"minAt"`
	MaxAt int64 `json:"maxAt"`
}

// Segment reads a segment. It caches the chats and the times of the blocks.
type Segment struct {
	Info
	store  chat.Index
	ids    string // of its chats, each padded with zeros to width
	width  int
	blocks []int64 // times of their first documents
}

// ErrGone is the error of what reads a segment whose rows were removed.
var ErrGone = errors.New("search: a row of the index is gone")

// Read reads what is cached of a segment.
func Read(ctx context.Context, store chat.Index, info Info) (*Segment, error) {
	s := &Segment{Info: info, store: store}
	b, err := s.row(ctx, headerKey)
	if err != nil {
		return nil, err
	}
	return s, s.decodeHeader(b)
}

// Size returns how much memory the segment takes, in bytes.
func (s *Segment) Size() int { return len(s.ids) + 8*len(s.blocks) + 200 }

func (s *Segment) id(n uint32) chat.ChatID {
	return chat.ChatID(strings.TrimRight(s.ids[int(n)*s.width:(int(n)+1)*s.width], "\x00"))
}

// Chats returns how many chats the segment has.
func (s *Segment) Chats() int { return len(s.ids) / max(1, s.width) }

// number returns the number of a chat in the segment.
func (s *Segment) number(id chat.ChatID) (uint32, bool) {
	n := s.Chats()
	i := sort.Search(n, func(i int) bool { return s.id(uint32(i)) >= id })
	return uint32(i), i < n && s.id(uint32(i)) == id
}

// setIDs sets the chats, which are sorted.
func (s *Segment) setIDs(ids []chat.ChatID) {
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

func (s *Segment) encodeHeader() []byte {
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

func (s *Segment) decodeHeader(b []byte) error {
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

// row reads one row of the segment that is not a leaf.
func (s *Segment) row(ctx context.Context, key string) ([]byte, error) {
	found, err := s.store.Leaves(ctx, s.ID, key, key, 1)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 || found[0].Key != key {
		return nil, ErrGone
	}
	return found[0].Data, nil
}

// block reads a block of documents.
func (s *Segment) block(ctx context.Context, n int) ([]docRow, error) {
	b, err := s.row(ctx, blockKey(n))
	if err != nil {
		return nil, err
	}
	rows, err := decodeBlock(b)
	if err == nil && slices.ContainsFunc(rows, func(r docRow) bool { return int(r.chat) >= s.Chats() }) {
		err = errLeaf
	}
	return rows, err
}

// Last returns the last seq of each chat that the segment has.
func (s *Segment) Last(ctx context.Context) (map[chat.ChatID]chat.Seq, error) {
	b, err := s.row(ctx, lastKey)
	if err != nil {
		return nil, err
	}
	last := make(map[chat.ChatID]chat.Seq, s.Chats())
	for n := range s.Chats() {
		seq, rest, ok := uvarint(b, 1<<63)
		if !ok {
			return nil, errLeaf
		}
		last[s.id(uint32(n))], b = chat.Seq(seq), rest
	}
	return last, nil
}

// Place is where a document is in a segment.
type Place struct{ chat, doc uint32 }

// Locate returns the places of a document in the segment: none or one, but for a segment
// that was merged from two that both had it.
func (s *Segment) Locate(ctx context.Context, d Doc) (found []Place, err error) {
	number, ok := s.number(d.Chat)
	if !ok {
		return nil, nil
	}
	for n := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i] > d.At }) - 1; n >= 0; n-- {
		rows, err := s.block(ctx, n)
		if err != nil {
			return nil, err
		}
		for i, r := range rows {
			if r == (docRow{d.At, number, d.Seq}) {
				found = append(found, Place{number, uint32(n*blockDocs + i)})
			}
		}
		if s.blocks[n] < d.At {
			break
		}
	}
	return found, nil
}

// ordinal returns how many documents of the segment are before d. Removed documents count
// by their time alone.
func (s *Segment) ordinal(ctx context.Context, d Doc) (uint32, error) {
	n := sort.Search(len(s.blocks), func(i int) bool { return s.blocks[i] >= d.At }) - 1
	for n = max(n, 0); n < len(s.blocks); n++ { // several blocks may have the time of d
		rows, err := s.block(ctx, n)
		if err != nil {
			return 0, err
		}
		for i, r := range rows {
			if (Doc{r.at, s.id(r.chat), r.seq}).Compare(d) >= 0 {
				return uint32(n*blockDocs + i), nil
			}
		}
	}
	return uint32(s.Docs), nil
}
