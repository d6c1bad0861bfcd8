package hub

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// at checks what a peer has been told, some time after the start of the test.
func at(t *testing.T, start time.Time, since time.Duration, p *peer, pings int, causes ...Cause) {
	t.Helper()
	time.Sleep(time.Until(start.Add(since)))
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pings != pings || !slices.Equal(p.causes, causes) {
		t.Errorf("after %v: %d pings, closed by %v, want %d and %v", since, p.pings, p.causes, pings, causes)
	}
}

const second = time.Second

func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		p := newPeer()
		start := time.Now()
		h.Attach(p, 0, nil).Bind("ann", 0)
		at(t, start, 24*second+second/2, p, 0)
		at(t, start, 26*second, p, 1)
		at(t, start, 49*second, p, 1)
		at(t, start, 51*second, p, 2)
		at(t, start, 74*second, p, 2)
		at(t, start, 77*second, p, 2, Silent)
		at(t, start, 200*second, p, 2, Silent)
	})
}

func TestHeardPostponesPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		p := newPeer()
		start := time.Now()
		c := h.Attach(p, 0, nil)
		c.Bind("ann", 0)
		at(t, start, 20*second+second/2, p, 0)
		c.Heard() // at 20
		at(t, start, 44*second, p, 0)
		at(t, start, 46*second, p, 1)
		c.Heard() // the answer
		at(t, start, 69*second, p, 1)
		for i := range 20 { // and each is answered
			at(t, start, 72*second+time.Duration(i)*26*second, p, 2+i)
			c.Heard()
		}
	})
}

// Half-open connections do not lock their owner out: at the limit they are pinged, and
// who owes an answer for two seconds makes room, the longest unheard first.
func TestHalfOpenConnectionsMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		start := time.Now()
		var peers []*peer
		var conns []*Conn
		attach := func() *Conn {
			peers = append(peers, newPeer())
			conns = append(conns, h.Attach(peers[len(peers)-1], 0, nil))
			return conns[len(conns)-1]
		}
		for i := range 3 {
			time.Sleep(time.Until(start.Add(time.Duration(i+1) * second)))
			attach().Bind("ann", 3)
			synctest.Wait()
			conns[i].Heard()
		}
		conns[1].Heard() // of all, 0 was heard first
		time.Sleep(time.Until(start.Add(6 * second)))
		if attach().Bind("ann", 3) {
			t.Error("bound beyond the limit, while nobody owes an answer")
		}
		for i := range 3 {
			at(t, start, 6*second+second/2, peers[i], 1)
		}
		conns[1].Heard() // answers
		if attach().Bind("ann", 3) {
			t.Error("bound before the others had time to answer")
		}
		at(t, start, 7*second, peers[0], 1) // is not pinged again meanwhile
		time.Sleep(time.Until(start.Add(9*second + second/2)))
		if !conns[3].Bind("ann", 3) {
			t.Error("a half-open connection made no room")
		}
		at(t, start, 9*second+second/2, peers[0], 1, Silent)
		at(t, start, 9*second+second/2, peers[2], 1)
		if !conns[4].Bind("ann", 3) { // although the closed ones are not detached yet
			t.Error("the second half-open connection made no room")
		}
		at(t, start, 9*second+second/2, peers[2], 1, Silent)
		conns[3].Heard()
		conns[4].Heard()
		conns[1].Heard()
		if attach().Bind("ann", 3) {
			t.Error("bound beyond the limit of live connections")
		}
		at(t, start, 10*second, peers[1], 1)
		if got := h.Stats().Closed[Silent]; got != 2 {
			t.Errorf("%d closed", got)
		}
		for _, c := range conns {
			c.Detach()
		}
		if h.Stats().Bound != 0 || len(h.owners) != 0 {
			t.Errorf("%+v", h.Stats())
		}
	})
}

// A process that was suspended for an hour finds every peer silent, although no
// peer had a ping to answer.
func TestSuspendedServerClosesNoConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		p := newPeer()
		c := h.Attach(p, 0, nil)
		c.Bind("ann", 0)
		hour := int64(time.Hour)
		c.check(hour)
		synctest.Wait()
		if p.pings != 1 || p.causes != nil {
			t.Errorf("%d pings, closed by %v", p.pings, p.causes)
		}
		c.heardAt.Store(hour)
		c.check(2 * hour)
		synctest.Wait()
		c.check(3 * hour)
		synctest.Wait()
		if p.pings != 3 || p.causes != nil {
			t.Errorf("%d pings, closed by %v", p.pings, p.causes)
		}
	})
}

