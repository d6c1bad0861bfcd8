package media

import (
	"io"
	"slices"
)

// gifKept are the applications' extensions that a picture needs: how often it plays, and its colours.
var gifKept = []string{"NETSCAPE2.0", "ANIMEXTS1.0", "ICCRGBG1012"}

// gifBlock is an extension or a picture of a GIF file (GIF89a, section 12 and on).
type gifBlock struct {
	at, end int64
	label   byte   // of an extension; 0 for a picture
	app     string // of an application's extension
}

// eachGIFBlock calls f for each block up to the trailer, and returns where the first one
// begins and where the trailer ends.
func eachGIFBlock(src io.ReaderAt, size int64, f func(gifBlock) error) (start, end int64, err error) {
	var h [13]byte
	if err := readAt(src, h[:], 0); err != nil {
		return 0, 0, err
	}
	table := func(flags byte) int64 { // bytes of a colour table
		if flags&0x80 == 0 {
			return 0
		}
		return 3 << (flags&7 + 1)
	}
	start = 13 + table(h[10])
	in := &buffered{src: src}
	for at := start; at < size; {
		b := gifBlock{at: at}
		kind, err := in.byteAt(at)
		if err != nil {
			return 0, 0, err
		}
		switch kind {
		case 0x3b:
			return start, at + 1, nil
		case 0x2c:
			flags, err := in.byteAt(at + 9)
			if err != nil {
				return 0, 0, err
			}
			at += 10 + table(flags) + 1
		case 0x21:
			if b.label, err = in.byteAt(at + 1); err != nil {
				return 0, 0, err
			}
			if n, err := in.byteAt(at + 2); b.label == 0xff && err == nil && n == 11 {
				var app [11]byte
				if err := readAt(src, app[:], at+3); err != nil {
					return 0, 0, err
				}
				b.app = string(app[:])
			}
			at += 2
		default:
			return 0, 0, damaged("a GIF block is of no known kind")
		}
		for {
			n, err := in.byteAt(at)
			if err != nil {
				return start, size, f(gifBlock{b.at, size, b.label, b.app}) // it ends too early: browsers show what there is
			}
			at += 1 + int64(n)
			if n == 0 {
				break
			}
		}
		b.end = min(at, size)
		if err := f(b); err != nil {
			return 0, 0, err
		}
	}
	return start, size, nil
}

func cleanGIF(c *Cleaned, size int64) error {
	_, end, err := eachGIFBlock(c.src, size, func(b gifBlock) error {
		c.keepTo(b.at)
		if b.label == 0xfe || b.label == 0xff && !slices.Contains(gifKept, b.app) {
			c.dropTo(b.end)
		}
		return nil
	})
	if err == nil {
		c.keepTo(end)
	}
	return err
}

// buffered reads single bytes at ascending offsets.
type buffered struct {
	src io.ReaderAt
	buf [4096]byte
	at  int64 // of buf
	n   int
}

func (b *buffered) byteAt(at int64) (byte, error) {
	if at < b.at || at >= b.at+int64(b.n) {
		n, err := b.src.ReadAt(b.buf[:], at)
		if n == 0 {
			if err == io.EOF || err == nil {
				return 0, damaged("it ends too early")
			}
			return 0, err
		}
		b.at, b.n = at, n
	}
	return b.buf[at-b.at], nil
}
