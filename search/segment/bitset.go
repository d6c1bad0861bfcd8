package segment

import (
	"iter"
	"math/bits"
)

// bitset is a set of ordinals of documents.
type bitset []uint64

func newBitset(n int) bitset { return make(bitset, (n+63)/64) }

func (b bitset) set(i uint32)      { b[i/64] |= 1 << (i % 64) }
func (b bitset) has(i uint32) bool { return b[i/64]&(1<<(i%64)) != 0 }

func (b bitset) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

// and removes what is not in c.
func (b bitset) and(c bitset) {
	for i := range b {
		b[i] &= c[i]
	}
}

// newest returns the elements, the highest first.
func (b bitset) newest() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for i := len(b) - 1; i >= 0; i-- {
			for w := b[i]; w != 0; {
				top := 63 - bits.LeadingZeros64(w)
				w &^= 1 << top
				if !yield(uint32(i*64 + top)) {
					return
				}
			}
		}
	}
}
