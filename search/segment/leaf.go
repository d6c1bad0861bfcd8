package segment

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"parley/chat"
	"parley/search"
)

// A leaf holds a run of the postings of a segment, sorted by word, chat and document:
//
//	leaf:    (bytes shared with the word before, length, rest of the word, length, list) …
//	list:    (number of the chat less the one before, length, group) …
//	group:   (ordinal of the document less the one before, doubled; position) …
//	         (the same plus 1; number of positions; each less the one before) …
//
// All numbers are uvarints. The lengths let a reader skip the groups of chats that the
// viewer is not in. The key of a leaf is that of its last posting, so that one range of keys
// begins with the leaf that may hold a posting; a long list continues in the next leaf.
const leafSize = 4400 // bytes: with its key and its row a leaf fills an overflow page of SQLite

// posting is where a word is in a document. Numbers of chats and ordinals of documents are
// those of the segment.
type posting struct {
	chat, doc uint32
	multi     bool   // positions holds a number and several, else one
	positions []byte // as they are encoded
}

// Limits of the format.
const (
	maxPositions = search.MaxPositions
	maxOrdinal   = 1<<31 - 1
)

var errLeaf = errors.New("search: a leaf is damaged")

// leafKey returns the key of a leaf that ends with a posting. Words have no byte of 0, but
// for the first one of filters.
func leafKey(word string, chat, doc uint32) string {
	return fmt.Sprintf("%s\x00%08x%08x", word, chat, doc)
}

// wordRange returns the keys between which the leaves of a word are.
func wordRange(word string) (from, to string) { return word + "\x00", word + "\x01" }

// leafWriter encodes postings, which come sorted, into leaves.
type leafWriter struct {
	segment int64
	leaves  []chat.Leaf

	leaf        []byte // whole entries
	before      string // the word of the last one
	word        string
	list, group []byte
	listChat    uint32 // of the last whole group
	last        posting
	open        bool // there is a list, with a group
}

// add appends a posting.
func (w *leafWriter) add(word string, p posting) {
	if w.open && word != w.word {
		w.endList()
	}
	if w.open && p.chat != w.last.chat {
		w.endGroup()
	}
	if !w.open {
		w.open, w.word, w.listChat = true, word, 0
	}
	from := uint32(0)
	if len(w.group) > 0 {
		from = w.last.doc
	}
	delta := uint64(p.doc-from) << 1
	if p.multi {
		delta |= 1
	}
	w.group = binary.AppendUvarint(w.group, delta)
	w.group = append(w.group, p.positions...)
	w.last = p
	if len(w.leaf)+len(w.list)+len(w.group)+len(word) >= leafSize {
		w.flush()
	}
}

func (w *leafWriter) endGroup() {
	w.list = binary.AppendUvarint(w.list, uint64(w.last.chat-w.listChat))
	w.list = binary.AppendUvarint(w.list, uint64(len(w.group)))
	w.list = append(w.list, w.group...)
	w.listChat, w.group = w.last.chat, w.group[:0]
}

func (w *leafWriter) endList() {
	w.endGroup()
	shared := 0
	for shared < min(len(w.before), len(w.word)) && w.before[shared] == w.word[shared] {
		shared++
	}
	w.leaf = binary.AppendUvarint(w.leaf, uint64(shared))
	w.leaf = binary.AppendUvarint(w.leaf, uint64(len(w.word)-shared))
	w.leaf = append(w.leaf, w.word[shared:]...)
	w.leaf = binary.AppendUvarint(w.leaf, uint64(len(w.list)))
	w.leaf = append(w.leaf, w.list...)
	w.before, w.list, w.open = w.word, w.list[:0], false
}

// flush ends the leaf.
func (w *leafWriter) flush() {
	if w.open {
		w.endList()
	}
	if len(w.leaf) > 0 {
		w.leaves = append(w.leaves, chat.Leaf{Segment: w.segment, Key: leafKey(w.before, w.last.chat, w.last.doc), Data: w.leaf})
	}
	w.leaf, w.before = nil, ""
}

// take returns the leaves that are whole.
func (w *leafWriter) take() []chat.Leaf {
	l := w.leaves
	w.leaves = nil
	return l
}

// uvarint reads a number of at most most; ok is false if there is none.
func uvarint(b []byte, most uint64) (v uint64, rest []byte, ok bool) {
	if len(b) > 0 && b[0] < 0x80 {
		return uint64(b[0]), b[1:], uint64(b[0]) <= most
	}
	v, n := binary.Uvarint(b)
	if n <= 0 || v > most {
		return 0, nil, false
	}
	return v, b[n:], true
}

