package media

import (
	"encoding/binary"
	"errors"
	"image/gif"
	"io"
)

// Info is what a client needs to lay a file out before it is loaded. Numbers that are not
// known are 0.
type Info struct {
	Width, Height int   // px, as shown: with the orientation applied
	DurationMs    int64 // of audio, video and animated pictures, for which it is at least 1
}

var errStop = errors.New("stop")

// maxSide is the largest width or height that is believed.
const maxSide = 1 << 16

// Inspect returns what the file says about itself. It does not decode pictures. An error
// wraps ErrDamaged or is the source's.
func Inspect(src io.ReaderAt, size int64, typ string) (info Info, err error) {
	return inspect(src, size, typ, false)
}

// inspect is Inspect; still: without the duration of a GIF, which takes a pass over all of it.
func inspect(src io.ReaderAt, size int64, typ string, still bool) (info Info, err error) {
	turned := false
	switch typ {
	case JPEG:
		info, turned, err = jpegInfo(src, size)
	case PNG:
		info, turned, err = pngInfo(src, size)
	case GIF:
		info, err = gifInfo(src, size, still)
	case WebP:
		info, turned, err = webpInfo(src, size)
	case AVIF, HEIC:
		var h heif
		h, err = readHEIF(src, size)
		info, turned = Info{Width: h.width, Height: h.height}, h.turned
	case MP4, QuickTime, M4A:
		info, turned, err = mp4Info(src, size)
	case WebM:
		info, err = webMInfo(src, size)
	}
	if turned {
		info.Width, info.Height = info.Height, info.Width
	}
	if info.Width <= 0 || info.Height <= 0 || info.Width > maxSide || info.Height > maxSide {
		info.Width, info.Height = 0, 0
	}
	return info, err
}

func jpegInfo(src io.ReaderAt, size int64) (info Info, turned bool, err error) {
	err = eachJPEGSegment(src, size, func(s jpegSegment) error {
		if o := jpegOrientation(src, s); o != 0 {
			turned = o > 4
		}
		frame := s.marker >= 0xc0 && s.marker <= 0xcf && s.marker != 0xc4 && s.marker != 0xc8 && s.marker != 0xcc
		if frame && s.bodySize >= 5 {
			var b [5]byte
			if err := readAt(src, b[:], s.body); err != nil {
				return err
			}
			info.Height, info.Width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
			return errStop
		}
		return nil
	})
	if err == errStop {
		err = nil
	}
	return info, turned, err
}

func pngInfo(src io.ReaderAt, size int64) (info Info, turned bool, err error) {
	var a animation
	err = eachPNGChunk(src, size, func(c pngChunk) error {
		switch c.name {
		case "IHDR":
			var b [8]byte
			if err := readAt(src, b[:], c.at+8); err != nil {
				return err
			}
			if info.Width == 0 { // decoders believe the first one
				info.Width, info.Height = int(binary.BigEndian.Uint32(b[:])), int(binary.BigEndian.Uint32(b[4:]))
			}
		case "fcTL": // of a frame of an animation: its delay is a fraction of a second
			var b [4]byte
			if err := readAt(src, b[:], c.at+8+20); err != nil {
				return err
			}
			parts := int64(binary.BigEndian.Uint16(b[2:]))
			if parts == 0 {
				parts = 100
			}
			a.frame(int64(binary.BigEndian.Uint16(b[:])) * 1000 / parts)
		case "eXIf":
			turned = pngOrientation(src, c) > 4
		}
		return nil
	})
	info.DurationMs = a.durationMs()
	return info, turned, err
}

// animation sums up the frames of a picture.
type animation struct{ frames, ms int64 }

// frame adds a frame that is shown for ms.
func (a *animation) frame(ms int64) { a.frames, a.ms = a.frames+1, a.ms+ms }

// durationMs returns 0 for a still picture.
func (a *animation) durationMs() int64 {
	if a.frames < 2 {
		return 0
	}
	return max(1, a.ms)
}

func gifInfo(src io.ReaderAt, size int64, still bool) (info Info, err error) {
	config, err := gif.DecodeConfig(io.NewSectionReader(src, 0, size))
	if err != nil {
		return info, damaged(err.Error())
	}
	info.Width, info.Height = config.Width, config.Height
	if still {
		return info, nil
	}
	var a animation
	var delay [2]byte // of the next frame, in hundredths of a second
	_, _, err = eachGIFBlock(src, size, func(b gifBlock) error {
		switch b.label {
		case 0xf9: // the graphic control extension
			if err := readAt(src, delay[:], b.at+4); err != nil {
				return err
			}
		case 0:
			a.frame(10 * int64(binary.LittleEndian.Uint16(delay[:])))
			delay = [2]byte{}
		}
		return nil
	})
	info.DurationMs = a.durationMs()
	return info, err
}

func webpInfo(src io.ReaderAt, size int64) (info Info, turned bool, err error) {
	var a animation
	err = eachWebPChunk(src, size, func(c webpChunk) error {
		var b [16]byte
		n := min(int64(len(b)), c.bodySize)
		if err := readAt(src, b[:n], c.body); err != nil {
			return err
		}
		switch c.name {
		case "VP8X":
			if info.Width == 0 { // decoders believe the first one
				info.Width = 1 + (int(b[4]) | int(b[5])<<8 | int(b[6])<<16)
				info.Height = 1 + (int(b[7]) | int(b[8])<<8 | int(b[9])<<16)
			}
		case "VP8 ":
			if info.Width == 0 {
				info.Width, info.Height = int(b[6])|int(b[7]&0x3f)<<8, int(b[8])|int(b[9]&0x3f)<<8
			}
		case "VP8L":
			if v := binary.LittleEndian.Uint32(b[1:]); info.Width == 0 {
				info.Width, info.Height = int(v&0x3fff)+1, int(v>>14&0x3fff)+1
			}
		case "ANMF":
			a.frame(int64(b[12]) | int64(b[13])<<8 | int64(b[14])<<16)
		case "EXIF":
			turned = webpOrientation(src, c) > 4
		}
		return nil
	})
	info.DurationMs = a.durationMs()
	return info, turned, err
}

// mp4Info reads the duration of the movie and the size and rotation of its first video
// (ISO/IEC 14496-12, sections 8.2.2 and 8.3.2).
func mp4Info(src io.ReaderAt, size int64) (info Info, turned bool, err error) {
	err = eachBox(src, 0, size, func(b box) error {
		if b.name != "moov" {
			return nil
		}
		return eachBox(src, b.body, b.end, func(b box) error {
			switch b.name {
			case "mvhd":
				f := b.fields(src)
				wide := 4
				if f.uint(1) == 1 {
					wide = 8
				}
				f.skip(3 + int64(2*wide))
				scale, length := f.uint(4), f.uint(wide)
				if scale > 0 && length < 1<<50 {
					info.DurationMs = int64(length * 1000 / scale)
				}
				return f.err
			case "trak":
				return eachBox(src, b.body, b.end, func(b box) error {
					if b.name != "tkhd" || info.Width > 0 {
						return nil
					}
					f := b.fields(src)
					wide := int64(4)
					if f.uint(1) == 1 {
						wide = 8
					}
					f.skip(3 + 2*wide + 4 + 4 + wide + 16) // flags, times, id, duration; then layer, group, volume
					a, across := f.uint(4), f.uint(4)
					f.skip(28)
					w, h := int(f.uint(4)>>16), int(f.uint(4)>>16)
					if w > 0 && h > 0 {
						info.Width, info.Height, turned = w, h, a == 0 && across != 0
					}
					return f.err
				})
			}
			return nil
		})
	})
	return info, turned, err
}
