package wire

import "testing"

func BenchmarkNext(b *testing.B) {
	each(b, func(b *testing.B, c *Codec) {
		cmd := commands["command-post"]
		cmd.Text = string(make150())
		message := c.Encode(cmd)
		b.SetBytes(int64(len(message)))
		for b.Loop() {
			if _, _, err := c.Next(message, "post"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendEvent(b *testing.B) {
	each(b, func(b *testing.B, c *Codec) {
		e := values["event-posted"]
		var buf []byte
		for b.Loop() {
			var err error
			if buf, err = c.Append(buf[:0], e); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(buf)))
	})
}

func BenchmarkEncodeEvent(b *testing.B) {
	each(b, func(b *testing.B, c *Codec) {
		e := values["event-posted"]
		for b.Loop() {
			c.Encode(e)
		}
	})
}

func each(b *testing.B, f func(*testing.B, *Codec)) {
	b.Run("msgpack", func(b *testing.B) { b.ReportAllocs(); f(b, MsgPack) })
	b.Run("json", func(b *testing.B) { b.ReportAllocs(); f(b, JSON) })
}

// make150 returns a text of 150 bytes.
func make150() []byte {
	b := make([]byte, 150)
	for i := range b {
		b[i] = 'a' + byte(i%26)
	}
	return b
}

func BenchmarkAppendPage(b *testing.B) {
	each(b, func(b *testing.B, c *Codec) {
		h := values["history"].(History)
		one := h.Messages[0]
		one.Text, one.Reply, one.Mentions, one.Reactions = string(make150()), nil, nil, nil
		h.Messages = nil
		for range 50 {
			h.Messages = append(h.Messages, one)
		}
		var buf []byte
		for b.Loop() {
			var err error
			if buf, err = c.Append(buf[:0], h); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(buf)))
	})
}
