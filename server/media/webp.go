package media

import (
	"encoding/binary"
	"io"
	"slices"
)

// webpKept are the chunks that a picture needs (RFC 9649, section 2.7).
var webpKept = []string{"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"}

const webpHasXMP, webpHasEXIF, webpHasAlpha = 0x04, 0x08, 0x10 // flags of VP8X

type webpChunk struct {
	name          string
	at, body, end int64 // end is even
	bodySize      int64
}

// eachWebPChunk calls f for each chunk of the RIFF container.
func eachWebPChunk(src io.ReaderAt, size int64, f func(webpChunk) error) error {
	var h [12]byte
	if err := readAt(src, h[:], 0); err != nil {
		return err
	}
	if string(h[:4]) != "RIFF" || string(h[8:]) != "WEBP" {
		return damaged("the header of WebP is missing")
	}
	size = min(size, 8+int64(binary.LittleEndian.Uint32(h[4:])))
	for at := int64(12); at+8 <= size; {
		if err := readAt(src, h[:8], at); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(h[4:]))
		c := webpChunk{string(h[:4]), at, at + 8, at + 8 + n + n&1, n}
		if c.body+n > size {
			return damaged("a WebP chunk is too long")
		}
		c.end = min(c.end, size)
		if err := f(c); err != nil {
			return err
		}
		at = c.end
	}
	return nil
}

// webpOrientation returns the orientation that a chunk EXIF holds. Some programs put the
// prefix of JPEG in front of it.
func webpOrientation(src io.ReaderAt, c webpChunk) int {
	if c.name != "EXIF" {
		return 1
	}
	var p [len(exifPrefix)]byte
	if c.bodySize > int64(len(p)) && readAt(src, p[:], c.body) == nil && string(p[:]) == exifPrefix {
		return orientation(src, c.body+int64(len(p)), c.bodySize-int64(len(p)))
	}
	return orientation(src, c.body, c.bodySize)
}

func cleanWebP(c *Cleaned, size int64) error {
	turned := 1
	err := eachWebPChunk(c.src, size, func(ch webpChunk) error {
		if o := webpOrientation(c.src, ch); o > 1 {
			turned = o
		}
		return nil
	})
	if err != nil {
		return err
	}
	var header [12]byte
	if err := readAt(c.src, header[:], 0); err != nil {
		return err
	}
	told := binary.LittleEndian.Uint32(header[4:])
	c.keepTo(12)
	err = eachWebPChunk(c.src, size, func(ch webpChunk) error {
		if ch.name == "VP8X" && ch.bodySize >= 1 {
			c.keepTo(ch.body)
			var flags [1]byte
			if err := readAt(c.src, flags[:], ch.body); err != nil {
				return err
			}
			want := flags[0] &^ (webpHasXMP | webpHasEXIF)
			if turned > 1 {
				want |= webpHasEXIF
			}
			if want != flags[0] {
				c.replace([]byte{want})
			}
		}
		if slices.Contains(webpKept, ch.name) {
			c.keepTo(ch.end)
		} else {
			c.dropTo(ch.end)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if turned > 1 {
		exif := orientationOnly(turned)
		c.insert(append(binary.LittleEndian.AppendUint32([]byte("EXIF"), uint32(len(exif))), exif...))
	}
	if got := uint32(c.size - 8); got != told { // the container's size is in front
		copy(header[4:], binary.LittleEndian.AppendUint32(nil, got))
		c.pieces[0].from, c.pieces[0].n = 12, c.pieces[0].n-12
		c.pieces = slices.Insert(c.pieces, 0, piece{bytes: header[:]})
		c.change = true
	}
	return nil
}
