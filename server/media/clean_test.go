package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

func read(t testing.TB, name string) []byte {
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func clean(t testing.TB, b []byte) ([]byte, *Cleaned) {
	t.Helper()
	c, err := Clean(bytes.NewReader(b), int64(len(b)), Sniff(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if n, err := c.WriteTo(&out); err != nil || n != c.Size() || n != int64(out.Len()) {
		t.Fatalf("WriteTo returned %d, %v; Size %d, written %d", n, err, c.Size(), out.Len())
	}
	return out.Bytes(), c
}

// places are what the files in testdata hold: a text, and coordinates as exiftool and ffmpeg write them.
var places = [][]byte{[]byte("SECRETPLACE"), []byte("+47.3769"), []byte("+008.5417"), []byte("GPSLatitude"), {0, 0, 0, 47, 0, 0, 0, 1}, {47, 0, 0, 0, 1, 0, 0, 0}}

func TestCleanRemovesPlaces(t *testing.T) {
	for name, want := range map[string]struct {
		typ  string
		info Info
	}{
		"place.jpg":  {JPEG, Info{Width: 48, Height: 64}}, // stored lying, shown upright
		"place.png":  {PNG, Info{Width: 48, Height: 64}},
		"place.webp": {WebP, Info{Width: 48, Height: 64}},
		"place.avif": {AVIF, Info{Width: 64, Height: 48}}, // whose EXIF turns nothing
		"place.gif":  {GIF, Info{Width: 32, Height: 24, DurationMs: 1010}},
		"place.mp4":  {MP4, Info{Width: 64, Height: 48, DurationMs: 1000}},
		"place.mov":  {QuickTime, Info{Width: 64, Height: 48, DurationMs: 1000}},
		"place.webm": {WebM, Info{Width: 64, Height: 48, DurationMs: 1000}},
	} {
		t.Run(name, func(t *testing.T) {
			b := read(t, name)
			if typ := Sniff(b); typ != want.typ {
				t.Fatalf("Sniff returned %s, want %s", typ, want.typ)
			}
			held := 0
			for _, p := range places {
				held += bytes.Count(b, p)
			}
			if held == 0 {
				t.Fatal("the file holds no place to remove")
			}
			out, c := clean(t, b)
			for _, p := range places {
				if bytes.Contains(out, p) {
					t.Errorf("%q is still there", p)
				}
			}
			if !c.Changed() {
				t.Error("Changed is false")
			}
			for _, b := range [][]byte{b, out} {
				info, err := Inspect(bytes.NewReader(b), int64(len(b)), want.typ)
				if err != nil || info != want.info {
					t.Errorf("Inspect returned %+v, %v; want %+v", info, err, want.info)
				}
			}
			again, c := clean(t, out)
			if !bytes.Equal(again, out) || c.Size() != int64(len(out)) {
				t.Error("cleaning again changes the file")
			}
		})
	}
}

// markers returns a JPEG with further segments behind SOI.
func withSegments(t testing.TB, segments ...[]byte) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	return append(append([]byte{0xff, soi}, bytes.Join(segments, nil)...), b.Bytes()[2:]...)
}

func segment(marker byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

func TestCleanJPEGKeepsWhatThePictureNeeds(t *testing.T) {
	icc := "ICC_PROFILE\x00\x01\x01profile"
	b := withSegments(t, segment(app0, "JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"), segment(app0, "JFXX\x00SECRETPLACE"), segment(0xe2, icc), segment(0xe2, "MPF\x00SECRETPLACE"),
		segment(0xed, "Photoshop 3.0\x00SECRETPLACE"), segment(0xee, "Adobe\x00\x64\x00\x00\x00\x00\x00"), segment(0xe5, "SECRETPLACE"), segment(com, "SECRETPLACE"))
	b = append(b, "\xff\xd8SECRETPLACE: a second picture behind the end"...)
	out, _ := clean(t, b)
	if bytes.Contains(out, []byte("SECRETPLACE")) {
		t.Error("metadata is still there")
	}
	for _, want := range []string{"JFIF", icc, "Adobe"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("%q is gone", want)
		}
	}
	if _, err := jpeg.Decode(bytes.NewReader(out)); err != nil {
		t.Error(err)
	}
}

func TestCleanLeavesCleanFilesAlone(t *testing.T) {
	var p, g bytes.Buffer
	img := image.NewPaletted(image.Rect(0, 0, 4, 4), color.Palette{color.Black, color.White})
	if err := png.Encode(&p, img); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&g, img, nil); err != nil {
		t.Fatal(err)
	}
	for _, b := range [][]byte{p.Bytes(), g.Bytes(), withSegments(t), []byte("just a text"), {}} {
		out, c := clean(t, b)
		if c.Changed() || !bytes.Equal(out, b) {
			t.Errorf("%s: it was changed", Sniff(b))
		}
	}
}

// A drone's track of places goes with its samples, which lie among those of the video.
func TestCleanErasesTimedMetadata(t *testing.T) {
	box := func(name string, parts ...[]byte) []byte {
		body := bytes.Join(parts, nil)
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name...), body...)
	}
	u32 := func(v ...uint32) (b []byte) {
		for _, v := range v {
			b = binary.BigEndian.AppendUint32(b, v)
		}
		return b
	}
	track := func(handler string, offsets ...uint32) []byte {
		return box("trak", box("tkhd", make([]byte, 84)), box("mdia", box("hdlr", u32(0, 0), []byte(handler), make([]byte, 12)),
			box("minf", box("stbl", box("stsz", u32(0, 0, 3, 5, 5, 5)), box("stsc", u32(0, 2, 1, 2, 1, 2, 1, 1)), box("stco", u32(0, uint32(len(offsets))), u32(offsets...))))))
	}
	ftyp := box("ftyp", []byte("mp42"), u32(0))
	mdat := box("mdat", []byte("videoPLACEplaceVIDEOPlAcE"))
	at := uint32(len(ftyp)) + 8
	b := bytes.Join([][]byte{ftyp, mdat, box("moov", track("vide", at, at+15), track("meta", at+5, at+20)), box("beam", []byte("SERIAL"))}, nil)
	out, _ := clean(t, b)
	want := append([]byte("video"), make([]byte, 10)...)
	want = append(append(want, "VIDEO"...), make([]byte, 5)...)
	if got := out[at : at+25]; !bytes.Equal(got, want) {
		t.Errorf("the samples are %q, want %q", got, want)
	}
	if bytes.Contains(out, []byte("SERIAL")) || bytes.Contains(out, []byte("meta")) || len(out) != len(b) || !bytes.Contains(out, []byte("vide")) {
		t.Errorf("wrong boxes are left: %q", out)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, b := range map[string][]byte{
		"a PNG chunk of 4 GB":         append([]byte(pngSignature), "\xff\xff\xff\xffIHDR"...),
		"a box of 2^63 bytes":         []byte("\x00\x00\x00\x10ftypmp42\x00\x00\x00\x00\x00\x00\x00\x01moov\x7f\xff\xff\xff\xff\xff\xff\xff"),
		"a JPEG segment past the end": []byte("\xff\xd8\xff\xe1\xff\xff"),
		"a GIF block of no kind":      []byte("GIF89a\x01\x00\x01\x00\x00\x00\x00\x99"),
		"a HEIF without meta":         []byte("\x00\x00\x00\x10ftypavif\x00\x00\x00\x00"),
		"an EBML number of 9 bytes":   []byte("\x1a\x45\xdf\xa3\x84webm\x00"),
		"a WebP chunk past the end":   []byte("RIFF\xff\xff\x00\x00WEBPVP8 \xff\xff\x00\x00"),
	} {
		_, err := Clean(bytes.NewReader(b), int64(len(b)), Sniff(b))
		if !errors.Is(err, ErrDamaged) {
			t.Errorf("%s (%s): the error is %v", name, Sniff(b), err)
		}
	}
}

// FuzzClean also covers Inspect: neither panics, output is as long as it says, and a file
// that was cleaned is clean.
func FuzzClean(f *testing.F) {
	for _, name := range []string{"place.jpg", "place.png", "place.webp", "place.avif", "place.gif", "place.mp4", "place.mov", "place.webm"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		typ := Sniff(b)
		Inspect(bytes.NewReader(b), int64(len(b)), typ)
		c, err := Clean(bytes.NewReader(b), int64(len(b)), typ)
		if err != nil {
			return
		}
		var out bytes.Buffer
		n, err := c.WriteTo(&out)
		if err != nil || n != c.Size() {
			t.Fatalf("WriteTo returned %d, %v; Size is %d", n, err, c.Size())
		}
		if n > int64(len(b))+64 {
			t.Fatalf("%d bytes became %d", len(b), n)
		}
	})
}
