// Package raster scales and turns decoded pictures. Its work lets other goroutines run at each
// row.
package raster

import (
	"image"
	"runtime"

	"golang.org/x/image/draw"
)

// Scale returns part of a picture as w x h pixels. A large picture is reduced by averages
// first, which costs a fraction of a filter over all its pixels.
func Scale(img image.Image, part image.Rectangle, w, h int) *image.RGBA {
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
		runtime.Gosched() // other goroutines go first
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
		runtime.Gosched()
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

// Upright returns the picture turned and mirrored as its orientation says (EXIF 2.32, tag 0x0112).
func Upright(img *image.RGBA, orientation int) *image.RGBA {
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
