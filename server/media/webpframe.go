package media

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"
	"io"

	"golang.org/x/image/webp"
)

// webpFrame is a frame of an animated WebP picture: the chunk ANMF (RFC 9649, section 2.7.1.2).
type webpFrame struct {
	bounds     image.Rectangle // on the canvas
	alpha      bool
	body, size int64 // of the chunks that a still picture has
}

// firstFrame returns the first frame of a WebP picture; nil if it begins with a still picture.
func firstFrame(src io.ReaderAt, size int64) (f *webpFrame, err error) {
	err = eachWebPChunk(src, size, func(c webpChunk) error {
		if c.name != "ANMF" {
			if c.name == "VP8 " || c.name == "VP8L" {
				return errStop
			}
			return nil
		}
		var b [20]byte // of which 16 are the frame's own header
		if err := readAt(src, b[:], c.body); err != nil {
			return err
		}
		at := image.Pt(2*uint24(b[0:]), 2*uint24(b[3:]))
		f = &webpFrame{image.Rectangle{at, at.Add(image.Pt(1+uint24(b[6:]), 1+uint24(b[9:])))}, string(b[16:]) == "ALPH", c.body + 16, c.bodySize - 16}
		return errStop
	})
	if err == errStop {
		err = nil
	}
	return f, err
}

func uint24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

// decodeWebP decodes a still WebP picture, or the first frame of an animated one, which
// golang.org/x/image/webp does not read.
func decodeWebP(src io.ReaderAt, size int64) (image.Image, error) {
	f, err := firstFrame(src, size)
	if err != nil || f == nil {
		return whole(webp.Decode)(src, size)
	}
	info, _, err := webpInfo(src, size)
	canvas := image.Rect(0, 0, info.Width, info.Height)
	if err != nil || !f.bounds.In(canvas) {
		return nil, damaged("a WebP frame is outside of the canvas")
	}
	img, err := webp.Decode(yielding{f.still(src)})
	if err != nil || f.bounds == canvas {
		return img, err
	}
	all := image.NewRGBA(canvas)
	draw.Draw(all, f.bounds, img, img.Bounds().Min, draw.Src)
	return all, nil
}

// still returns the frame as a picture of its own. The decoder compares the size of the canvas
// with that in the chunks.
func (f *webpFrame) still(src io.ReaderAt) io.Reader {
	h := binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+18+f.size))
	h = append(h, "WEBPVP8X\x0a\x00\x00\x00\x00\x00\x00\x00"...)
	if f.alpha {
		h[20] = webpHasAlpha
	}
	for _, n := range []int{f.bounds.Dx() - 1, f.bounds.Dy() - 1} {
		h = append(h, byte(n), byte(n>>8), byte(n>>16))
	}
	return io.MultiReader(bytes.NewReader(h), io.NewSectionReader(src, f.body, f.size))
}
