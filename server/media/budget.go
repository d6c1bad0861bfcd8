package media

import "io"

// maxDecoded bounds the bytes that one decoder allocates, by an estimate from the header.
const maxDecoded = 256 << 20

// decodedSize returns how many bytes the decoder of a picture allocates, about. 0: unknown.
func decodedSize(src io.ReaderAt, size int64, typ string, info Info) int64 {
	pixels := int64(info.Width) * int64(info.Height)
	switch typ {
	case JPEG:
		return jpegDecodedSize(src, size, pixels)
	case PNG:
		var h [29]byte // signature and IHDR
		if readAt(src, h[:], 0) != nil {
			return 0
		}
		depth, colours, interlaced := h[24], h[25], h[28]
		each := int64(4)  // also of gray, which may have one that is transparent
		if colours == 3 { // a palette
			each = 1
		}
		if depth == 16 {
			each = 8
		}
		if interlaced != 0 {
			each *= 2 // each pass is a picture of its own
		}
		return pixels * each
	case WebP:
		if f, _ := firstFrame(src, size); f != nil { // it is drawn on a canvas
			return pixels*4 + int64(f.bounds.Dx())*int64(f.bounds.Dy())*8
		}
		return pixels * 8 // without loss, it is decoded twice
	}
	return pixels
}

// jpegDecodedSize adds the samples of all components. A progressive picture needs four bytes
// more for each, since all coefficients are kept until its end.
func jpegDecodedSize(src io.ReaderAt, size, pixels int64) (bytes int64) {
	_ = eachJPEGSegment(src, size, func(s jpegSegment) error {
		frame := s.marker >= 0xc0 && s.marker <= 0xcf && s.marker != 0xc4 && s.marker != 0xc8 && s.marker != 0xcc
		if !frame || s.bodySize < 6 {
			return nil
		}
		var b [6 + 4*3]byte
		n := min(int64(len(b)), s.bodySize)
		if err := readAt(src, b[:n], s.body); err != nil {
			return err
		}
		var across, down, samples int64 = 1, 1, 0
		components := b[6:min(6+3*int64(b[5]), n)]
		for i := 1; i < len(components); i += 3 {
			h, v := int64(components[i]>>4), int64(components[i]&15)
			across, down, samples = max(across, h), max(down, v), samples+h*v
		}
		each := int64(1)
		if s.marker != 0xc0 && s.marker != 0xc1 {
			each += 4
		}
		bytes = pixels * samples * each / (across * down)
		return errStop
	})
	return bytes
}
