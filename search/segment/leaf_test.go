package segment

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"parley/chat"
)

// postings returns random postings, sorted.
func postings(r *rand.Rand, words, chats, docs int) (list []wordPosting) {
	for w := range words {
		for c := range chats {
			for d := range docs {
				if r.IntN(3) > 0 {
					continue
				}
				var positions []int
				for p := range 5 {
					if p == 2 || r.IntN(4) == 0 {
						positions = append(positions, p*r.IntN(2)*1000+p)
					}
				}
				slices.Sort(positions)
				p := posting{chat: uint32(c * c * 37), doc: uint32(d * 11)}
				p.multi, p.positions = encodePositions(positions)
				list = append(list, wordPosting{fmt.Sprintf("word%d", w*w), p})
			}
		}
	}
	slices.SortFunc(list, func(a, b wordPosting) int { return a.compare(&b) })
	return list
}

func write(list []wordPosting) []chat.Leaf {
	w := leafWriter{segment: 1}
	for _, p := range list {
		w.add(p.word, p.posting)
	}
	w.flush()
	return w.take()
}

// What is written is read: in order, in leaves of a bounded size, under the key of the last
// posting.
func TestLeaves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	list := postings(r, 20, 9, 400)
	var read []wordPosting
	leaves := write(list)
	for _, l := range leaves {
		all, err := decodeLeaf(l.Data)
		if err != nil {
			t.Fatal(err)
		}
		if len(l.Data) > leafSize+200 {
			t.Errorf("a leaf of %d bytes", len(l.Data))
		}
		last := all[len(all)-1]
		if want := leafKey(last.word, last.chat, last.doc); l.Key != want {
			t.Errorf("key %q, want %q", l.Key, want)
		}
		read = append(read, all...)
	}
	if len(leaves) < 10 || !reflect.DeepEqual(read, list) {
		t.Fatalf("%d leaves, %d postings of %d", len(leaves), len(read), len(list))
	}
	if !slices.IsSortedFunc(leaves, func(a, b chat.Leaf) int { return compareStrings(a.Key, b.Key) }) {
		t.Error("the keys do not rise")
	}
	for _, p := range list[:20] {
		positions := p.decodePositions(nil)
		multi, b := encodePositions(positions)
		if multi != p.multi || string(b) != string(p.positions) {
			t.Errorf("%v: positions %v", p, positions)
		}
	}
}

func compareStrings(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func FuzzLeaf(f *testing.F) {
	for _, l := range write(postings(rand.New(rand.NewPCG(3, 4)), 3, 3, 60)) {
		f.Add(l.Data)
	}
	f.Add([]byte{0, 1, 'a', 3, 0, 1, 0x80})
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decodeLeaf(data)
		if err != nil {
			return
		}
		for i := range all {
			all[i].decodePositions(nil)
		}
		if !slices.IsSortedFunc(all, func(a, b wordPosting) int { return a.compare(&b) }) {
			return
		}
		again := []wordPosting{}
		for _, l := range write(all) {
			part, err := decodeLeaf(l.Data)
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, part...)
		}
		if len(again) != len(all) {
			t.Fatalf("%d postings were written, %d read", len(all), len(again))
		}
	})
}

func FuzzRows(f *testing.F) {
	s := Segment{blocks: []int64{5, 9}}
	s.setIDs([]chat.ChatID{"a", "bcd"})
	f.Add(s.encodeHeader())
	f.Add(encodeBlock([]docRow{{5, 1, 7}, {5, 0, 1 << 40}, {900, 3, 0}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Segment
		if s.decodeHeader(data) == nil {
			for n := range s.Chats() {
				s.id(uint32(n))
			}
			s.number("x")
		}
		if rows, err := decodeBlock(data); err == nil {
			encodeBlock(rows)
		}
	})
}
