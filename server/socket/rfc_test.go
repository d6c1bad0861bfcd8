package socket

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"
)

// Every length form of RFC 6455, section 5.2, in and out, in one frame each.
func TestEchoOfEverySize(t *testing.T) {
	for _, useTLS := range []bool{false, true} {
		server, _ := listen(t, Config{}, useTLS, nil)
		p := dial(t, server, "")
		for _, n := range []int{0, 1, 125, 126, 127, 511, 512, 513, 4096, 65535, 65536, 300_000} {
			for _, first := range []byte{finText, finBinary} {
				p.send(frame(first, payload(n)))
				p.want(first, payload(n))
			}
		}
		p.send(clientClose(1000, "bye"))
		if reason := p.wantClose(1000); reason != "bye" {
			t.Errorf("close reason %q did not come back", reason)
		}
		p.wantEOF()
	}
}

// Section 5.4: fragments, with control frames between them.
func TestFragments(t *testing.T) {
	server, _ := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	p.send(frame(0x01, []byte("Gr\xc3")), frame(finPing, []byte("a")), frame(0x00, []byte("\xbc\xc3")),
		frame(finPing, []byte("b")), frame(0x00, nil), frame(0x80, []byte("\x9fe")))
	p.want(0x8a, []byte("a"))
	p.want(0x8a, []byte("b"))
	p.want(finText, []byte("Grüße"))
	p.send(frame(0x02, payload(70_000)), frame(0x80, payload(70_000)))
	p.want(finBinary, append(payload(70_000), payload(70_000)...))
	p.send(frame(0x8a, []byte("nobody asked")), frame(finPing, payload(125)), frame(finPing, nil))
	p.want(0x8a, payload(125))
	p.want(0x8a, nil)
}

func TestFramesByteByByte(t *testing.T) {
	server, _ := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	for _, b := range append(text("slow but sure"), frame(finPing, []byte("?"))...) {
		p.send([]byte{b})
	}
	p.want(finText, []byte("slow but sure"))
	p.want(0x8a, []byte("?"))
}

func TestProtocolErrors(t *testing.T) {
	bad := []struct {
		name   string
		frames []byte
		code   int
	}{
		{"unmasked text", []byte{finText, 2, 'h', 'i'}, 1002},
		{"unmasked ping", []byte{finPing, 0}, 1002},
		{"rsv1", frame(0xc1, []byte("x")), 1002},
		{"rsv2", frame(0xa1, []byte("x")), 1002},
		{"rsv3", frame(0x91, []byte("x")), 1002},
		{"rsv on ping", frame(0xc9, nil), 1002},
		{"ping in fragments", frame(0x09, nil), 1002},
		{"close in fragments", frame(0x08, nil), 1002},
		{"ping of 126", frame(finPing, payload(126)), 1002},
		{"close of 126", frame(finClose, payload(126)), 1002},
		{"continuation first", frame(0x80, []byte("x")), 1002},
		{"text within text", append(frame(0x01, []byte("x")), text("y")...), 1002},
		{"negative length", []byte{finText, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, 1002},
		{"close of one byte", frame(finClose, []byte{3}), 1002},
		{"reason not UTF-8", clientClose(1000, "\xff"), 1007},
		{"reason cut in a rune", clientClose(4000, "\xe2\x82"), 1007},
		{"text not UTF-8", text("\xc3\x28"), 1007},
		{"surrogate", text("\xed\xa0\x80"), 1007},
		{"text cut in a rune", text("\xe2\x82"), 1007},
		{"text not UTF-8 in fragments", append(frame(0x01, []byte("\xe2")), frame(0x80, []byte("\x28\xa1"))...), 1007},
		{"too large", frame(finBinary, payload(1001)), 1009},
		{"too large by far", frame(finBinary, payload(500_000)), 1009},
		{"too large in fragments", append(frame(0x01, payload(600)), frame(0x80, payload(401))...), 1009},
		{"huge length, little sent", []byte{finBinary, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5}, 1009},
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		bad = append(bad, struct {
			name   string
			frames []byte
			code   int
		}{fmt.Sprint("opcode ", op), frame(0x80|op, nil), 1002})
	}
	for _, code := range []int{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		bad = append(bad, struct {
			name   string
			frames []byte
			code   int
		}{fmt.Sprint("close code ", code), clientClose(code, ""), 1002})
	}
	server, accepted := listen(t, Config{ReadLimit: 1000, closeWithin: 2 * patience}, false, nil)
	for _, c := range bad {
		t.Run(c.name, func(t *testing.T) {
			p := dial(t, server, "")
			s := receive(t, accepted)
			p.send(c.frames)
			if c.name == "huge length, little sent" {
				p.send(payload(2000))
			}
			// More data in flight must not turn the answer into a reset. (After a close
			// frame a peer sends nothing, section 5.5.1.)
			if c.frames[0] != finClose {
				go func() { _, _ = p.Write(frame(finBinary, payload(900))) }()
			}
			p.wantClose(c.code)
			p.wantEOF()
			_ = p.Close()
			if err := receive(t, s.end); err == nil {
				t.Error("Serve returned nil")
			}
		})
	}
}

// A message has a bounded number of frames: empty ones cost the server time and have no
// content that the limit on messages would count.
func TestFramesOfOneMessageAreBounded(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	many := func(n int, f []byte) []byte { return bytes.Repeat(f, n) }
	for name, c := range map[string][]byte{
		"empty":          append(frame(0x01, []byte("a")), many(20_000, frame(0x00, nil))...),
		"empty at first": append(frame(0x01, nil), many(20_000, frame(0x00, nil))...),
		"of one byte":    append(frame(0x02, []byte("a")), many(50_000, frame(0x00, []byte("b")))...),
		"pings":          append(frame(0x01, []byte("a")), many(900, frame(finPing, payload(125)))...),
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, server, "")
			s := receive(t, accepted)
			go func() { _, _ = p.Write(c) }()
			for {
				first, b, err := p.read()
				if err != nil {
					t.Fatal(err)
				}
				if first == finClose {
					if code := int(b[0])<<8 | int(b[1]); code != 1008 {
						t.Errorf("closed with %d", code)
					}
					break
				}
			}
			_ = p.Close()
			if err := receive(t, s.end); err == nil {
				t.Error("Serve returned nil")
			}
		})
	}
	p := dial(t, server, "")
	for range 3 { // each message has its own bound
		p.send(frame(0x01, []byte("a")), many(1000, frame(0x00, nil)), frame(0x80, []byte("b")))
		p.want(finText, []byte("ab"))
		p.send(frame(0x02, nil), many(1000, frame(0x00, payload(64))), frame(0x80, nil))
		p.want(finBinary, many(1000, payload(64)))
		p.send(frame(0x02, payload(100_000)), frame(0x00, payload(800_000)), frame(0x80, nil))
		p.want(finBinary, append(payload(100_000), payload(800_000)...))
	}
}

