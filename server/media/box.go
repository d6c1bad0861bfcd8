package media

import (
	"encoding/binary"
	"io"
)

// box is a box of an ISO base media file (ISO/IEC 14496-12, section 4.2).
type box struct {
	name          string
	at, body, end int64
}

const maxBoxes = 100_000 // in one container

// eachBox calls f for each box between two offsets.
func eachBox(src io.ReaderAt, at, end int64, f func(box) error) error {
	for n := 0; at+8 <= end; n++ {
		if n == maxBoxes {
			return damaged("it has too many boxes")
		}
		var h [16]byte
		if err := readAt(src, h[:8], at); err != nil {
			return err
		}
		b := box{string(h[4:8]), at, at + 8, 0}
		switch size := int64(binary.BigEndian.Uint32(h[:])); size {
		case 0:
			b.end = end
		case 1:
			if err := readAt(src, h[8:], at+8); err != nil {
				return err
			}
			long := binary.BigEndian.Uint64(h[8:])
			if long > uint64(end-at) {
				return damaged("a box is too long")
			}
			b.body, b.end = at+16, at+int64(long)
		default:
			b.end = at + size
		}
		if b.end < b.body || b.end > end {
			return damaged("a box is too long")
		}
		if err := f(b); err != nil {
			return err
		}
		at = b.end
	}
	return nil
}

// fields reads big-endian numbers of a box, one after the other; past its end they are 0.
type fields struct {
	src     io.ReaderAt
	at, end int64
	err     error
}

func (b box) fields(src io.ReaderAt) *fields { return &fields{src: src, at: b.body, end: b.end} }

func (f *fields) uint(bytes int) uint64 {
	var v [8]byte
	if f.err != nil || f.at+int64(bytes) > f.end {
		if f.err == nil {
			f.err = damaged("a box is too short")
		}
		return 0
	}
	f.err = readAt(f.src, v[8-bytes:], f.at)
	f.at += int64(bytes)
	return binary.BigEndian.Uint64(v[:])
}

func (f *fields) name() string {
	v := uint32(f.uint(4))
	return string(binary.BigEndian.AppendUint32(nil, v))
}

func (f *fields) skip(n int64) { f.at += n }
