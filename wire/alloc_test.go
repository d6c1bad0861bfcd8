//go:build !race

package wire

import "testing"

// Bounds the allocations for decoding a command and encoding an event, which happen for
// each message. (With the race detector, sync.Pool drops values at random.)
func TestCodecsAllocateLittle(t *testing.T) {
	for _, x := range []struct {
		name           string
		codec          *Codec
		decode, encode float64
	}{{"msgpack", MsgPack, 3, 3}, {"json", JSON, 3, 2}} {
		post := commands["command-post"]
		post.Text = string(make150())
		message, event := x.codec.Encode(post), values["event-posted"]
		if n := testing.AllocsPerRun(100, func() { _, _, _ = x.codec.Next(message, "post") }); n > x.decode {
			t.Errorf("%s: %.0f allocations to decode a post, at most %.0f are planned", x.name, n, x.decode)
		}
		if n := testing.AllocsPerRun(100, func() { x.codec.Encode(event) }); n > x.encode {
			t.Errorf("%s: %.0f allocations to encode an event, at most %.0f are planned", x.name, n, x.encode)
		}
	}
}
