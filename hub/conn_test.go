package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

func TestBind(t *testing.T) {
	h := newHub(t, Config{})
	var conns []*Conn
	for range 5 {
		conns = append(conns, h.Attach(newPeer(), 0, len(conns)))
	}
	if conns[0].Owner() != "" || conns[3].Tag() != 3 {
		t.Error("owner or tag")
	}
	for i, want := range []bool{true, true, true, false, false} {
		if got := conns[i].Bind("ann", 3); got != want {
			t.Errorf("bind %d: %v", i, got)
		}
	}
	if !conns[3].Bind("bob", 1) || !conns[0].Bind("ann", 1) || conns[0].Bind("bob", 0) || conns[4].Bind("", 0) {
		t.Error("another owner, the same again, another's, nobody")
	}
	each := func(owner string) (tags []int) {
		h.Each(owner, func(c *Conn) { tags = append(tags, c.Tag().(int)) })
		slices.Sort(tags)
		return tags
	}
	// From the middle, the end and the head of the chain.
	for _, x := range []struct {
		detach int
		left   []int
	}{{1, []int{0, 2}}, {0, []int{2}}, {2, nil}} {
		conns[x.detach].Detach()
		if got := each("ann"); !slices.Equal(got, x.left) {
			t.Errorf("after %d: %v", x.detach, got)
		}
	}
	if conns[0].Bind("cy", 0) || conns[0].Send(nil) {
		t.Error("a detached connection is bound or sends")
	}
	if !conns[4].Bind("ann", 1) || h.Stats().Bound != 2 || len(h.owners) != 2 {
		t.Errorf("the places are not free again: %+v", h.Stats())
	}
	n := 0
	h.All(func(c *Conn) { n++; c.Detach() }) // f may do anything
	if n != 2 {
		t.Errorf("All: %d", n)
	}
}

func TestCloseCountsOnce(t *testing.T) {
	h := newHub(t, Config{})
	p := newPeer()
	c := h.Attach(p, 0, nil)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { c.Close(TooSlow) })
	}
	wg.Wait()
	c.Detach()
	c.Close(Silent)
	if got := p.closedBy(); len(got) != 1 || h.Stats().Closed != [Causes]uint64{TooSlow: 1} {
		t.Errorf("closed by %v, counted %v", got, h.Stats().Closed)
	}
	for cause, want := range []string{"too_slow", "silent", "unbound", "feed_lost", "stopping"} {
		if got := Cause(cause).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLost(t *testing.T) {
	h := newHub(t, Config{Shards: 4})
	var peers []*peer
	var conns []*Conn
	for i := range 10 {
		peers = append(peers, newPeer())
		c := hold(h.Attach(peers[i], 0, nil))
		conns = append(conns, c)
		if i > 0 {
			c.Bind("ann", 0)
			c.Join("tea")
			c.Live("tea", 0, true)
			c.Join("coffee")
		}
	}
	publish(t, h, 1, 3)
	h.Lost()
	if s := h.Stats(); s.Topics+s.Members+s.RingBytes+s.QueuedBytes != 0 || s.Conns != 10 || s.Closed[FeedLost] != 10 {
		t.Errorf("%+v", s)
	}
	next := held(h, "bob") // after the feed stands again
	next.Join("tea")
	for i, c := range conns {
		c.Join("tea")
		c.Listen("typing")
		if c.Live("tea", 0, true) != Gone || c.Send(nil) || c.In("tea") || c.Bind("cy", 0) {
			t.Errorf("connection %d goes on", i)
		}
		c.Detach()
		if got := peers[i].closedBy(); !slices.Equal(got, []Cause{FeedLost}) {
			t.Errorf("connection %d was closed by %v", i, got)
		}
	}
	if v := next.Live("tea", 8, true); v != IsLive || h.Stats().Members != 1 {
		t.Errorf("the next one: %v, %+v", v, h.Stats())
	}
}

// A connection that attaches while Lost runs may have joined a topic that is then
// dropped: Lost must close it.
func TestLostClosesConnectionsThatJoinMeanwhile(t *testing.T) {
	h := newHub(t, Config{})
	p := newPeer()
	c := h.Attach(p, 0, nil)
	c.Join("tea")
	h.dropTopics()
	if len(p.closedBy()) != 1 {
		t.Error("it stays on")
	}
	c.Detach()
	if c.refs != nil {
		t.Error("it keeps a topic that is gone")
	}
}

func TestCloseDrains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{JoinBytes: 4})
		idle, busy := newPeer(), newPeer()
		busy.stall = make(chan struct{})
		a, b := h.Attach(idle, 0, nil), h.Attach(busy, 0, nil)
		b.Bind("bob", 0)
		for _, s := range []string{"one ", "two ", "three"} {
			b.Send([]byte(s))
		}
		synctest.Wait()
		done := make(chan error)
		go func() { done <- h.Close(t.Context()) }()
		synctest.Wait()
		if got := idle.closedBy(); !slices.Equal(got, []Cause{Stopping}) {
			t.Errorf("the idle one: %v", got)
		}
		if got := busy.closedBy(); got != nil {
			t.Errorf("closed by %v before its queue was written", got)
		}
		if b.Send([]byte("late")) || b.Room(t.Context()) != ErrClosed {
			t.Error("a value is taken while stopping")
		}
		late := newPeer()
		if c := h.Attach(late, 0, nil); len(late.closedBy()) != 1 || c.Send(nil) {
			t.Error("somebody came in while stopping")
		} else {
			c.Detach()
		}
		close(busy.stall)
		synctest.Wait()
		if got := busy.closedBy(); !slices.Equal(got, []Cause{Stopping}) || busy.text() != "one two three" {
			t.Errorf("closed by %v after %q", got, busy.text())
		}
		select {
		case <-done:
			t.Error("Close did not wait for Detach")
		default:
		}
		a.Detach()
		b.Detach()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := h.Close(t.Context()); err != nil {
			t.Errorf("once more: %v", err)
		}
	})
}

func TestCloseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Config{})
		p := newPeer()
		p.stall = make(chan struct{}) // forever
		c := h.Attach(p, 0, nil)
		c.Send([]byte("one"))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- h.Close(ctx) }()
		synctest.Wait()
		if p.closedBy() != nil {
			t.Error("closed at once")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if got := p.closedBy(); !slices.Equal(got, []Cause{Stopping}) {
			t.Errorf("closed by %v", got)
		}
		c.Detach()
		if err := h.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
