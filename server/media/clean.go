package media

import (
	"errors"
	"fmt"
	"io"
)

// ErrDamaged is wrapped by the error for a file that does not follow its own format.
var ErrDamaged = errors.New("the file is damaged")

func damaged(what string) error { return fmt.Errorf("%w: %s", ErrDamaged, what) }

// Cleaned is a file without the metadata that was removed. It reads from its source.
type Cleaned struct {
	src    io.ReaderAt
	pieces []piece
	size   int64
	from   int64 // of the source, that pieces have passed
	change bool
	tooBig bool // it has more than maxPieces
}

// maxPieces bounds the memory that a file of many small parts takes. An hour of video with a
// track of places has some thousands.
const maxPieces = 1 << 16

// piece is a range of the source, or bytes that replace one. A range without a source is zeros.
type piece struct {
	from, n int64
	bytes   []byte
	zero    bool
}

// Clean returns the file without places, device names, comments, embedded previews and
// edit histories: EXIF, XMP and IPTC of JPEG, text and EXIF chunks of PNG, EXIF and XMP of
// WebP, comments of GIF, user data and timed metadata of MP4 and QuickTime, EXIF and XMP
// items of AVIF and HEIC, tags and attachments of WebM, and whatever follows the end of a
// picture. Colour profiles and the orientation stay; pictures are not compressed again.
// Other types are returned as they are. The error wraps ErrDamaged or is the source's.
func Clean(src io.ReaderAt, size int64, typ string) (*Cleaned, error) {
	c := &Cleaned{src: src}
	var err error
	switch typ {
	case JPEG:
		err = cleanJPEG(c, size)
	case PNG:
		err = cleanPNG(c, size)
	case GIF:
		err = cleanGIF(c, size)
	case WebP:
		err = cleanWebP(c, size)
	case MP4, QuickTime, M4A:
		err = cleanMP4(c, size)
	case AVIF, HEIC:
		err = cleanHEIF(c, size)
	case WebM:
		err = cleanWebM(c, size)
	default:
		c.keepTo(size)
	}
	if err != nil {
		return nil, err
	}
	if c.tooBig {
		return nil, damaged("it has too many parts")
	}
	c.change = c.change || c.from != size
	return c, nil
}

// Size returns the number of bytes.
func (c *Cleaned) Size() int64 { return c.size }

// Changed reports whether anything was removed.
func (c *Cleaned) Changed() bool { return c.change }

// WriteTo writes the file.
func (c *Cleaned) WriteTo(w io.Writer) (int64, error) {
	var n int64
	// One buffer: io.Copy would make one for each piece.
	to, buffer := struct{ io.Writer }{w}, make([]byte, min(c.size+1, 64<<10))
	for _, p := range c.pieces {
		var r io.Reader = io.NewSectionReader(c.src, p.from, p.n)
		if p.zero {
			r = io.LimitReader(zeros{}, p.n)
		}
		if p.bytes != nil {
			k, err := w.Write(p.bytes)
			if n += int64(k); err != nil {
				return n, err
			}
			continue
		}
		k, err := io.CopyBuffer(to, r, buffer)
		if n += k; err != nil {
			return n, err
		}
		if k != p.n {
			return n, io.ErrUnexpectedEOF
		}
	}
	return n, nil
}

// keepTo keeps the source up to this offset.
func (c *Cleaned) keepTo(to int64) {
	if to <= c.from {
		return
	}
	if n := len(c.pieces); n > 0 && c.pieces[n-1].bytes == nil && !c.pieces[n-1].zero && c.pieces[n-1].from+c.pieces[n-1].n == c.from {
		c.pieces[n-1].n += to - c.from
	} else {
		c.add(piece{from: c.from, n: to - c.from})
	}
	c.size += to - c.from
	c.from = to
}

func (c *Cleaned) add(p piece) {
	if len(c.pieces) == maxPieces {
		c.tooBig = true
		return
	}
	c.pieces = append(c.pieces, p)
}

// dropTo leaves out the source up to this offset.
func (c *Cleaned) dropTo(to int64) { c.change, c.from = true, max(c.from, to) }

// insert adds bytes. The caller does not change them afterwards.
func (c *Cleaned) insert(b []byte) {
	c.change = true
	c.add(piece{bytes: b})
	c.size += int64(len(b))
}

// replace replaces the next bytes of the source.
func (c *Cleaned) replace(b []byte) {
	c.insert(b)
	c.from += int64(len(b))
}

// zeroTo replaces the source up to this offset by zeros.
func (c *Cleaned) zeroTo(to int64) {
	if to <= c.from {
		return
	}
	c.change = true
	if n := len(c.pieces); n > 0 && c.pieces[n-1].zero {
		c.pieces[n-1].n += to - c.from
	} else {
		c.add(piece{n: to - c.from, zero: true})
	}
	c.size += to - c.from
	c.from = to
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// readAt fills b from the source, or fails with ErrDamaged at the end of the file.
func readAt(src io.ReaderAt, b []byte, at int64) error {
	n, err := src.ReadAt(b, at)
	if n == len(b) {
		return nil
	}
	if err == io.EOF || err == nil {
		return damaged("it ends too early")
	}
	return err
}
