package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"testing"
)

// An animated WebP has the thumbnail of its first frame, whatever the frame is encoded with.
func TestThumbnailOfAnimatedWebP(t *testing.T) {
	for name, want := range map[string]string{"animated-lossy.webp": "RGBW", "animated-lossless.webp": "RGBW", "animated-alpha.webp": "RGB"} {
		b := read(t, name)
		for _, b := range [][]byte{b, oneFrame(b)} {
			img, err := thumbnail(b)
			if err != nil {
				t.Fatal(name, err)
			}
			if got := letters(img); got != want || img.Bounds().Size() != image.Pt(64, 48) {
				t.Errorf("%s shows %q in %v, want %q", name, got, img.Bounds().Size(), want)
			}
			if _, _, _, a := img.At(60, 40).RGBA(); (a == 0) != (name == "animated-alpha.webp") {
				t.Errorf("%s: alpha is %d", name, a)
			}
		}
	}
}

// oneFrame returns an animated WebP without its last frame of two.
func oneFrame(b []byte) []byte { return riff(b[12:bytes.LastIndex(b, []byte("ANMF"))]) }

// onCanvas returns an animated WebP whose first frame is at x, y of a canvas of w x h, and says
// that it has fw x fh pixels.
func onCanvas(b []byte, w, h, x, y, fw, fh int) []byte {
	b = bytes.Clone(b)
	put := func(at int, n ...int) {
		for i, n := range n {
			copy(b[at+3*i:], binary.LittleEndian.AppendUint32(nil, uint32(n))[:3])
		}
	}
	put(bytes.Index(b, []byte("VP8X"))+12, w-1, h-1)
	put(bytes.Index(b, []byte("ANMF"))+8, x/2, y/2, fw-1, fh-1)
	return b
}

// A frame that is smaller than its canvas is at its place; around it, it is transparent.
func TestFrameOnCanvas(t *testing.T) {
	for _, name := range []string{"animated-lossy.webp", "animated-lossless.webp"} {
		img, err := thumbnail(onCanvas(read(t, name), 200, 100, 100, 50, 64, 48))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, _, a := img.At(10, 10).RGBA(); img.Bounds().Size() != image.Pt(200, 100) || a != 0 {
			t.Errorf("%s: %v, alpha %d", name, img.Bounds(), a)
		}
		if got := letters(img.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(image.Rect(100, 50, 164, 98))); got != "RGBW" {
			t.Errorf("%s shows %q", name, got)
		}
	}
}

// A frame is not decoded when it says another size than its bytes, or is not on the canvas.
func TestFramesThatLie(t *testing.T) {
	for _, name := range []string{"animated-lossy.webp", "animated-lossless.webp", "animated-alpha.webp"} {
		whole := read(t, name)
		header := bytes.Index(whole, []byte("ANMF"))
		inner := func(chunk string, body []byte) []byte { // another chunk in front of the frame's own
			c := append(binary.LittleEndian.AppendUint32([]byte(chunk), uint32(len(body))), body...)
			b := append(append(bytes.Clone(whole[12:header+24]), c...), whole[header+24:]...)
			binary.LittleEndian.PutUint32(b[header-12+4:], binary.LittleEndian.Uint32(b[header-12+4:])+uint32(len(c)))
			return riff(b)
		}
		for what, b := range map[string][]byte{
			"a larger frame than its bytes":  onCanvas(whole, 4000, 4000, 0, 0, 4000, 4000),
			"a smaller frame than its bytes": onCanvas(whole, 64, 48, 0, 0, 2, 2),
			"a frame outside":                onCanvas(whole, 64, 48, 2, 0, 64, 48),
			"a frame far outside":            onCanvas(whole, 64, 48, 1<<24, 1<<24, 1<<24, 1<<24),
			"a canvas that is too large":     onCanvas(whole, 16384, 16384, 0, 0, 64, 48),
			"a canvas in the frame":          inner("VP8X", make([]byte, 10)),
			"a frame in the frame":           riff(append(bytes.Clone(whole[12:header]), "ANMF\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x2f\x00\x00\x64\x00\x00\x02ANMF\x00\x00\x00\x00"...)),
			"a frame without a picture":      riff(append(bytes.Clone(whole[12:header]), "ANMF\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x2f\x00\x00\x64\x00\x00\x02"...)),
			"a frame without its header":     riff(append(bytes.Clone(whole[12:header]), "ANMF\x0c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x3f\x00\x00\x2f\x00\x00"...)),
		} {
			if _, err := thumbnail(b); !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNoThumbnail) {
				t.Errorf("%s, %s: the error is %v", name, what, err)
			}
			if got := allocated(func() { _ = all(b) }); got > 64<<20 {
				t.Errorf("%s, %s: %d bytes were allocated", name, what, got)
			}
		}
	}
}
