package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// stalled attaches a peer whose first Write has begun and waits for p.stall.
func stalled(h *Hub) (*peer, *Conn) {
	p := newPeer()
	p.stall = make(chan struct{})
	p.began = make(chan struct{}, 100)
	c := h.Attach(p, 0, nil)
	c.Send([]byte("first;"))
	<-p.began
	return p, c
}

func TestJoinedWritesKeepOrderAndSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{JoinBytes: 100})
		p, c := stalled(h)
		want := "first;"
		send := func(s string) {
			want += s
			if !c.Send([]byte(s)) {
				t.Fatal("refused")
			}
		}
		for i := range 300 {
			send(fmt.Sprintf("%d;", i))
		}
		send(strings.Repeat("x", 1000) + ";") // larger than any joined message
		for range 150 {
			send(";") // more than a batch
		}
		close(p.stall)
		synctest.Wait()
		if p.text() != want {
			t.Errorf("got %q", p.text())
		}
		alone := 0
		for i, m := range p.messages {
			if strings.HasPrefix(m, "x") {
				alone++
				if len(m) != 1001 {
					t.Errorf("the large value was joined: %d bytes", len(m))
				}
			} else if len(m) > 100 {
				t.Errorf("message %d has %d bytes", i, len(m))
			}
		}
		// 1,091 bytes of small numbers fit 11 messages, at 96 to 100 bytes each 12.
		if alone != 1 || len(p.messages) > 1+12+1+2 {
			t.Errorf("%d messages", len(p.messages))
		}
		if s := h.Stats(); s.Delivered != 452 || s.Written != uint64(len(p.messages)) || s.QueuedBytes != 0 {
			t.Errorf("%+v", s)
		}
		if c.first != nil || c.last != nil || c.busy {
			t.Error("an idle connection holds a queue")
		}
	})
}

func TestFullQueueClosesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{QueueBytes: 10 * (100 + placeBytes)})
		slow, c := stalled(h)
		fine := newPeer()
		d := h.Attach(fine, 0, nil)
		for _, c := range []*Conn{c, d} {
			c.Join("tea")
			c.Live("tea", 0, true)
		}
		value := strings.Repeat("x", 100)
		for seq := uint64(1); seq <= 10; seq++ {
			h.Publish("tea", seq, text(value))
			synctest.Wait()
		}
		if slow.closedBy() != nil || h.Stats().QueuedBytes != 10*(100+placeBytes) {
			t.Fatalf("closed by %v, %+v", slow.closedBy(), h.Stats())
		}
		h.Publish("tea", 11, text(value))
		if got := slow.closedBy(); !slices.Equal(got, []Cause{TooSlow}) || h.Stats().QueuedBytes > 100+placeBytes {
			t.Errorf("closed by %v, %+v", got, h.Stats())
		}
		h.Publish("tea", 12, text(value))
		if c.Send([]byte("x")) {
			t.Error("a closed connection takes a value")
		}
		synctest.Wait()
		if len(fine.text()) != 1200 || len(slow.closedBy()) != 1 || h.Stats().Closed[TooSlow] != 1 {
			t.Errorf("the other got %d bytes, %v", len(fine.text()), slow.closedBy())
		}
	})
}

// A value beyond the bound is taken by an empty queue, or it could never arrive.
func TestLargeValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{QueueBytes: 1000})
		p, c := stalled(h)
		if !c.Send(make([]byte, 5000)) {
			t.Error("refused by an empty queue")
		}
		if c.Send([]byte("x")) || !slices.Equal(p.closedBy(), []Cause{TooSlow}) {
			t.Error("taken by a full one")
		}
		// What Live has to queue counts the same.
		p, c = stalled(h)
		c.Join("tea")
		h.Publish("tea", 1, text("one"))
		c.Send(make([]byte, 1000-placeBytes))
		if v := c.Live("tea", 0, false); v != Gone || !slices.Equal(p.closedBy(), []Cause{TooSlow}) {
			t.Errorf("Live on a full queue: %v, %v", v, p.closedBy())
		}
	})
}

func TestRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{QueueBytes: 2000, JoinBytes: 500})
		p, c := stalled(h)
		send := func(n int) {
			for range n {
				c.Send(make([]byte, 100-placeBytes))
			}
		}
		if err := c.Room(t.Context()); err != nil {
			t.Fatal(err)
		}
		send(10) // half: there is room
		if err := c.Room(t.Context()); err != nil {
			t.Fatal(err)
		}
		send(2)
		results := make(chan error, 3)
		ctx, cancel := context.WithCancel(t.Context())
		go func() { results <- c.Room(ctx) }()
		synctest.Wait()
		cancel()
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for range 2 {
			go func() { results <- c.Room(t.Context()) }()
		}
		synctest.Wait()
		if len(results) > 0 {
			t.Error("more than half is queued, and Room returns")
		}
		p.stall <- struct{}{} // one message goes: 500 bytes of values are taken
		for range 2 {
			if err := <-results; err != nil {
				t.Error(err)
			}
		}
		send(10)
		go func() { results <- c.Room(t.Context()) }()
		synctest.Wait()
		c.Detach()
		if err := <-results; err != ErrClosed {
			t.Errorf("after Detach: %v", err)
		}
		close(p.stall)
	})
}

func TestFailedWriteEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		p, c := stalled(h)
		p.fail = errors.New("broken pipe")
		c.Send([]byte("second"))
		close(p.stall)
		synctest.Wait()
		if c.Send([]byte("third")) || len(p.messages) != 1 || h.Stats().QueuedBytes != 0 {
			t.Errorf("it goes on: %q", p.messages)
		}
		if got := p.closedBy(); !slices.Equal(got, []Cause{Silent}) {
			t.Errorf("closed by %v", got)
		}
	})
}

// However many readers stall, the others are served: the number of workers is not
// fixed.
func TestStalledReadersDelayNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{Parked: 2})
		for range 500 {
			_, c := stalled(h)
			c.Join("tea")
			c.Live("tea", 0, true)
		}
		var fine []*peer
		for range 50 {
			p := newPeer()
			fine = append(fine, p)
			c := h.Attach(p, 0, nil)
			c.Join("tea")
			c.Live("tea", 0, true)
		}
		for seq := uint64(1); seq <= 5; seq++ {
			h.Publish("tea", seq, text(fmt.Sprint(seq)))
			synctest.Wait()
		}
		for i, p := range fine {
			if p.text() != "12345" {
				t.Errorf("peer %d got %q", i, p.text())
			}
		}
		for _, p := range h.pools {
			if len(p.parked) > 2 {
				t.Errorf("%d workers are parked", len(p.parked))
			}
		}
		h.All(func(c *Conn) { c.Close(TooSlow); c.Detach() })
	})
}
