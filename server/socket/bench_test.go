package socket

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"
)

func BenchmarkEcho(b *testing.B) {
	out := make([]byte, Headroom+150)
	server, _ := listen(b, Config{}, false, func(s *Socket, text bool, m []byte) error {
		return s.Write(out[:Headroom+copy(out[Headroom:], m)], text)
	})
	p := dial(b, server, "")
	_ = p.SetDeadline(time.Time{})
	ask, answer := frame(finBinary, payload(150)), make([]byte, 4+150)
	b.ReportAllocs()
	for b.Loop() {
		p.send(ask)
		if _, err := readFull(p.in, answer); err != nil {
			b.Fatal(err)
		}
	}
}

func readFull(r *bufio.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = r.Read(b[n:])
		n += k
	}
	return n, err
}

// BenchmarkIdle reports the heap and stacks of one idle connection, without the kernel's
// memory and without the client's end (which is measured before the server accepts).
func BenchmarkIdle(b *testing.B) {
	const conns = 1000
	for b.Loop() {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		clients := make([]net.Conn, conns)
		for i := range clients {
			if clients[i], err = net.Dial("tcp", listener.Addr().String()); err != nil {
				b.Fatal(err)
			}
		}
		sockets, ended := make(chan *Socket, conns), make(chan error, conns)
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, err := Accept(w, r, Config{ReadLimit: 1 << 17, freshAfter: time.Nanosecond})
			if err != nil {
				b.Error(err)
				return
			}
			sockets <- s
			go s.Serve(func(bool, []byte) error { return nil }, nil, func(err error) { ended <- err })
		})}
		before, goroutines := memoryInUse(), runtime.NumGoroutine()
		go func() {
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				b.Error(err)
			}
		}()
		// A message and a ping first, so that the stack has grown as in real use.
		ask := append([]byte(handshake+"\r\n"), append(frame(finPing, payload(10)), frame(finBinary, payload(2000))...)...)
		answer := make([]byte, 4096)
		for _, c := range clients {
			if _, err := c.Write(ask); err != nil {
				b.Fatal(err)
			}
			for n := 0; n == 0 || answer[n-12] != 0x8a; {
				k, err := c.Read(answer[n:])
				if err != nil {
					b.Fatal(err)
				}
				n += k
			}
		}
		for runtime.NumGoroutine() > goroutines+conns+1 { // net/http's end with their handlers
			runtime.Gosched()
		}
		b.ReportMetric(float64(memoryInUse()-before)/conns, "B/conn")
		for range conns {
			(<-sockets).Abort()
		}
		for range conns {
			<-ended
		}
		for _, c := range clients {
			_ = c.Close()
		}
		_ = server.Close()
	}
}

// memoryInUse returns the bytes in heap and stacks after two garbage collections, which
// also empty the pools.
func memoryInUse() uint64 {
	runtime.GC()
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
