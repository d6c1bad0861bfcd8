package media

import (
	"encoding/binary"
	"io"
	"math"
	"math/bits"
)

// element is an EBML element (RFC 8794, section 6), as WebM is made of (RFC 9559).
type element struct {
	id            uint64
	at, body, end int64
	unknown       bool // its size: it ends with its parent
}

const (
	idSegment     = 0x18538067
	idInfo        = 0x1549a966
	idTimeScale   = 0x2ad7b1
	idDuration    = 0x4489
	idTracks      = 0x1654ae6b
	idTrack       = 0xae
	idVideo       = 0xe0
	idWidth       = 0xb0
	idHeight      = 0xba
	idTags        = 0x1254c367
	idAttachments = 0x1941a469
	idCluster     = 0x1f43b675
	idVoid        = 0xec
)

// vint reads a variable-size integer of at most 8 bytes; keep: with its length marker, as ids are.
func vint(src io.ReaderAt, at int64, keep bool) (v uint64, n int64, err error) {
	var b [8]byte
	if err := readAt(src, b[:1], at); err != nil {
		return 0, 0, err
	}
	n = int64(bits.LeadingZeros8(b[0])) + 1
	if n > 8 {
		return 0, 0, damaged("an EBML number is too long")
	}
	if err := readAt(src, b[:n], at); err != nil {
		return 0, 0, err
	}
	v = binary.BigEndian.Uint64(b[:]) >> (64 - 8*n)
	if !keep {
		v &= 1<<(7*n) - 1
	}
	return v, n, nil
}

// eachElement calls f for each element between two offsets. A live recording has elements
// of unknown size: what is in such a cluster is not visited.
func eachElement(src io.ReaderAt, at, end int64, f func(element) error) error {
	for n := 0; at < end; n++ {
		if n == maxBoxes {
			return damaged("it has too many elements")
		}
		id, idSize, err := vint(src, at, true)
		if err != nil {
			return err
		}
		size, sizeSize, err := vint(src, at+idSize, false)
		if err != nil {
			return err
		}
		e := element{id: id, at: at, body: at + idSize + sizeSize}
		e.end = e.body + int64(size)
		if size == 1<<(7*sizeSize)-1 {
			e.unknown, e.end = true, end
		}
		if e.end > end || e.end < e.body {
			return damaged("an element is too long")
		}
		if err := f(e); err != nil {
			return err
		}
		at = e.end
	}
	return nil
}

// cleanWebM makes tags and attachments void elements of the same size.
func cleanWebM(c *Cleaned, size int64) error {
	err := eachElement(c.src, 0, size, func(e element) error {
		if e.id != idSegment {
			return nil
		}
		return eachElement(c.src, e.body, e.end, func(e element) error {
			if e.id != idTags && e.id != idAttachments {
				return nil
			}
			c.keepTo(e.at)
			c.replace(voidHeader(e.end - e.at))
			c.zeroTo(e.end)
			return nil
		})
	})
	c.keepTo(size)
	return err
}

// voidHeader returns the beginning of a void element of n bytes, at least 2.
func voidHeader(n int64) []byte {
	if n < 9 {
		return []byte{idVoid, 0x80 | byte(n-2)}
	}
	return binary.BigEndian.AppendUint64([]byte{idVoid}, 1<<56|uint64(n-9))
}

// webMInfo returns the size of the first video in pixels and the duration in ms; 0: unknown.
func webMInfo(src io.ReaderAt, size int64) (info Info, err error) {
	scale, length := uint64(1_000_000), 0.0
	err = eachElement(src, 0, size, func(e element) error {
		if e.id != idSegment {
			return nil
		}
		return eachElement(src, e.body, e.end, func(e element) error {
			switch e.id {
			case idCluster:
				return errStop
			case idInfo:
				return eachElement(src, e.body, e.end, func(e element) error {
					switch e.id {
					case idTimeScale:
						scale = e.uint(src)
					case idDuration:
						length = e.float(src)
					}
					return nil
				})
			case idTracks:
				return eachElement(src, e.body, e.end, func(e element) error {
					if e.id != idTrack {
						return nil
					}
					return eachElement(src, e.body, e.end, func(e element) error {
						if e.id != idVideo || info.Width > 0 {
							return nil
						}
						return eachElement(src, e.body, e.end, func(e element) error {
							switch e.id {
							case idWidth:
								info.Width = int(e.uint(src))
							case idHeight:
								info.Height = int(e.uint(src))
							}
							return nil
						})
					})
				})
			}
			return nil
		})
	})
	if err == errStop {
		err = nil
	}
	if ms := length * float64(scale) / 1e6; ms > 0 && ms < 1e12 {
		info.DurationMs = int64(ms)
	}
	return info, err
}

func (e element) uint(src io.ReaderAt) uint64 {
	var b [8]byte
	n := e.end - e.body
	if n < 1 || n > 8 || readAt(src, b[8-n:], e.body) != nil {
		return 0
	}
	return binary.BigEndian.Uint64(b[:])
}

func (e element) float(src io.ReaderAt) float64 {
	v := e.uint(src)
	if e.end-e.body == 4 {
		return float64(math.Float32frombits(uint32(v)))
	}
	return math.Float64frombits(v)
}