// piece reads a length and as many bytes.
func piece(b []byte) (p, rest []byte, ok bool) {
	n, rest, ok := uvarint(b, uint64(len(b)))
	if !ok || n > uint64(len(rest)) {
		return nil, nil, false
	}
	return rest[:n], rest[n:], true
}

// leafReader reads the lists of a leaf, one after another.
type leafReader struct {
	rest, word, list []byte
	bad              bool
}

func (r *leafReader) next() bool {
	if len(r.rest) == 0 || r.bad {
		return false
	}
	shared, rest, ok := uvarint(r.rest, uint64(len(r.word)))
	if !ok {
		r.bad = true
		return false
	}
	tail, rest, ok := piece(rest)
	if !ok {
		r.bad = true
		return false
	}
	r.word = append(r.word[:shared], tail...)
	if r.list, r.rest, ok = piece(rest); !ok {
		r.bad = true
	}
	return ok
}

// listReader reads the groups of a list.
type listReader struct {
	rest, group []byte
	chat        uint32
	bad         bool
}

func (r *listReader) next() bool {
	if len(r.rest) == 0 || r.bad {
		return false
	}
	delta, rest, ok := uvarint(r.rest, maxOrdinal-uint64(r.chat))
	if !ok {
		r.bad = true
		return false
	}
	r.chat += uint32(delta)
	if r.group, r.rest, ok = piece(rest); !ok {
		r.bad = true
	}
	return ok
}

// groupReader reads the postings of a group.
type groupReader struct {
	rest []byte
	posting
	bad bool
}

func (r *groupReader) next() bool {
	if len(r.rest) == 0 || r.bad {
		return false
	}
	delta, rest, ok := uvarint(r.rest, 2*maxOrdinal+1)
	if !ok || uint64(r.doc)+delta>>1 > maxOrdinal {
		r.bad = true
		return false
	}
	r.doc += uint32(delta >> 1)
	r.multi = delta&1 == 1
	begin, n := rest, uint64(1)
	if r.multi {
		n, rest, ok = uvarint(rest, uint64(len(rest)))
	}
	for ; n > 0 && ok; n-- {
		_, rest, ok = uvarint(rest, maxPositions)
	}
	if !ok {
		r.bad = true
		return false
	}
	r.positions, r.rest = begin[:len(begin)-len(rest)], rest
	return true
}

// encodePositions encodes positions, which are in ascending order.
func encodePositions(positions []int) (multi bool, b []byte) {
	if len(positions) == 1 {
		return false, binary.AppendUvarint(nil, uint64(positions[0]))
	}
	b = binary.AppendUvarint(nil, uint64(len(positions)))
	before := 0
	for _, p := range positions {
		b = binary.AppendUvarint(b, uint64(p-before))
		before = p
	}
	return true, b
}

// decodePositions appends the positions of a posting.
func (p *posting) decodePositions(to []int) []int {
	b, n := p.positions, uint64(1)
	if p.multi {
		n, b, _ = uvarint(b, maxPositions)
	}
	at := uint64(0)
	for ; n > 0; n-- {
		delta, rest, ok := uvarint(b, maxPositions)
		if !ok {
			break
		}
		at += delta
		b, to = rest, append(to, int(at))
	}
	return to
}

// wordPosting is a posting with its word.
type wordPosting struct {
	word string
	posting
}

// compare orders postings as leaves hold them.
func (p *wordPosting) compare(q *wordPosting) int {
	if c := strings.Compare(p.word, q.word); c != 0 {
		return c
	}
	return p.posting.compare(&q.posting)
}

func (p *posting) compare(q *posting) int {
	switch {
	case p.chat != q.chat && p.chat < q.chat, p.chat == q.chat && p.doc < q.doc:
		return -1
	case p.chat == q.chat && p.doc == q.doc:
		return 0
	}
	return 1
}

// decodeLeaf returns all postings of a leaf.
func decodeLeaf(data []byte) (all []wordPosting, err error) {
	leaf := leafReader{rest: data}
	for leaf.next() {
		word := string(leaf.word)
		list := listReader{rest: leaf.list}
		for list.next() {
			group := groupReader{rest: list.group, posting: posting{chat: list.chat}}
			for group.next() {
				all = append(all, wordPosting{word, group.posting})
			}
			leaf.bad = leaf.bad || group.bad
		}
		leaf.bad = leaf.bad || list.bad
	}
	if leaf.bad {
		return nil, errLeaf
	}
	return all, nil
}
