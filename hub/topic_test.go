package hub

import (
	"encoding/binary"
	"fmt"
	"slices"
	"testing"
)

// numbers takes what is queued on a held connection, as numbers.
func numbers(c *Conn) (seqs []uint64) {
	for _, b := range takeAll(c) {
		seqs = append(seqs, binary.BigEndian.Uint64(b[1:]))
	}
	return seqs
}

func held(h *Hub, owner string) *Conn {
	c := hold(h.Attach(newPeer(), 0, nil))
	c.Bind(owner, 0)
	return c
}

func publish(t *testing.T, h *Hub, from, to uint64) {
	t.Helper()
	for seq := from; seq <= to; seq++ {
		if missing, ok := h.Publish("tea", seq, numbered(seq)); !ok {
			t.Fatalf("%d is refused: %d is missing", seq, missing)
		}
	}
}

// TestCoverage is the rule of Live, case by case.
func TestCoverage(t *testing.T) {
	for _, x := range []struct {
		name     string
		from, to uint64 // published before; 0: nothing was, so the topic knows no number
		trim     bool
		seen     uint64
		atEnd    bool
		want     Verdict
		gets     []uint64
	}{
		{"unknown, the log may go on", 0, 0, false, 7, false, Behind, nil},
		{"unknown, the log ended", 0, 0, false, 7, true, IsLive, nil},
		{"below the ring", 5, 9, false, 3, true, Behind, nil},
		{"just below the ring", 5, 9, false, 4, false, IsLive, []uint64{5, 6, 7, 8, 9}},
		{"in the ring", 5, 9, false, 7, false, IsLive, []uint64{8, 9}},
		{"has the last", 5, 9, false, 9, true, IsLive, nil},
		{"ahead of the feed, the log may go on", 5, 9, false, 11, false, Behind, nil},
		{"ahead of the feed, the log ended", 5, 9, false, 11, true, IsLive, nil},
		{"trimmed, has less than expected", 5, 9, true, 8, true, Behind, nil},
		{"trimmed, has all", 5, 9, true, 9, true, IsLive, nil},
		{"has the last, the log may go on", 5, 9, false, 9, false, IsLive, nil},
		{"no number of any log", 5, 9, false, 1 << 63, true, Gone, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			h := newHub(t, Config{})
			c := held(h, "ann")
			c.Join("tea")
			if x.to > 0 {
				publish(t, h, x.from, x.to)
			}
			if x.trim {
				h.Trim("tea")
			}
			if got := c.Live("tea", x.seen, x.atEnd); got != x.want {
				t.Fatalf("Live says %v, want %v", got, x.want)
			}
			if got := numbers(c); !slices.Equal(got, x.gets) {
				t.Errorf("got %v, want %v", got, x.gets)
			}
		})
	}
}

func TestPublishDropsOldAndRefusesEarly(t *testing.T) {
	h := newHub(t, Config{})
	c := held(h, "ann")
	c.Join("tea")
	c.Live("tea", 4, true)
	publish(t, h, 3, 6) // 3 and 4 are old
	if missing, ok := h.Publish("tea", 9, numbered(9)); ok || missing != 7 {
		t.Errorf("9 after 6: missing %d, ok %v", missing, ok)
	}
	publish(t, h, 7, 9)
	if got := numbers(c); !slices.Equal(got, []uint64{5, 6, 7, 8, 9}) {
		t.Errorf("got %v", got)
	}
	if missing, ok := h.Publish("nobody's", 9, numbered(9)); !ok || missing != 0 {
		t.Errorf("without members: missing %d, ok %v", missing, ok)
	}
}

