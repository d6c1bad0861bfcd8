//go:build !race

package hub

import (
	"runtime"
	"testing"
)

// A drain joins what is queued and writes it, and allocates nothing.
func TestDrainAllocatesNothing(t *testing.T) {
	h := newHub(t, Config{})
	c, j := h.Attach(nobody{}, 0, nil), h.joinBuffers.Get().(*joinBuffer)
	value := make([]byte, 150)
	if n := testing.AllocsPerRun(100, func() { c.fill(value, 100); c.drain(j) }); n > 0 {
		t.Errorf("%.0f allocations for 100 values", n)
	}
}

// Publish allocates a little for a frame, and nothing for a recipient. (With the race
// detector, sync.Pool drops things at random.)
func TestPublishAllocatesNothingPerRecipient(t *testing.T) {
	const members = 1000
	h := newHub(t, Config{})
	for range members {
		c := h.Attach(nobody{}, 0, nil)
		c.Join("tea")
		c.Live("tea", 0, true)
	}
	value, seq := []byte("hello"), uint64(0)
	encode := func(int) []byte { return value }
	publish := func() {
		seq++
		h.Publish("tea", seq, NewFrame(encode))
		for h.Stats().QueuedBytes > 0 {
			runtime.Gosched()
		}
	}
	for range 20 {
		publish() // pools and goroutines warm up
	}
	if n := testing.AllocsPerRun(100, publish); n > members/20 {
		t.Errorf("%.0f allocations for %d recipients", n, members)
	} else {
		t.Logf("%.0f allocations for %d recipients", n, members)
	}
}
