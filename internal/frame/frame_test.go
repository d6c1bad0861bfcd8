package frame

import (
	"bytes"
	"testing"
)

func TestNextReadsWhatAppendWrites(t *testing.T) {
	var b []byte
	sizes := []int{0, 1, 125, 126, 127, 0xffff, 0x10000}
	for _, n := range sizes {
		b = Append(b, n%2 == 0, bytes.Repeat([]byte{'x'}, n))
	}
	for _, n := range sizes {
		var text bool
		var payload []byte
		text, payload, b = Next(b)
		if text != (n%2 == 0) || len(payload) != n || n > 0 && payload[n-1] != 'x' {
			t.Errorf("%d bytes: text %v, %d bytes", n, text, len(payload))
		}
	}
	if len(b) != 0 {
		t.Errorf("%d bytes are left", len(b))
	}
}