// A member ahead of the feed gets nothing twice when the feed comes after it.
func TestFeedBehindTheLog(t *testing.T) {
	h := newHub(t, Config{})
	ann, bob := held(h, "ann"), held(h, "bob")
	ann.Join("tea")
	ann.Live("tea", 2, true)
	bob.Join("tea")
	bob.Live("tea", 5, true)
	publish(t, h, 3, 6)
	if got := numbers(ann); !slices.Equal(got, []uint64{3, 4, 5, 6}) {
		t.Errorf("ann got %v", got)
	}
	if got := numbers(bob); !slices.Equal(got, []uint64{6}) {
		t.Errorf("bob got %v", got)
	}
}

func TestSignalsReachLiveMembersAndAreNotKept(t *testing.T) {
	h := newHub(t, Config{})
	ann, bob, cy := held(h, "ann"), held(h, "bob"), held(h, "cy")
	ann.Listen("typing")
	bob.Join("typing") // collecting: not yet
	h.Publish("typing", 0, text("ann types"))
	cy.Listen("typing")
	if n := len(takeAll(ann)); n != 1 {
		t.Errorf("ann got %d signals", n)
	}
	if n := len(takeAll(bob)) + len(takeAll(cy)); n != 0 {
		t.Errorf("the others got %d", n)
	}
	if s := h.Stats(); s.RingBytes != 0 {
		t.Errorf("%d bytes are kept", s.RingBytes)
	}
}

func TestJoinAgainStopsDelivery(t *testing.T) {
	h := newHub(t, Config{})
	c := held(h, "ann")
	c.Join("tea")
	c.Live("tea", 0, true)
	publish(t, h, 1, 2)
	if c.Live("tea", 0, true) != IsLive || len(numbers(c)) != 2 {
		t.Error("Live on a live member delivers anew")
	}
	c.Join("tea")
	publish(t, h, 3, 4)
	if got := numbers(c); got != nil {
		t.Errorf("got %v while collecting", got)
	}
	if v := c.Live("tea", 1, false); v != IsLive {
		t.Fatal(v)
	}
	if got := numbers(c); !slices.Equal(got, []uint64{2, 3, 4}) {
		t.Errorf("got %v", got)
	}
	if s := h.Stats(); s.Members != 1 {
		t.Errorf("%d members", s.Members)
	}
}

func TestEvict(t *testing.T) {
	h := newHub(t, Config{})
	two := []*Conn{held(h, "ann"), held(h, "ann")}
	ahead, collects, later, bob := held(h, "ann"), held(h, "ann"), held(h, "ann"), held(h, "bob")
	for _, c := range append(two, bob) {
		c.Join("tea")
		c.Live("tea", 0, true)
	}
	publish(t, h, 1, 5)
	ahead.Join("tea")
	ahead.Live("tea", 8, true) // left at 5, back at 7, resumed from the log
	collects.Join("tea")
	later.Join("tea")
	h.Evict("ann", "tea", 5)
	h.Evict("ann", "coffee", 5)
	h.Evict("nobody", "tea", 5)
	for i, c := range two {
		if c.In("tea") {
			t.Errorf("connection %d is in", i)
		}
	}
	if !ahead.In("tea") || !bob.In("tea") {
		t.Error("who came back, or another, was evicted")
	}
	if v := collects.Live("tea", 4, false); v != Gone || collects.In("tea") {
		t.Errorf("evicted while collecting: %v", v)
	}
	if v := later.Live("tea", 5, false); v != IsLive {
		t.Errorf("has seen the eviction: %v", v)
	}
	if v := two[0].Live("tea", 5, true); v != Gone {
		t.Errorf("not joined: %v", v)
	}
	// A member that joins again is checked again.
	two[0].Join("tea")
	h.Evict("ann", "tea", 6)
	two[0].Join("tea")
	if v := two[0].Live("tea", 5, true); v != IsLive {
		t.Errorf("joined anew: %v", v)
	}
}

