package hub

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// tally is a sink that counts bytes; a stalled one never comes back from a Write
// before it is closed.
type tally struct {
	bytes *atomic.Int64
	over  chan struct{} // nil: reads well
}

func (s tally) Write(b []byte) error {
	if s.over != nil {
		<-s.over
	} else {
		s.bytes.Add(int64(len(b) - Headroom))
	}
	return nil
}

func (s tally) Ping() error { return nil }

func (s tally) Close(Cause) {
	if s.over != nil {
		close(s.over)
	}
}

// cpu is the processor time of this process: the figure that a busy machine
// does not change much.
func cpu() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		panic(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// fanOut publishes b.N events of 150 bytes to rooms in turn, and waits until the
// healthy readers have them. At most ahead events are under way.
func fanOut(b *testing.B, rooms, members int, tenthStalls bool, ahead int) {
	h := newHub(b, Config{StuckAfter: time.Hour, QueueBytes: 64 << 20})
	var bytes atomic.Int64
	names := make([]string, rooms)
	healthy := 0
	for r := range rooms {
		names[r] = "chat" + strconv.Itoa(r)
		healthy = 0
		for i := range members {
			s := tally{bytes: &bytes}
			if tenthStalls && i%10 == 0 {
				s.over = make(chan struct{})
			} else {
				healthy++
			}
			c := h.Attach(s, 0, nil)
			c.Join(names[r])
			c.Live(names[r], 0, true)
		}
	}
	value := make([]byte, 150)
	encode := func(int) []byte { return value }
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu()
	for i := range b.N {
		h.Publish(names[i%rooms], uint64(i/rooms)+1, NewFrame(encode))
		for bytes.Load() < int64((i-ahead)*healthy*len(value)) {
			runtime.Gosched()
		}
	}
	for bytes.Load() < int64(b.N*healthy*len(value)) {
		runtime.Gosched()
	}
	b.StopTimer()
	b.ReportMetric(float64(cpu()-before)/float64(b.N*members), "cpu-ns/delivery")
	s := h.Stats()
	b.ReportMetric(float64(s.Delivered)/float64(s.Written), "values/message")
	h.All(func(c *Conn) { c.Close(TooSlow) })
}

func BenchmarkPublish(b *testing.B) {
	for _, x := range []struct {
		rooms, members int
		stalled        bool
		ahead          int
	}{
		{1, 1000, false, 0},
		{1, 1000, false, 16},
		{1, 1000, true, 16},
		{50, 20, false, 50},
		{50, 20, true, 50},
	} {
		b.Run(fmt.Sprintf("rooms=%d/members=%d/tenthStalls=%v/ahead=%d", x.rooms, x.members, x.stalled, x.ahead), func(b *testing.B) {
			fanOut(b, x.rooms, x.members, x.stalled, x.ahead)
		})
	}
}

// laboured is a sink whose write takes about as long as the kernel's.
type laboured struct {
	due  *sync.WaitGroup // counts values
	work []byte
}

func (s laboured) Write(b []byte) error {
	_ = sha256.Sum256(s.work)
	s.due.Add(-(len(b) - Headroom) / 150)
	return nil
}

func (s laboured) Ping() error { return nil }
func (s laboured) Close(Cause) {}

// BenchmarkCores delivers to a chat of 1,000 while nothing else wants the cores,
// which no load on the same machine can leave alone: run it with -cpu 1,2.
func BenchmarkCores(b *testing.B) {
	const members, ahead = 1000, 4
	h := newHub(b, Config{StuckAfter: time.Hour})
	var due sync.WaitGroup
	work := make([]byte, 8<<10)
	for range members {
		c := h.Attach(laboured{&due, work}, 0, nil)
		c.Join("chat")
		c.Live("chat", 0, true)
	}
	value := make([]byte, 150)
	encode := func(int) []byte { return value }
	seq := uint64(0)
	for b.Loop() {
		due.Add(members * ahead)
		for range ahead {
			seq++
			h.Publish("chat", seq, NewFrame(encode))
		}
		due.Wait()
	}
	b.ReportMetric(float64(b.N)*members*ahead/b.Elapsed().Seconds(), "deliveries/s")
}

// fill queues a value n times; the caller is the worker that will drain them.
func (c *Conn) fill(value []byte, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = true
	for range n {
		c.push(value)
	}
}

// BenchmarkDrain takes a hundred values from a queue and joins them.
func BenchmarkDrain(b *testing.B) {
	var bytes atomic.Int64
	h := newHub(b, Config{})
	c, j := h.Attach(tally{bytes: &bytes}, 0, nil), h.joinBuffers.Get().(*joinBuffer)
	value := make([]byte, 150)
	b.ReportAllocs()
	for b.Loop() {
		c.fill(value, 100)
		c.drain(j)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*100), "ns/value")
}

// BenchmarkJoinLive is a resume of 200 chats whose rings hold what was missed.
func BenchmarkJoinLive(b *testing.B) {
	h := newHub(b, Config{})
	base := h.Attach(nobody{}, 0, nil)
	names := make([]string, 200)
	for i := range names {
		names[i] = "chat" + strconv.Itoa(i)
		base.Join(names[i])
		base.Live(names[i], 0, true)
		for seq := uint64(1); seq <= 5; seq++ {
			h.Publish(names[i], seq, numbered(seq))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		c := h.Attach(nobody{}, 0, nil)
		for _, name := range names {
			c.Join(name)
		}
		for _, name := range names {
			if v := c.Live(name, 3, false); v != IsLive {
				b.Fatal(v)
			}
		}
		c.Detach()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(names)), "ns/chat")
}

// BenchmarkKeepalive is one round of keepalive over 10,000 connections.
func BenchmarkKeepalive(b *testing.B) {
	h := newHub(b, Config{})
	for range 10_000 {
		h.Attach(nobody{}, 0, nil).Bind("ann", 0)
	}
	for b.Loop() {
		now := h.now.Load()
		h.All(func(c *Conn) { c.check(now) })
	}
}

func BenchmarkMemory(b *testing.B) {
	for b.Loop() {
		h := New(Config{})
		conn, membership := crowd(h, 10_000, 50, 25_000)
		b.ReportMetric(conn, "B/conn")
		b.ReportMetric(membership, "B/membership")
		h.All((*Conn).Detach)
		if err := h.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDetach is the end of one of two connections in the same topics, as when
// somebody closes a tab: all of it under one shard's lock or another's.
func BenchmarkDetach(b *testing.B) {
	for _, topics := range []int{10, 200, 5000} {
		b.Run(strconv.Itoa(topics), func(b *testing.B) {
			h := newHub(b, Config{})
			var bytes atomic.Int64
			names := make([]string, topics)
			stays := h.Attach(tally{bytes: &bytes}, 0, nil)
			for i := range names {
				names[i] = strconv.Itoa(i)
				stays.Join(names[i])
			}
			var gone [100]*Conn // at a time: stopping the timer stops the world
			for b.Loop() {
				b.StopTimer()
				for i := range gone {
					gone[i] = h.Attach(tally{bytes: &bytes}, 0, nil)
					for _, name := range names {
						gone[i].Join(name)
					}
				}
				b.StartTimer()
				for _, c := range gone {
					c.Detach()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(gone)), "ns/conn")
		})
	}
}
