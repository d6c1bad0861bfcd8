//go:build !race

package socket

import (
	"runtime"
	"testing"
	"time"
)

// The goroutine of an idle connection has the smallest stack, 2 KB, however large the
// previous frame made it.
func TestIdleGoroutineHasSmallStack(t *testing.T) {
	const conns, most = 500, 3 << 10
	server, accepted := listen(t, Config{freshAfter: time.Nanosecond}, false, nil)
	stacks := func() int {
		runtime.GC() // the runtime starts goroutines with the stack that most needed so far
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.StackInuse)
	}
	before := stacks()
	peers := make([]*testClient, conns)
	for i := range peers {
		peers[i] = dial(t, server, "")
		receive(t, accepted)
	}
	each := 0
	for began := time.Now(); time.Since(began) < patience; {
		for _, p := range peers {
			p.send(frame(finPing, []byte("?")), text("hello"))
			for _, want := range []byte{finPing + 1, finText} {
				if first, _, err := p.read(); first != want || err != nil {
					t.Fatalf("frame %#x, %v, want %#x", first, err, want)
				}
			}
		}
		if each = (stacks() - before) / conns; each <= most {
			return
		}
	}
	t.Errorf("a connection's stack has %d bytes, at most %d are planned", each, most)
}
