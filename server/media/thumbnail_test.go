package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"runtime"
	"testing"
)

func thumbnail(b []byte) (image.Image, error) {
	out, err := NewThumbnailer().Thumbnail(context.Background(), bytes.NewReader(b), int64(len(b)), Sniff(b))
	if err != nil {
		return nil, err
	}
	img, _, err := image.Decode(bytes.NewReader(out))
	return img, err
}

// quadrants returns a picture with a red, green, blue and white quadrant, in reading order.
func quadrants(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := [4]color.RGBA{{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 255}, {255, 255, 255, 255}}[2*(y*2/h)+x*2/w]
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

// letters names the quadrants of a picture, in reading order.
func letters(img image.Image) (s string) {
	b := img.Bounds()
	for _, p := range []image.Point{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
		r, g, bl, _ := img.At(b.Min.X+b.Dx()*p.X/4, b.Min.Y+b.Dy()*p.Y/4).RGBA()
		switch r, g, bl := r > 0x8000, g > 0x8000, bl > 0x8000; {
		case r && g && bl:
			s += "W"
		case r:
			s += "R"
		case g:
			s += "G"
		case bl:
			s += "B"
		}
	}
	return s
}

func TestThumbnailIsUpright(t *testing.T) {
	// What is seen of a picture stored as RG over BW, by EXIF orientation.
	for o, want := range []string{1: "RGBW", 2: "GRWB", 3: "WBGR", 4: "BWRG", 5: "RBGW", 6: "BRWG", 7: "WGBR", 8: "GWRB"} {
		if o == 0 {
			continue
		}
		var j, p bytes.Buffer
		if err := jpeg.Encode(&j, quadrants(1600, 1200), nil); err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(&p, quadrants(160, 120)); err != nil {
			t.Fatal(err)
		}
		exif := segment(app1, exifPrefix+string(orientationOnly(o)))
		withEXIF := append(append([]byte{0xff, soi}, exif...), j.Bytes()[2:]...)
		chunk := append(append(bytes.Clone(p.Bytes()[:33]), pngChunkOf("eXIf", orientationOnly(o))...), p.Bytes()[33:]...)
		for name, b := range map[string][]byte{"JPEG": withEXIF, "PNG": chunk} {
			cleaned, _ := clean(t, b)
			for _, b := range [][]byte{b, cleaned} {
				img, err := thumbnail(b)
				if err != nil {
					t.Fatal(err)
				}
				info, _ := Inspect(bytes.NewReader(b), int64(len(b)), Sniff(b))
				if got := letters(img); got != want || (img.Bounds().Dx() > img.Bounds().Dy()) != (info.Width > info.Height) {
					t.Errorf("%s, orientation %d: it shows %s, want %s; %v of %+v", name, o, got, want, img.Bounds().Size(), info)
				}
			}
		}
	}
}

func TestThumbnailSizes(t *testing.T) {
	for _, c := range []struct{ w, h, tw, th int }{{10, 10, 10, 10}, {720, 100, 720, 100}, {1440, 1440, 720, 720}, {3000, 10, 720, 2}, {1, 2000, 1, 720}} {
		var b bytes.Buffer
		if err := png.Encode(&b, quadrants(c.w, c.h)); err != nil {
			t.Fatal(err)
		}
		img, err := thumbnail(b.Bytes())
		if err != nil || img.Bounds().Size() != image.Pt(c.tw, c.th) {
			t.Errorf("%d x %d: %v, %v", c.w, c.h, img.Bounds().Size(), err)
		}
	}
}

func TestThumbnailKeepsTransparency(t *testing.T) {
	img := quadrants(1500, 1500)
	img.SetRGBA(0, 0, color.RGBA{})
	for x := range 700 {
		for y := range 700 {
			img.SetRGBA(x, y, color.RGBA{})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	small, err := thumbnail(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, a := small.At(100, 100).RGBA(); a != 0 {
		t.Errorf("alpha is %d, want 0", a)
	}
}

func TestThumbnailRefusesLargePictures(t *testing.T) {
	// A PNG of 65 bytes that claims 16384 x 16384 pixels.
	header := append(binary.BigEndian.AppendUint32(nil, 16384), 0, 0, 64, 0, 8, 6, 0, 0, 0)
	b := append([]byte(pngSignature), pngChunkOf("IHDR", header)...)
	b = append(b, pngChunkOf("IDAT", make([]byte, 8))...)
	b = append(b, pngChunkOf("IEND", nil)...)
	if len(b) != 65 || crc32.ChecksumIEEE(nil) != 0 {
		t.Fatal(len(b))
	}
	if _, err := thumbnail(b); !errors.Is(err, ErrNoThumbnail) {
		t.Errorf("the error is %v", err)
	}
}

func TestThumbnailOfTenThousandFrames(t *testing.T) {
	g := gif.GIF{}
	frame := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White})
	for range 10_000 {
		g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 1)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &g); err != nil {
		t.Fatal(err)
	}
	src := &counting{Reader: bytes.NewReader(b.Bytes())}
	if _, err := NewThumbnailer().Thumbnail(context.Background(), src, int64(b.Len()), GIF); err != nil {
		t.Fatal(err)
	}
	if src.read > 64<<10 {
		t.Errorf("%d of %d bytes were read for the first frame", src.read, b.Len())
	}
}

type counting struct {
	*bytes.Reader
	read int
}

func (c *counting) ReadAt(b []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(b, at)
	c.read += n
	return n, err
}

func TestThumbnailWaitsForItsTurn(t *testing.T) {
	th := NewThumbnailer()
	for range cap(th.slots) {
		th.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	gone := errors.New("gone")
	cancel(gone)
	b := read(t, "place.jpg")
	if _, err := th.Thumbnail(ctx, bytes.NewReader(b), int64(len(b)), JPEG); err != gone {
		t.Errorf("the error is %v, want %v", err, gone)
	}
}

// At most two are decoded at once, and one core is left.
func TestThumbnailerLeavesACore(t *testing.T) {
	for cores, want := range map[int]int{1: 1, 2: 1, 3: 2, 16: 2} {
		before := runtime.GOMAXPROCS(cores)
		got := cap(NewThumbnailer().slots)
		runtime.GOMAXPROCS(before)
		if got != want {
			t.Errorf("with %d cores: %d at once, want %d", cores, got, want)
		}
	}
}

func FuzzThumbnail(f *testing.F) {
	for _, name := range []string{"place.jpg", "place.png", "place.webp", "place.gif", "animated-lossy.webp", "animated-lossless.webp", "animated-alpha.webp"} {
		f.Add(read(f, name))
	}
	th := NewThumbnailer()
	f.Fuzz(func(t *testing.T, b []byte) {
		typ := Sniff(b)
		info, _ := Inspect(bytes.NewReader(b), int64(len(b)), typ)
		if info.Width*info.Height > 1<<20 {
			return
		}
		th.Thumbnail(context.Background(), bytes.NewReader(b), int64(len(b)), typ)
		th.Square(context.Background(), bytes.NewReader(b), int64(len(b)), typ, 64)
	})
}

// photo returns a JPEG of 12 megapixels that compresses like a photograph.
func photo(b *testing.B) []byte {
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	rnd := rand.New(rand.NewPCG(1, 2))
	for i := range img.Y {
		img.Y[i] = byte(128 + 60*((i/4000/40+i%4000/40)%2) + rnd.IntN(24))
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = byte(100+i%2000/40), byte(150-i/2000/40)
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 85}); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

func BenchmarkThumbnail12Megapixels(b *testing.B) {
	p := photo(b)
	th := NewThumbnailer()
	b.Run("decode alone", func(b *testing.B) {
		for b.Loop() {
			if _, err := jpeg.Decode(bytes.NewReader(p)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("thumbnail", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := th.Thumbnail(context.Background(), bytes.NewReader(p), int64(len(p)), JPEG); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("clean", func(b *testing.B) {
		b.SetBytes(int64(len(p)))
		for b.Loop() {
			if _, err := Clean(bytes.NewReader(p), int64(len(p)), JPEG); err != nil {
				b.Fatal(err)
			}
		}
	})
}