func TestTopicEndsWithItsLastMember(t *testing.T) {
	h := newHub(t, Config{Shards: 3})
	var conns []*Conn
	for i := range 20 {
		conns = append(conns, held(h, fmt.Sprint(i)))
		for k := range 10 {
			conns[i].Join(fmt.Sprint((i + k) % 15))
		}
	}
	if s := h.Stats(); s.Topics != 15 || s.Members != 200 || s.Conns != 20 || s.Bound != 20 {
		t.Fatalf("%+v", s)
	}
	for i, c := range conns {
		// Whoever leaves, the others keep their places.
		c.Leave(fmt.Sprint((i + 3) % 15))
		c.Leave("not joined")
		if i%2 == 0 {
			c.Detach()
			c.Detach()
			c.Join("3")
		}
		for k, d := range conns {
			for n := range 15 {
				gone := k <= i && (k%2 == 0 || n == (k+3)%15)
				if want := !gone && (n-k+30)%15 < 10; d.In(fmt.Sprint(n)) != want {
					t.Fatalf("after %d: connection %d in %d: %v", i, k, n, !want)
				}
			}
		}
	}
	for _, c := range conns {
		c.Detach()
	}
	if s := h.Stats(); s.Topics+s.Members+s.Conns+s.Bound+s.RingBytes != 0 {
		t.Errorf("left behind: %+v", s)
	}
}

func TestRingsShareOneBudget(t *testing.T) {
	value := make([]byte, 100)
	frame := func() *Frame { return NewFrame(func(int) []byte { return value }) }
	each := frameBytes + 2*len(value)
	h := newHub(t, Config{Shards: 1, RingBytes: 10 * each, QueueBytes: 4 * 6 * each})
	c := held(h, "ann")
	fill := func(topic string, from, to uint64) {
		for seq := from; seq <= to; seq++ {
			h.Publish(topic, seq, frame())
		}
	}
	for _, topic := range []string{"a", "b", "c"} {
		c.Join(topic)
	}
	covers := func(topic string, seen uint64) bool {
		d := held(h, "bob")
		defer d.Detach()
		d.Join(topic)
		return d.Live(topic, seen, false) == IsLive
	}
	fill("a", 1, 20)
	if covers("a", 13) || !covers("a", 14) {
		t.Error("one ring does not hold the last 6 of its own bound")
	}
	fill("b", 1, 4)
	covers("a", 14) // a is used: now b is the oldest
	fill("c", 1, 3)
	if !covers("a", 14) || covers("b", 2) || !covers("b", 3) || !covers("c", 0) {
		t.Error("it was not the ring used least recently that gave")
	}
	if s := h.Stats(); s.RingBytes != 10*each {
		t.Errorf("%d bytes in rings, want %d", s.RingBytes, 10*each)
	}
}

// A frame is encoded once for each codec that somebody uses, and a codec that comes
// into use later is made when it is needed.
func TestEncodeOncePerCodecInUse(t *testing.T) {
	h := newHub(t, Config{Codecs: 3})
	var calls [3]int
	frame := func() *Frame {
		return NewFrame(func(codec int) []byte { calls[codec]++; return []byte{byte(codec)} })
	}
	var first []*Conn
	for range 3 {
		c := hold(h.Attach(newPeer(), 1, nil))
		c.Join("tea")
		c.Live("tea", 0, true)
		first = append(first, c)
	}
	h.Publish("nobody's", 1, frame())
	h.Publish("tea", 1, frame())
	h.Publish("tea", 1, frame())
	if calls != [3]int{0, 1, 0} {
		t.Fatalf("encoded %v times", calls)
	}
	for range 2 {
		c := hold(h.Attach(newPeer(), 2, nil))
		c.Join("tea")
		c.Live("tea", 0, false)
		if got := takeAll(c); len(got) != 1 || got[0][0] != 2 {
			t.Errorf("got %v", got)
		}
	}
	h.Publish("tea", 2, frame())
	if calls != [3]int{0, 2, 2} {
		t.Errorf("encoded %v times", calls)
	}
	for _, c := range first {
		c.Detach()
	}
	h.Publish("tea", 3, frame())
	if calls != [3]int{0, 2, 3} {
		t.Errorf("encoded %v times after a codec went out of use", calls)
	}
}
