package engineio

import (
	"bytes"
	"strings"
	"testing"

	"parley/internal/frame"
)

// An answer holds at most 16 packets and about 32 KiB; one packet alone may be longer.
func TestAnswersAreBounded(t *testing.T) {
	var frames []byte
	for range 17 {
		frames = frame.Append(frames, true, []byte("4x"))
	}
	payload, rest := takePayload(frames)
	if n := bytes.Count(payload, []byte{separator}) + 1; n != 16 {
		t.Errorf("%d packets in one answer", n)
	}
	if payload, rest = takePayload(rest); string(payload) != "4x" || len(rest) != 0 {
		t.Errorf("the second answer is %q, %d bytes are left", payload, len(rest))
	}

	long := []byte("4" + strings.Repeat("x", maxAnswer))
	frames = frame.Append(frame.Append(frame.Append(nil, true, long), true, long), false, []byte("\x01"))
	for _, want := range []string{string(long), string(long), "bAQ=="} {
		if payload, frames = takePayload(frames); string(payload) != want {
			t.Errorf("an answer of %d bytes, want %d", len(payload), len(want))
		}
	}
}

// A close comes in an answer of its own.
func TestCloseComesAlone(t *testing.T) {
	frames := append(frame.Append(nil, true, []byte("41")), closeFrame...)
	payload, rest := takePayload(frames)
	if next, _ := takePayload(rest); string(payload) != "41" || string(next) != "1" {
		t.Errorf("%q, then %q", payload, next)
	}
}

// FuzzPayload: bodies of POSTs never fail otherwise than by an error, and what decodes has
// the parts of the body.
func FuzzPayload(f *testing.F) {
	for _, body := range []string{"4hello", "4hello\x1ebAQIDBA==", "\x1e", "abc", "b=", "3", "1", "b" + strings.Repeat("A", 5), "4\xff"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		size := -1
		for rest := body; rest != nil; {
			var packet []byte
			packet, rest = cutPacket(rest)
			size += len(packet) + 1
			kind, content, err := decodePacket(packet)
			if err != nil {
				continue
			}
			if back := appendPacket(nil, true, content); kind != packetBinary && string(back) != string(packet[1:]) {
				t.Errorf("%q: %q", packet, back)
			}
			if kind == packetBinary && !bytes.Equal(appendPacket(nil, false, content), bytes.Map(func(r rune) rune {
				if r == '\r' || r == '\n' {
					return -1
				}
				return r
			}, packet)) {
				t.Errorf("%q: % x", packet, content)
			}
		}
		if size != len(body) {
			t.Errorf("%d bytes of %d", size, len(body))
		}
	})
}
