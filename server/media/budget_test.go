package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"
)

// The estimate of a decoder's memory is near to what it allocates.
func TestDecodedSize(t *testing.T) {
	const w, h = 1000, 800
	encode := func(f func(*bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	pixels := func(img image.Image) []byte {
		return encode(func(b *bytes.Buffer) error { return png.Encode(b, img) })
	}
	r := image.Rect(0, 0, w, h)
	for name, b := range map[string][]byte{
		"JPEG":               encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, quadrants(w, h), nil) }),
		"JPEG, gray":         encode(func(b *bytes.Buffer) error { return jpeg.Encode(b, image.NewGray(r), nil) }),
		"PNG, gray":          pixels(image.NewGray(r)),
		"PNG, gray 16 bits":  pixels(image.NewGray16(r)),
		"PNG, colours":       pixels(quadrants(w, h)),
		"PNG, transparent":   pixels(image.NewNRGBA(r)),
		"PNG, 16 bits":       pixels(image.NewNRGBA64(r)),
		"PNG with a palette": pixels(image.NewPaletted(r, color.Palette{color.Black, color.White})),
		"GIF": encode(func(b *bytes.Buffer) error {
			return gif.Encode(b, image.NewPaletted(r, color.Palette{color.Black, color.White}), nil)
		}),
	} {
		typ, size := Sniff(b), int64(len(b))
		info, err := Inspect(bytes.NewReader(b), size, typ)
		if err != nil {
			t.Fatal(err)
		}
		want := decodedSize(bytes.NewReader(b), size, typ, info)
		got := int64(allocated(func() { _, _, _ = image.Decode(bytes.NewReader(b)) }))
		if got > want+1<<20 {
			t.Errorf("%s: %d bytes were allocated, %d were expected", name, got, want)
		}
	}
}

// A progressive JPEG of few bytes and of many pixels in four colours is not decoded.
func TestDecodedSizeIsBounded(t *testing.T) {
	sof := string([]byte{8, 6000 >> 8, 6000 & 255, 6000 >> 8, 6000 & 255, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0})
	for marker, want := range map[byte]int64{0xc0: 4 * 6000 * 6000, 0xc2: 20 * 6000 * 6000} {
		b := append([]byte{0xff, soi}, segment(marker, sof)...)
		b = append(b, segment(sos, "\x04\x01\x00\x02\x00\x03\x00\x04\x00\x00\x3f\x00")...)
		if got := decodedSize(bytes.NewReader(b), int64(len(b)), JPEG, Info{Width: 6000, Height: 6000}); got != want {
			t.Errorf("%x: %d, want %d", marker, got, want)
		}
		if got := allocated(func() { _ = all(b) }); want > maxDecoded && got > 1<<20 {
			t.Errorf("%x: %d bytes were allocated", marker, got)
		}
	}
}
