package media

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// jpegSegment is a marker of a JPEG file (ITU-T T.81, annex B) with what belongs to it: the
// parameters, and after a start of scan its compressed data.
type jpegSegment struct {
	marker   byte
	at, end  int64 // of the whole segment
	body     int64 // where the parameters begin
	bodySize int64
}

const (
	soi, eoi, sos, com = 0xd8, 0xd9, 0xda, 0xfe
	app0, app1         = 0xe0, 0xe1
)

// eachJPEGSegment calls f for each segment up to the end of the picture. A picture whose
// compressed data ends too early is whole: browsers show what there is.
func eachJPEGSegment(src io.ReaderAt, size int64, f func(jpegSegment) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(src, 0, size), 32<<10)
	var at int64
	read := func() (byte, error) {
		b, err := r.ReadByte()
		if err == nil {
			at++
		}
		return b, err
	}
	var marker byte
	for {
		s := jpegSegment{at: at}
		if marker == 0 {
			b, err := read()
			if err == nil && b != 0xff {
				return damaged("a JPEG marker is missing")
			}
			for err == nil && b == 0xff {
				b, err = read()
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			marker = b
		} else {
			s.at -= 2
		}
		s.marker, s.body = marker, at
		marker = 0
		if standalone := s.marker == 1 || s.marker >= 0xd0 && s.marker <= eoi; !standalone {
			var n [2]byte
			for i := range n {
				b, err := read()
				if err == io.EOF {
					return damaged("a JPEG segment is cut off")
				}
				if err != nil {
					return err
				}
				n[i] = b
			}
			s.body, s.bodySize = at, int64(binary.BigEndian.Uint16(n[:]))-2
			if s.bodySize < 0 || s.body+s.bodySize > size {
				return damaged("a JPEG segment is too long")
			}
			if _, err := r.Discard(int(s.bodySize)); err != nil {
				return err
			}
			at += s.bodySize
		}
		if s.marker == sos {
			for {
				n, err := skipTo(r, 0xff)
				at += n
				b := byte(0xff)
				for err == nil && b == 0xff {
					b, err = read()
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					return err
				}
				if b != 0 && (b < 0xd0 || b > 0xd7) { // neither a stuffed byte nor a restart
					marker = b
					break
				}
			}
		}
		s.end = at
		if marker != 0 {
			s.end -= 2
		}
		if err := f(s); err != nil {
			return err
		}
		if s.marker == eoi {
			return nil
		}
	}
}

// skipTo discards up to and with the next b, and returns how many bytes that were.
func skipTo(r *bufio.Reader, b byte) (n int64, err error) {
	for {
		if _, err := r.Peek(1); err != nil {
			return n, err
		}
		buf, _ := r.Peek(r.Buffered())
		i := bytes.IndexByte(buf, b)
		if i >= 0 {
			buf = buf[:i+1]
		}
		r.Discard(len(buf))
		n += int64(len(buf))
		if i >= 0 {
			return n, nil
		}
	}
}

// jpegOrientation returns the orientation that a JPEG segment holds, or 0.
func jpegOrientation(src io.ReaderAt, s jpegSegment) int {
	var p [len(exifPrefix)]byte
	if s.marker != app1 || s.bodySize < int64(len(p)) || readAt(src, p[:], s.body) != nil || string(p[:]) != exifPrefix {
		return 0
	}
	return orientation(src, s.body+int64(len(p)), s.bodySize-int64(len(p)))
}

// keptSegment reports whether a segment is needed to show the picture: all but comments
// and applications' segments, and of these JFIF, ICC profiles and Adobe's colour transform.
func keptSegment(src io.ReaderAt, s jpegSegment) bool {
	if s.marker == com {
		return false
	}
	if s.marker < app0 || s.marker > 0xef {
		return true
	}
	want := map[byte]string{app0: "JFIF\x00", 0xe2: "ICC_PROFILE\x00", 0xee: "Adobe"}[s.marker]
	if want == "" || s.bodySize < int64(len(want)) {
		return false
	}
	b := make([]byte, len(want))
	return readAt(src, b, s.body) == nil && string(b) == want
}

func cleanJPEG(c *Cleaned, size int64) error {
	turned := 0
	inserted := false
	err := eachJPEGSegment(c.src, size, func(s jpegSegment) error {
		if o := jpegOrientation(c.src, s); o != 0 && turned == 0 {
			turned = o
		}
		// The orientation goes in front of what follows the applications' segments.
		if !inserted && turned > 1 && s.marker != soi && s.marker != com && (s.marker < app0 || s.marker > 0xef) {
			c.dropTo(s.at)
			body := append([]byte(exifPrefix), orientationOnly(turned)...)
			c.insert(append([]byte{0xff, app1, 0, byte(len(body) + 2)}, body...))
			inserted = true
		}
		if keptSegment(c.src, s) {
			c.from = s.at
			c.keepTo(s.end)
		} else {
			c.change = true
		}
		return nil
	})
	return err
}
