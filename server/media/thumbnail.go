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

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

const (
	// MaxPixels is the largest picture that is decoded: a decoder needs 1.5 to 8 bytes a pixel.
	MaxPixels = 40_000_000
	// ThumbSide is the longer side of a thumbnail, in px.
	ThumbSide = 720

	jpegQuality = 80
)

// ErrNoThumbnail is the error for files that no thumbnail is made of: types without a
// decoder, and pictures above MaxPixels.
var ErrNoThumbnail = errors.New("no thumbnail")

// Thumbnailer decodes at most two pictures at once.
type Thumbnailer struct{ slots chan struct{} }

// NewThumbnailer returns a Thumbnailer; it starts no goroutine.
func NewThumbnailer() *Thumbnailer { return &Thumbnailer{make(chan struct{}, 2)} }

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
		return scale(img, image.Rectangle{at, at.Add(image.Pt(most, most))}, min(most, side), min(most, side))
	})
}

// render decodes a picture, makes a small one of it, and encodes that upright.
func (t *Thumbnailer) render(ctx context.Context, src io.ReaderAt, size int64, typ string, smaller func(image.Image) *image.RGBA) ([]byte, error) {
	decode := map[string]func(io.Reader) (image.Image, error){JPEG: jpeg.Decode, PNG: png.Decode, GIF: gif.Decode, WebP: webp.Decode}[typ]
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
	if typ == WebP && info.DurationMs > 0 { // the decoder knows no animation
		return nil, ErrNoThumbnail
	}
	select {
	case t.slots <- struct{}{}:
		defer func() { <-t.slots }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	img, err := decode(io.NewSectionReader(src, 0, size))
	if err != nil {
		return nil, damaged(err.Error())
	}
	runtime.Gosched() // decoding does not yield; what waits goes first
	small := upright(smaller(img), pictureOrientation(src, size, typ))
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
	return scale(img, b, w, h)
}

// scale returns part of a picture as w x h pixels. A large picture is reduced by averages
// first, which costs a fraction of a filter over all its pixels.
func scale(img image.Image, part image.Rectangle, w, h int) *image.RGBA {
	if by := min(part.Dx()/w, part.Dy()/h); by > 1 {
		origin := img.Bounds().Min
		img = average(img, by)
		part = part.Sub(origin)
		part = image.Rect(part.Min.X/by, part.Min.Y/by, part.Max.X/by, part.Max.Y/by).Add(img.Bounds().Min)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.ApproxBiLinear.Scale(out, out.Rect, img, part, draw.Src, nil)
	return out
}

// average returns the picture with each square of by x by pixels as one. YCbCr pictures,
// which JPEG and WebP decode to, are averaged plane by plane.
func average(img image.Image, by int) image.Image {
	b := img.Bounds()
	w, h := b.Dx()/by, b.Dy()/by
	if y, ok := img.(*image.YCbCr); ok {
		out := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio444)
		across, down := 1, 1 // pixels that share a chroma sample
		switch y.SubsampleRatio {
		case image.YCbCrSubsampleRatio422:
			across = 2
		case image.YCbCrSubsampleRatio420:
			across, down = 2, 2
		case image.YCbCrSubsampleRatio440:
			down = 2
		case image.YCbCrSubsampleRatio411:
			across = 4
		case image.YCbCrSubsampleRatio410:
			across, down = 4, 2
		}
		averagePlane(out.Y, y.Y, w, h, y.YStride, by, 1, 1)
		averagePlane(out.Cb, y.Cb, w, h, y.CStride, by, across, down)
		averagePlane(out.Cr, y.Cr, w, h, y.CStride, by, across, down)
		return out
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	rows := image.NewRGBA(image.Rect(0, 0, b.Dx(), by))
	for y := range h {
		draw.Draw(rows, rows.Rect, img, image.Pt(b.Min.X, b.Min.Y+y*by), draw.Src)
		for x := range w {
			var sum [4]int
			for dy := range by {
				line := rows.Pix[dy*rows.Stride+x*by*4:][:by*4]
				for i := 0; i < len(line); i += 4 {
					for k := range sum {
						sum[k] += int(line[i+k])
					}
				}
			}
			for k, s := range sum {
				out.Pix[out.PixOffset(x, y)+k] = byte(s / (by * by))
			}
		}
	}
	return out
}

// averagePlane fills a plane of w x h samples. A sample of src covers across x down pixels.
func averagePlane(dst, src []byte, w, h, stride, by, across, down int) {
	n := max(1, by/across)
	for y := range h {
		top := y * by / down
		rows := max(1, by/down)
		for x := range w {
			sum, from := 0, x*by/across
			for dy := range rows {
				for _, v := range src[(top+dy)*stride+from:][:n] {
					sum += int(v)
				}
			}
			dst[y*w+x] = byte(sum / (n * rows))
		}
	}
}

// upright returns the picture turned and mirrored as its orientation says (EXIF 2.32, tag 0x0112).
func upright(img *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return img
	}
	w, h := img.Rect.Dx(), img.Rect.Dy()
	ow, oh := w, h
	if orientation > 4 {
		ow, oh = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, ow, oh))
	for y := range oh {
		for x := range ow {
			sx, sy := x, y
			if orientation > 4 {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 7, 8:
				sx = w - 1 - sx
			case 3:
				sx, sy = w-1-sx, h-1-sy
			case 4, 6:
				sy = h - 1 - sy
			}
			if orientation == 7 {
				sy = h - 1 - sy
			}
			copy(out.Pix[out.PixOffset(x, y):][:4], img.Pix[img.PixOffset(sx, sy):][:4])
		}
	}
	return out
}
