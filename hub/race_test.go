package hub

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// ear is a sink that checks the order of each topic's numbers as they come.
type ear struct {
	t    *testing.T
	last map[byte]uint64 // by topic; owned by the worker
	gone atomic.Bool
	rnd  *rand.Rand // owned by the worker
}

// value says topic and number.
func value(topic byte, seq uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{topic}, seq)
}

func (e *ear) Write(b []byte) error {
	for b = b[Headroom:]; len(b) > 0; b = b[9:] {
		topic, seq := b[0], binary.BigEndian.Uint64(b[1:])
		if e.last[topic] >= seq {
			e.t.Errorf("topic %d: %d after %d", topic, seq, e.last[topic])
		}
		e.last[topic] = seq
	}
	if e.gone.Load() || e.rnd.IntN(2000) == 0 {
		return errors.New("gone")
	}
	return nil
}

func (e *ear) Ping() error { return nil }
func (e *ear) Close(Cause) { e.gone.Store(true) }

// TestEverythingAtOnce is for the race detector, for lock order, and for order of
// delivery while memberships, rings and connections come and go.
func TestEverythingAtOnce(t *testing.T) {
	const topics, deliveries = 8, 10_000
	h := New(Config{Shards: 3, RingBytes: 64 << 10, QueueBytes: 32 << 10, JoinBytes: 512,
		PingEvery: 8 * time.Millisecond, BindWithin: 40 * time.Millisecond})
	name := func(i byte) string { return fmt.Sprint("topic", i) }
	var heads [topics]atomic.Uint64
	var wg, publishers sync.WaitGroup
	stop := make(chan struct{})
	for topic := byte(0); topic < topics; topic++ {
		publishers.Go(func() {
			for seq := uint64(1); h.Stats().Delivered < deliveries; seq++ {
				f := NewFrame(func(int) []byte { return value(topic, seq) })
				heads[topic].Store(seq)
				if _, ok := h.Publish(name(topic), seq, f); !ok {
					t.Errorf("%d of topic %d is refused", seq, topic)
				}
			}
		})
	}
	background := func(f func(*rand.Rand)) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(rand.Uint64(), 2))
			for {
				select {
				case <-stop:
					return
				default:
					f(rnd)
				}
			}
		})
	}
	for user := range 6 {
		background(func(rnd *rand.Rand) {
			e := &ear{t: t, last: map[byte]uint64{}, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 3))}
			c := h.Attach(e, user%2, nil)
			defer c.Detach()
			if !c.Bind(owner(user/2), 20) {
				return
			}
			var had [topics]bool
			for range 60 {
				topic := byte(rnd.IntN(topics))
				c.Heard()
				switch rnd.IntN(6) {
				case 0:
					c.Leave(name(topic))
				case 1:
					c.In(name(topic))
				default:
					// Each topic once a connection: what was queued before may lie
					// ahead of any number that is asked for anew.
					if had[topic] {
						continue
					}
					had[topic] = true
					c.Join(name(topic))
					seen := heads[topic].Load()
					for c.Live(name(topic), seen, true) == Behind {
						seen = heads[topic].Load()
						if c.Room(t.Context()) != nil {
							return
						}
					}
				}
			}
		})
	}
	background(func(rnd *rand.Rand) {
		topic := byte(rnd.IntN(topics))
		switch rnd.IntN(40) {
		case 0:
			h.Lost()
		case 1:
			h.Trim(name(topic))
		case 2:
			h.Stats()
		case 3:
			h.Each(owner(rnd.IntN(3)), func(c *Conn) { c.Close(TooSlow) })
		default:
			h.Evict(owner(rnd.IntN(3)), name(topic), heads[topic].Load())
		}
	})
	publishers.Wait()
	close(stop)
	wg.Wait()
	if s := h.Stats(); s.Conns+s.Bound+s.Topics+s.Members+s.RingBytes+s.QueuedBytes != 0 {
		t.Errorf("left behind: %+v", s)
	}
	if err := h.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

// After Lost returned, nobody from before is a member, however the calls interleave.
func TestLostAgainstJoin(t *testing.T) {
	h := newHub(t, Config{Shards: 2})
	for round := range 300 {
		var conns []*Conn
		for range 4 {
			conns = append(conns, held(h, "ann"))
		}
		var wg sync.WaitGroup
		for _, c := range conns {
			wg.Go(func() {
				for i := range 20 {
					topic := strings.Repeat("x", i%5)
					c.Join(topic)
					c.Live(topic, 0, true)
				}
			})
		}
		wg.Go(func() {
			h.Publish("x", 1, numbered(1))
			h.Lost()
			for _, c := range conns {
				for i := range 5 {
					if c.In(strings.Repeat("x", i)) {
						t.Errorf("round %d: a member after Lost", round)
					}
				}
			}
		})
		wg.Wait()
		if s := h.Stats(); s.Topics+s.Members != 0 {
			t.Fatalf("round %d: %+v", round, s)
		}
		for _, c := range conns {
			c.Detach()
		}
	}
}
