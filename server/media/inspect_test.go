package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"testing"
)

func TestAnimatedPictures(t *testing.T) {
	for name, want := range map[string]int64{"animated.png": 200, "animated.webp": 200, "place.gif": 1010, "place.png": 0, "place.webp": 0} {
		b := read(t, name)
		if info, err := Inspect(bytes.NewReader(b), int64(len(b)), Sniff(b)); err != nil || info.DurationMs != want {
			t.Errorf("%s: Inspect returned %+v, %v; want %d ms", name, info, err, want)
		}
		out, _ := clean(t, b)
		if info, err := Inspect(bytes.NewReader(out), int64(len(out)), Sniff(b)); err != nil || info.DurationMs != want {
			t.Errorf("%s: Inspect returned %+v, %v for the cleaned picture", name, info, err)
		}
	}
	// One that is shown without delays is animated, too.
	frame := image.NewPaletted(image.Rect(0, 0, 2, 2), color.Palette{color.Black, color.White})
	for frames, want := range map[int]int64{1: 0, 2: 1} {
		g := gif.GIF{}
		for range frames {
			g.Image, g.Delay = append(g.Image, frame), append(g.Delay, 0)
		}
		var b bytes.Buffer
		if err := gif.EncodeAll(&b, &g); err != nil {
			t.Fatal(err)
		}
		if info, err := Inspect(bytes.NewReader(b.Bytes()), int64(b.Len()), GIF); err != nil || info.DurationMs != want {
			t.Errorf("%d frames: Inspect returned %+v, %v; want %d ms", frames, info, err, want)
		}
	}
}