// A browser that is still sending when the server closes with 1009 must be able to finish
// and read it: a reset would look like 1006, after which clients reconnect.
func TestTooLargeMessageIsDrained(t *testing.T) {
	server, accepted := listen(t, Config{ReadLimit: 1000}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	p.send(frame(finBinary, make([]byte, 16<<20)))
	p.wantClose(1009)
	p.wantEOF()
	_ = p.Close()
	_ = receive(t, s.end)
}

// A message of exactly the limit passes, in one frame and in fragments.
func TestReadLimit(t *testing.T) {
	server, _ := listen(t, Config{ReadLimit: 1000}, false, nil)
	p := dial(t, server, "")
	p.send(frame(finBinary, payload(1000)), frame(0x02, payload(500)), frame(0x80, payload(500)))
	p.want(finBinary, payload(1000))
	p.want(finBinary, append(payload(500), payload(500)...))
}

func TestCloseIsEchoed(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	for _, code := range []int{1000, 1001, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999} {
		p := dial(t, server, "")
		s := receive(t, accepted)
		p.send(clientClose(code, "так"), text("after the end"))
		p.wantClose(code)
		_ = p.Close()
		_ = receive(t, s.end)
	}
	p := dial(t, server, "")
	p.send(frame(finClose, nil))
	p.wantClose(0)
	p.wantEOF()
}

// A client's first frames may be in the same segment as its handshake, and may be larger
// than the server's buffer.
func TestFramesSentWithHandshake(t *testing.T) {
	server, _ := listen(t, Config{}, false, nil)
	for _, n := range []int{0, 5, 100, 511, 700, 3000, 4096, 9000} {
		early := append(frame(finBinary, payload(n)), text("and more")...)
		p := dial(t, server, "", early...)
		p.send(text("later"))
		p.want(finBinary, payload(n))
		p.want(finText, []byte("and more"))
		p.want(finText, []byte("later"))
	}
}

// Pongs are sent between data frames, never inside one.
func TestPongsBetweenConcurrentWrites(t *testing.T) {
	const writers, each, pings = 4, 200, 200
	server, accepted := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	for w := range writers {
		go func() {
			b := make([]byte, Headroom+100*(w+1))
			for range each {
				copy(b[Headroom:], bytes.Repeat([]byte{byte('a' + w)}, len(b)))
				if err := s.Write(b, false); err != nil {
					t.Error(err)
					return
				}
				if err := s.Ping(); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	go func() {
		for i := range pings {
			if _, err := p.Write(frame(finPing, []byte{byte(i)})); err != nil {
				t.Error(err)
			}
		}
	}()
	data, pongs, serverSocket := 0, 0, 0
	for data < writers*each || pongs < pings || serverSocket < writers*each {
		first, b, err := p.read()
		switch {
		case err != nil:
			t.Fatal(err)
		case first == finBinary && len(b) == 100*int(b[0]-'a'+1) && len(bytes.Trim(b, string(b[0]))) == 0:
			data++
		case first == 0x8a && len(b) == 1 && b[0] == byte(pongs):
			pongs++
		case first == finPing && len(b) == 0:
			serverSocket++
		default:
			t.Fatalf("torn frame %#x % x", first, b)
		}
	}
}

func TestHalfOpenConnection(t *testing.T) {
	server, accepted := listen(t, Config{}, false, nil)
	p := dial(t, server, "")
	s := receive(t, accepted)
	p.send(text("hi")[:3])
	_ = p.Conn.(*net.TCPConn).CloseWrite()
	if err := receive(t, s.end); err == nil {
		t.Error("Serve returned nil")
	}
	_ = p.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, p.in); err != nil {
		t.Errorf("server kept the connection: %v", err)
	}
}
