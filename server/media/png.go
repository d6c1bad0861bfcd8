package media

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"slices"
)

const pngSignature = "\x89PNG\r\n\x1a\n"

// pngKept are the chunks that a picture needs (PNG, third edition, section 11, with
// animation). The others are text, times, EXIF and what applications added.
var pngKept = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "bKGD", "pHYs", "cICP", "mDCV", "cLLI", "acTL", "fcTL", "fdAT"}

type pngChunk struct {
	name    string
	at, end int64 // of the whole chunk; its data begin 8 bytes after at, and end 4 before end
}

// maxPNGChunks bounds the chunks of a PNG: image/png allocates 4 KiB for each that it skips.
// One of 100 MiB has some ten thousand.
const maxPNGChunks = 1 << 17

// eachPNGChunk calls f for each chunk up to IEND.
func eachPNGChunk(src io.ReaderAt, size int64, f func(pngChunk) error) error {
	var h [8]byte
	if err := readAt(src, h[:], 0); err != nil {
		return err
	}
	if string(h[:]) != pngSignature {
		return damaged("the signature of PNG is missing")
	}
	for at, n := int64(8), 0; at < size; n++ {
		if n == maxPNGChunks {
			return damaged("it has too many chunks")
		}
		if err := readAt(src, h[:], at); err != nil {
			return err
		}
		c := pngChunk{string(h[4:]), at, at + 12 + int64(binary.BigEndian.Uint32(h[:]))}
		if c.end > size {
			if c.name == "IDAT" { // a picture that ends too early: browsers show what there is
				c.end = size
				return f(c)
			}
			return damaged("a PNG chunk is too long")
		}
		if err := f(c); err != nil {
			return err
		}
		if c.name == "IEND" {
			return nil
		}
		at = c.end
	}
	return nil
}

func pngOrientation(src io.ReaderAt, c pngChunk) int {
	if c.name != "eXIf" {
		return 1
	}
	return orientation(src, c.at+8, c.end-c.at-12)
}

func cleanPNG(c *Cleaned, size int64) error {
	c.keepTo(8)
	return eachPNGChunk(c.src, size, func(ch pngChunk) error {
		switch o := pngOrientation(c.src, ch); {
		case o > 1:
			c.dropTo(ch.end)
			c.insert(pngChunkOf("eXIf", orientationOnly(o)))
		case slices.Contains(pngKept, ch.name):
			c.keepTo(ch.end)
		default:
			c.dropTo(ch.end)
		}
		return nil
	})
}

func pngChunkOf(name string, data []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	b = append(append(b, name...), data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}