// The hub's clock moves once a second; who attaches between two ticks has the
// whole time all the same.
func TestUnboundNotBeforeTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{BindWithin: 10*second - 1}) // as if a tick came late
		start := time.Now()
		p := newPeer()
		at(t, start, 9*second/10, p, 0)
		h.Attach(p, 0, nil)
		at(t, start, 10*second+second/2, p, 0)
		at(t, start, 13*second, p, 0, Unbound)
	})
}

func TestUnbound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		start := time.Now()
		p, q := newPeer(), newPeer()
		d := h.Attach(q, 0, nil)
		c := h.Attach(p, 0, nil)
		at(t, start, 9*second+second/2, p, 0)
		d.Bind("bob", 0)
		c.Heard() // talking is not enough
		at(t, start, 12*second, p, 0, Unbound)
		at(t, start, 13*second, q, 0)
		if h.Stats().Closed[Unbound] != 1 {
			t.Errorf("%+v", h.Stats())
		}
	})
}

func TestStuckWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		start := time.Now()
		mute, mutes := stalled(h)
		talker, talks := stalled(h)
		slowly, reads := stalled(h)
		for _, c := range []*Conn{mutes, talks, reads} {
			c.Bind("ann", 0)
			c.Send([]byte("second;"))
		}
		at(t, start, 9*second+second/2, mute, 0)
		talks.Heard()
		slowly.stall <- struct{}{} // one message got through: its time starts again
		at(t, start, 12*second, mute, 0, Silent)
		at(t, start, 12*second, talker, 0, TooSlow)
		at(t, start, 18*second, slowly, 0)
		at(t, start, 22*second, slowly, 0, Silent)
	})
}

// A slow line answers a ping late, behind all that waits before it: each write that
// had to wait and was done says that the peer is there.
func TestSlowButProgressing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		start := time.Now()
		p, c := stalled(h)
		c.Bind("ann", 0)
		for i := range 30 {
			c.Send([]byte("next;"))
			at(t, start, time.Duration(i+1)*8*second, p, 0)
			select {
			case p.stall <- struct{}{}:
			default:
				t.Fatal("nothing is being written")
			}
		}
		c.Send([]byte("last;"))
		at(t, start, 253*second, p, 0, Silent) // and then it takes nothing any more
	})
}

// A ping waits for its turn behind a write, and does not wait for the queue.
func TestPingGoesThroughTheWorker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{StuckAfter: time.Hour})
		start := time.Now()
		p, c := stalled(h)
		c.Bind("ann", 0)
		c.Send([]byte("second;"))
		at(t, start, 27*second, p, 0)
		p.stall <- struct{}{}
		at(t, start, 28*second, p, 1)
		close(p.stall)
		synctest.Wait()
		if p.text() != "first;second;" {
			t.Errorf("got %q", p.text())
		}
	})
}

// pinger is a peer on which a Ping takes its time.
type pinger struct {
	*peer
	hold chan struct{}
}

func (p pinger) Ping() error {
	<-p.hold
	return p.peer.Ping()
}

func TestNothingIsWrittenDuringAPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		start := time.Now()
		p := pinger{newPeer(), make(chan struct{})}
		c := h.Attach(p, 0, nil)
		c.Bind("ann", 0)
		at(t, start, 27*second, p.peer, 0)
		c.Send([]byte("hello"))
		synctest.Wait()
		if got := p.text(); got != "" {
			t.Errorf("%q was written during the ping", got)
		}
		close(p.hold)
		at(t, start, 28*second, p.peer, 1)
		if got := p.text(); got != "hello" {
			t.Errorf("got %q after it", got)
		}
	})
}

// A thousand that attach together are not pinged together.
func TestPingsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{})
		for range 1000 {
			h.Attach(newPeer(), 0, nil).Bind("ann", 0)
		}
		before := 0
		for s := range 26 {
			time.Sleep(second)
			synctest.Wait()
			pings := 0
			h.All(func(c *Conn) {
				p := c.sink.(*peer)
				p.mu.Lock()
				pings += p.pings
				p.mu.Unlock()
			})
			if now := pings - before; now > 50 {
				t.Errorf("%d pings in second %d", now, s)
			}
			before = pings
		}
		if before < 1000 {
			t.Errorf("%d pings in all", before)
		}
	})
}

func TestShortIntervalsMakeAFineClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHub(t, Config{PingEvery: 100 * time.Millisecond, BindWithin: 40 * time.Millisecond})
		start := time.Now()
		p := newPeer()
		h.Attach(p, 0, nil)
		at(t, start, 60*time.Millisecond, p, 0, Unbound)
	})
}
