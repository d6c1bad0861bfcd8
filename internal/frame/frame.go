// Package frame writes and reads the frames that a server sends on a WebSocket: unmasked,
// unfragmented data frames (RFC 6455, section 5.2).
package frame

import "encoding/binary"

// MaxHeader is the length of the longest header.
const MaxHeader = 10

// First bytes of frames: the opcodes with the final bit set.
const (
	Text   = 0x81
	Binary = 0x82
)

// Append appends a frame with the payload, text or binary.
func Append(dst []byte, text bool, payload []byte) []byte {
	first := byte(Binary)
	if text {
		first = Text
	}
	switch n := len(payload); {
	case n > 0xffff:
		dst = binary.BigEndian.AppendUint64(append(dst, first, 127), uint64(n))
	case n > 125:
		dst = binary.BigEndian.AppendUint16(append(dst, first, 126), uint16(n))
	default:
		dst = append(dst, first, byte(n))
	}
	return append(dst, payload...)
}

// Next returns the payload of the first frame of b, which Append has written, and the rest.
func Next(b []byte) (text bool, payload, rest []byte) {
	n, from := uint64(b[1]), uint64(2)
	switch b[1] {
	case 126:
		n, from = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		n, from = binary.BigEndian.Uint64(b[2:]), 10
	}
	return b[0] == Text, b[from : from+n], b[from+n:]
}
