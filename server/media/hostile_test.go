package media

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// all runs everything that is done with an uploaded file.
func all(b []byte) error {
	typ, size := Sniff(b), int64(len(b))
	_, inspected := Inspect(bytes.NewReader(b), size, typ)
	c, cleaned := Clean(bytes.NewReader(b), size, typ)
	if cleaned == nil {
		_, cleaned = c.WriteTo(io.Discard)
	}
	_, small := NewThumbnailer().Thumbnail(context.Background(), bytes.NewReader(b), size, typ)
	_, square := NewThumbnailer().Square(context.Background(), bytes.NewReader(b), size, typ, 512)
	return errors.Join(inspected, cleaned, small, square)
}

// Nothing that a chunk holds is decompressed, and no list of parts grows with the file.
func TestHostileFilesTakeLittleMemory(t *testing.T) {
	var bomb, plain bytes.Buffer
	z := zlib.NewWriter(&bomb)
	for range 256 {
		_, _ = z.Write(make([]byte, 1<<20))
	}
	_ = z.Close()
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	head, rest := plain.Bytes()[:33], plain.Bytes()[33:] // signature and IHDR
	with := func(chunks ...[]byte) []byte {
		return append(append(bytes.Clone(head), bytes.Join(chunks, nil)...), rest...)
	}
	alternate := bytes.Repeat(append(pngChunkOf("tEXt", nil), pngChunkOf("gAMA", nil)...), 200_000)
	segments := bytes.Repeat(append(segment(com, ""), segment(0xe2, "ICC_PROFILE\x00\x01\x01")...), 200_000)
	for name, c := range map[string]struct {
		body []byte
		most uint64
	}{
		"zTXt that becomes 256 MiB":    {with(pngChunkOf("zTXt", append([]byte("Comment\x00\x00"), bomb.Bytes()...))), 4 << 20},
		"iTXt that becomes 256 MiB":    {with(pngChunkOf("iTXt", append([]byte("Comment\x00\x01\x00\x00\x00"), bomb.Bytes()...))), 4 << 20},
		"iCCP that becomes 256 MiB":    {with(pngChunkOf("iCCP", append([]byte("icc\x00\x00"), bomb.Bytes()...))), 4 << 20},
		"IDAT that becomes 256 MiB":    {append(append(bytes.Clone(head), pngChunkOf("IDAT", bomb.Bytes())...), pngChunkOf("IEND", nil)...), 4 << 20},
		"400,000 PNG chunks":           {with(alternate), 64 << 20},
		"400,000 JPEG segments":        {withSegments(t, segments), 64 << 20},
		"a WebP of 100,000 EXIF parts": {riff(bytes.Repeat([]byte("EXIF\x02\x00\x00\x00xxVP8 \x02\x00\x00\x00xx"), 100_000)), 64 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			if got := allocated(func() { _ = all(c.body) }); got > c.most {
				t.Errorf("%d bytes were allocated for a file of %d", got, len(c.body))
			}
		})
	}
}

func riff(body []byte) []byte {
	b := append([]byte("RIFF"), binary.LittleEndian.AppendUint32(nil, uint32(len(body)+4))...)
	return append(append(b, "WEBP"...), body...)
}

// A file that ends too early is damaged, or is taken for what there is; it is never a panic.
func TestTruncatedFiles(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 64, 64)), nil); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"plain.jpg": b.Bytes()}
	for _, name := range []string{"place.jpg", "place.png", "place.webp", "place.avif", "place.gif", "place.mp4", "place.mov", "place.webm", "animated-lossy.webp", "animated-alpha.webp"} {
		files[name] = read(t, name)
	}
	for name, whole := range files {
		for n := range whole {
			if err := all(whole[:n]); err != nil {
				for _, e := range strings.Split(err.Error(), "\n") {
					if !strings.HasPrefix(e, ErrDamaged.Error()) && !strings.HasPrefix(e, ErrNoThumbnail.Error()) {
						t.Fatalf("the first %d bytes of %s: %v", n, name, e)
					}
				}
			}
		}
	}
}

// A picture that says two sizes is as large as the one that its decoder believes.
func TestPicturesOfTwoSizes(t *testing.T) {
	ihdr := func(w, h uint32) []byte {
		return pngChunkOf("IHDR", append(binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h), 8, 6, 0, 0, 0))
	}
	var zeros bytes.Buffer
	z := zlib.NewWriter(&zeros)
	_, _ = z.Write(make([]byte, 1<<20))
	_ = z.Close()
	twice := bytes.Join([][]byte{[]byte(pngSignature), ihdr(16384, 16384), pngChunkOf("IDAT", zeros.Bytes()), ihdr(1, 1), pngChunkOf("IEND", nil)}, nil)
	size := func(w, h uint32) []byte { // of a canvas
		return []byte{byte(w - 1), byte((w - 1) >> 8), byte((w - 1) >> 16), byte(h - 1), byte((h - 1) >> 8), byte((h - 1) >> 16)}
	}
	chunk := func(name string, data []byte) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(data)))
		if b = append(b, data...); len(data)%2 == 1 {
			b = append(b, 0)
		}
		return b
	}
	// VP8L: 14 bits each of width and height less one; codes of one symbol, which need no bits.
	vp8l := append([]byte{0x2f}, binary.LittleEndian.AppendUint32(nil, 16383|16383<<14)...)
	vp8l = append(vp8l, bytes.Repeat([]byte{0x88, 0x08, 0x11, 0x22, 0x44}, 20)...)
	vp8 := append([]byte{0x10, 0, 0, 0x9d, 0x01, 0x2a}, 0xff, 0x3f, 0xff, 0x3f, 0, 0, 0, 0)
	canvas := func(flags byte, w, h uint32) []byte {
		return chunk("VP8X", append([]byte{flags, 0, 0, 0}, size(w, h)...))
	}
	const alpha = 0x10
	for name, b := range map[string][]byte{
		"a PNG with two headers":                twice,
		"a WebP with two canvases":              riff(bytes.Join([][]byte{canvas(alpha, 16384, 16384), chunk("ALPH", append([]byte{1}, vp8l[5:]...)), canvas(0, 1, 1)}, nil)),
		"a WebP canvas and another VP8L":        riff(append(canvas(0, 1, 1), chunk("VP8L", vp8l)...)),
		"a WebP canvas and another VP8":         riff(append(canvas(0, 1, 1), chunk("VP8 ", vp8)...)),
		"a WebP with two bitstreams":            riff(append(chunk("VP8L", vp8l), chunk("VP8 ", append(bytes.Clone(vp8[:6]), 1, 0, 1, 0, 0, 0))...)),
		"a WebP with two bitstreams, the other": riff(append(chunk("VP8 ", append(bytes.Clone(vp8[:6]), 1, 0, 1, 0, 0, 0)), chunk("VP8L", vp8l)...)),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := thumbnail(b); !errors.Is(err, ErrNoThumbnail) && !errors.Is(err, ErrDamaged) {
				t.Errorf("the error is %v", err)
			}
			if got := allocated(func() { _ = all(b) }); got > 8<<20 {
				t.Errorf("%d bytes were allocated", got)
			}
		})
	}
}
