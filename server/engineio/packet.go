package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"parley/internal/frame"
)

// Types of packets.
const (
	packetOpen    = '0'
	packetClose   = '1'
	packetPing    = '2'
	packetPong    = '3'
	packetMessage = '4'
	packetUpgrade = '5'
	packetNoop    = '6'
	packetBinary  = 'b' // a binary message in base64
)

// separator stands between the packets of a poll.
const separator = 0x1e

var errMalformed = errors.New("engineio: malformed packet")

// Bounds of the answer to a poll: python-engineio takes no more packets, and a slow line
// takes as many bytes within the time for one write.
const (
	maxPackets = 16
	maxAnswer  = 32 << 10
)

var (
	pingFrame  = []byte{frame.Text, 1, packetPing}
	closeFrame = []byte{frame.Text, 1, packetClose}
	noopFrame  = []byte{frame.Text, 1, packetNoop}
)

// appendPacket appends a packet in the form for a client that takes no binary.
func appendPacket(dst []byte, text bool, payload []byte) []byte {
	if text {
		return append(dst, payload...)
	}
	return base64.StdEncoding.AppendEncode(append(dst, packetBinary), payload)
}

// takePayload converts the first frames to the answer of one poll. It returns the rest.
func takePayload(frames []byte) (payload, rest []byte) {
	for n := 0; len(frames) > 0 && n < maxPackets; n++ {
		text, content, after := frame.Next(frames)
		size := len(content)
		if !text {
			size = 1 + base64.StdEncoding.EncodedLen(size)
		}
		if n > 0 {
			// A close packet comes alone: clients handle it before the packets of the same
			// answer, and would not see the DISCONNECT in front of it.
			if len(payload)+size > maxAnswer || len(frames) == len(closeFrame) && content[0] == packetClose {
				break
			}
			payload = append(payload, separator)
		}
		payload, frames = appendPacket(payload, text, content), after
	}
	return payload, frames
}

// asText returns frames as text frames alone.
func asText(frames []byte) (converted []byte) {
	for len(frames) > 0 {
		var text bool
		var content []byte
		text, content, frames = frame.Next(frames)
		converted = frame.Append(converted, true, appendPacket(nil, text, content))
	}
	return converted
}

// cutPacket returns the first packet of the body of a POST, and the rest, which is nil
// after the last one.
func cutPacket(body []byte) (packet, rest []byte) {
	packet, rest, more := bytes.Cut(body, []byte{separator})
	if !more {
		return packet, nil
	}
	return packet, rest
}

// decodePacket returns the type and the content of a packet in text; a binary message has
// the type packetBinary.
func decodePacket(b []byte) (kind byte, content []byte, err error) {
	if len(b) == 0 || !utf8.Valid(b) {
		return 0, nil, errMalformed
	}
	switch kind, content = b[0], b[1:]; kind {
	case packetClose, packetPing, packetPong, packetMessage, packetUpgrade, packetNoop:
		return kind, content, nil
	case packetBinary:
		decoded := make([]byte, base64.StdEncoding.DecodedLen(len(content)))
		n, err := base64.StdEncoding.Strict().Decode(decoded, content)
		if err != nil {
			return 0, nil, errMalformed
		}
		return kind, decoded[:n], nil
	}
	return 0, nil, errMalformed
}
