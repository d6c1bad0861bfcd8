package media

import (
	"encoding/binary"
	"io"
)

const exifPrefix = "Exif\x00\x00"

// orientation returns the orientation (1 to 8) of a TIFF structure of n bytes, as it is
// stored in EXIF; 1 if there is none (EXIF 2.32, section 4.6.2, tag 0x0112).
func orientation(src io.ReaderAt, at, n int64) int {
	var h [8]byte
	if n < 8 || readAt(src, h[:], at) != nil {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if h[0] == 'I' {
		order = binary.LittleEndian
	}
	ifd := int64(order.Uint32(h[4:]))
	if ifd < 8 || ifd+2 > n || readAt(src, h[:2], at+ifd) != nil {
		return 1
	}
	count := int64(order.Uint16(h[:]))
	for i := range min(count, 200) {
		var e [12]byte
		off := ifd + 2 + i*12
		if off+12 > n || readAt(src, e[:], at+off) != nil {
			return 1
		}
		if order.Uint16(e[:]) != 0x0112 {
			continue
		}
		if o := int(order.Uint16(e[8:])); o >= 1 && o <= 8 {
			return o
		}
		return 1
	}
	return 1
}

// orientationOnly returns a TIFF structure that holds this orientation alone.
func orientationOnly(o int) []byte {
	return []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, byte(o), 0, 0, 0, 0, 0, 0}
}
