package server

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"

	"parley/wire"
)

// BenchmarkIdle reports the memory of a connection that is idle after hello: heap and
// stacks of the process, without the kernel's memory. The clients are bare TCP connections
// that need almost none.
func BenchmarkIdle(b *testing.B) {
	b.Run("native", func(b *testing.B) { benchmarkIdle(b, false) })
	b.Run("socketio", func(b *testing.B) { benchmarkIdle(b, true) })
}

func benchmarkIdle(b *testing.B, socketIO bool) {
	x := start(b, func(c *Config) { c.Limits.Sockets = 0 })
	ann := x.addUser("ann")
	for range 10 {
		ann.group()
	}
	path, hello := "/api/socket", append(wire.JSON.Encode(m{"id": 1, "do": "hello", "token": ann.token}), wire.JSON.Encode(m{"id": 2, "do": "resume"})...)
	if socketIO {
		path, hello = "/socket.io/?EIO=4&transport=websocket", []byte("40"+string(wire.JSON.Encode(m{"token": ann.token, "epoch": x.store.Epoch()})))
	}
	measure := func() uint64 {
		runtime.GC()
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapInuse + s.StackInuse
	}
	const n = 1000
	for b.Loop() {
		before := measure()
		conns := make([]net.Conn, n)
		for i := range conns {
			c, err := net.Dial("tcp", strings.TrimPrefix(x.url, "http://"))
			if err != nil {
				b.Fatal(err)
			}
			conns[i] = c
			_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n", path)
			r := bufio.NewReaderSize(c, 512)
			for line := ""; line != "\r\n"; {
				if line, err = r.ReadString('\n'); err != nil {
					b.Fatal(err)
				}
			}
			frame := append([]byte{0x81, 0x80 | 126, byte(len(hello) >> 8), byte(len(hello)), 0, 0, 0, 0}, hello...) // masked with zeros
			if _, err := c.Write(frame); err != nil {
				b.Fatal(err)
			}
			for line := ""; !strings.Contains(line, `"`+wire.SignalCaughtUp+`"}`); { // then every chat is live
				if line, err = r.ReadString('}'); err != nil {
					b.Fatal(err)
				}
			}
		}
		x.eventually(func() bool { return x.s.hub.Stats().Bound == n })
		b.ReportMetric(float64(measure()-before)/n, "B/conn")
		for _, c := range conns {
			_ = c.Close()
		}
		x.eventually(func() bool { return x.s.hub.Stats().Conns == 0 })
	}
}
