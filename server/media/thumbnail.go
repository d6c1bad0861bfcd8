package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"

	"parley/server/raster"
)

const (
	// MaxPixels is the largest picture that is decoded; maxDecoded bounds the memory of it.
	MaxPixels = 40_000_000
	// ThumbSide is the longer side of a thumbnail, in px.
	ThumbSide = 720

	jpegQuality = 80
)

// ErrNoThumbnail is the error for files that no thumbnail is made of: types without a
// decoder, and pictures above MaxPixels.
var ErrNoThumbnail = errors.New("no thumbnail")

// Thumbnailer decodes at most two pictures at once, and leaves a core to everything else if
// there are several.
type Thumbnailer struct{ slots chan struct{} }

// NewThumbnailer returns a Thumbnailer; it starts no goroutine.
func NewThumbnailer() *Thumbnailer {
	return &Thumbnailer{make(chan struct{}, max(1, min(2, runtime.GOMAXPROCS(0)-1)))}
}

// decoders return the first frame of a picture, by its type.
var decoders = map[string]func(src io.ReaderAt, size int64) (image.Image, error){JPEG: whole(jpeg.Decode), PNG: whole(png.Decode), GIF: whole(gif.Decode), WebP: decodeWebP}

// whole returns a decoder of all that a source has.
func whole(decode func(io.Reader) (image.Image, error)) func(io.ReaderAt, int64) (image.Image, error) {
	return func(src io.ReaderAt, size int64) (image.Image, error) {
		return decode(yielding{io.NewSectionReader(src, 0, size)})
	}
}

// yielding lets other goroutines run at each read: a decoder, which reads a few KiB at a
// time, would keep its core for the 10 ms after which the scheduler interrupts it.
type yielding struct{ io.Reader }

func (y yielding) Read(p []byte) (int, error) {
	runtime.Gosched()
	return y.Reader.Read(p)
}

// Thumbnail returns the first frame of a picture as JPEG, or as PNG if parts of it are
// transparent, upright and at most ThumbSide wide and high. It waits for its turn until
// ctx ends. The error is ErrNoThumbnail, ErrDamaged or ctx's.
func (t *Thumbnailer) Thumbnail(ctx context.Context, src io.ReaderAt, size int64, typ string) ([]byte, error) {
	return t.render(ctx, src, size, typ, shrink)
}

// Square returns the middle of a picture as Thumbnail does, as wide as high, at most side.
func (t *Thumbnailer) Square(ctx context.Context, src io.ReaderAt, size int64, typ string, side int) ([]byte, error) {
	return t.render(ctx, src, size, typ, func(img image.Image) *image.RGBA {
		b := img.Bounds()
		most := min(b.Dx(), b.Dy())
		at := b.Min.Add(image.Pt((b.Dx()-most)/2, (b.Dy()-most)/2))
		return raster.Scale(img, image.Rectangle{at, at.Add(image.Pt(most, most))}, min(most, side), min(most, side))
	})
}

// render decodes a picture, makes a small one of it, and encodes that upright.
func (t *Thumbnailer) render(ctx context.Context, src io.ReaderAt, size int64, typ string, smaller func(image.Image) *image.RGBA) ([]byte, error) {
	decode := decoders[typ]
	if decode == nil {
		return nil, ErrNoThumbnail
	}
	info, err := inspect(src, size, typ, true)
	if err != nil {
		return nil, err
	}
	if info.Width == 0 || info.Width*info.Height > MaxPixels {
		return nil, fmt.Errorf("%w: %d x %d pixels", ErrNoThumbnail, info.Width, info.Height)
	}
	if n := decodedSize(src, size, typ, info); n > maxDecoded {
		return nil, fmt.Errorf("%w: its decoder needs %d MiB", ErrNoThumbnail, n>>20)
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	img, err := decode(src, size)
	if err != nil {
		return nil, damaged(err.Error())
	}
	small := raster.Upright(smaller(img), pictureOrientation(src, size, typ))
	var out bytes.Buffer
	if small.Opaque() {
		err = jpeg.Encode(&out, small, &jpeg.Options{Quality: jpegQuality})
	} else {
		err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, small)
	}
	return out.Bytes(), err
}

// pictureOrientation returns the orientation that the metadata of a picture names, or 1.
func pictureOrientation(src io.ReaderAt, size int64, typ string) (o int) {
	o = 1
	switch typ {
	case JPEG:
		eachJPEGSegment(src, size, func(s jpegSegment) error {
			if found := jpegOrientation(src, s); found != 0 {
				o = found
				return errStop
			}
			if s.marker == sos {
				return errStop
			}
			return nil
		})
	case PNG:
		eachPNGChunk(src, size, func(c pngChunk) error { o = max(o, pngOrientation(src, c)); return nil })
	case WebP:
		eachWebPChunk(src, size, func(c webpChunk) error { o = max(o, webpOrientation(src, c)); return nil })
	}
	return o
}

// shrink returns the picture at thumbnail size.
func shrink(img image.Image) *image.RGBA {
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if side := max(w, h); side > ThumbSide {
		w, h = max(1, w*ThumbSide/side), max(1, h*ThumbSide/side)
	}
	return raster.Scale(img, b, w, h)
}
