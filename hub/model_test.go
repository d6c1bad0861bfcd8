package hub

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
)

// The model drives a real hub by random schedules: a log grows, a feed lags behind
// it, repeats itself, is lost and reopened "from now"; members leave and come
// back; connections drop with values still queued; rings are trimmed. The server's
// part (pump, hello, resume) is played here. Each of its rules can be left out,
// and then schedules must go wrong: that shows that the model can see it.

type state uint8

const (
	away    state = iota
	start         // attached
	checked       // only with joinFirst left out
	joined
	turned // away: was no member when it was checked
	paging
	live
	outside // attached, no member
)

type device struct {
	user  int
	got   uint64 // what it has; survives its connections
	state state
	conn  *Conn
	peer  *peer
	cur   uint64 // what the resume has sent
	atEnd bool
	again bool
}

type event struct {
	kind byte // p: posted, l: left, j: joined
	user int
}

type world struct {
	rules
	*rand.Rand
	hub     *Hub
	topic   string
	log     []event // number n is log[n-1]
	fed     int     // how far the feed is
	open    bool    // the feed stands
	member  [3]bool // by user, at the log's head
	left    [3]uint64
	evicted [3]uint64 // the last left that the feed yielded
	devices []*device
	bad     error
}

func owner(user int) string { return "user" + strconv.Itoa(user) }

func (w *world) append(kind byte, user int) {
	w.log = append(w.log, event{kind, user})
	switch kind {
	case 'l':
		w.member[user], w.left[user] = false, uint64(len(w.log))
	case 'j':
		w.member[user] = true
	}
}

// publish is the pump.
func (w *world) publish(seq uint64) {
	for {
		missing, ok := w.hub.Publish(w.topic, seq, numbered(seq))
		if ok || !w.fill {
			break
		}
		for ; missing < seq; missing++ {
			w.publish(missing)
		}
	}
	switch e := w.log[seq-1]; e.kind {
	case 'l':
		w.evict(e.user, seq)
	case 'j':
		for _, d := range w.devices {
			if d.user == e.user && d.conn != nil && !(d.state == live && d.conn.In(w.topic)) {
				d.again = w.again || d.state == outside || d.state == live
			}
		}
	}
}

// feed goes n numbers on and yields the last of them.
func (w *world) feed(n int) {
	if w.open && w.fed+n <= len(w.log) {
		w.fed += n
		w.publish(uint64(w.fed))
	}
}

func (w *world) evict(user int, seq uint64) {
	stays := map[*device]bool{}
	for _, d := range w.devices {
		if d.user == user && d.state == live && d.conn.In(w.topic) {
			w.receive(d)
			stays[d] = d.got > seq
		}
	}
	if w.evicted[user] = max(w.evicted[user], seq); !w.evictSeq {
		seq = 1 << 62
	}
	w.hub.Evict(owner(user), w.topic, seq)
	for d, stay := range stays {
		if in := d.conn.In(w.topic); in != stay {
			w.bad = fmt.Errorf("evicted at %d with %d: in is %v", seq, d.got, in)
		}
	}
}

// receive is what the network does.
func (w *world) receive(d *device) {
	for _, b := range takeAll(d.conn) {
		seq := binary.BigEndian.Uint64(b[1:])
		switch {
		case b[0] != d.conn.codec:
			w.bad = fmt.Errorf("%d came in codec %d", seq, b[0])
		case seq != d.got+1:
			w.bad = fmt.Errorf("%d came after %d", seq, d.got)
		case !w.member[d.user] && seq > w.left[d.user]:
			w.bad = fmt.Errorf("%d was read after leaving at %d", seq, w.left[d.user])
		}
		d.got = seq
	}
}

func (w *world) drop(d *device) {
	if d.conn != nil {
		d.conn.Detach()
		d.conn, d.state = nil, away
	}
}

// begin starts a resume on a connection that has sent all up to d.cur.
func (w *world) begin(d *device) {
	d.again, d.atEnd = false, false
	switch {
	case w.joinFirst:
		d.conn.Join(w.topic)
		d.state = joined
	case w.member[d.user]:
		d.state = checked
	default:
		d.state = outside
	}
}

// step is one step of the server for a device.
func (w *world) step(d *device) {
	if d.conn != nil && len(d.peer.causes) > 0 {
		w.drop(d)
		return
	}
	switch d.state {
	case away:
		if w.gate && !w.open {
			return
		}
		d.peer = newPeer()
		d.conn = hold(w.hub.Attach(d.peer, w.IntN(2), nil))
		d.conn.Bind(owner(d.user), 0)
		d.cur, d.state = d.got, start
	case start:
		w.begin(d)
	case checked:
		d.conn.Join(w.topic)
		d.state = paging
	case joined:
		if d.state = paging; !w.member[d.user] {
			d.state = turned
		}
	case turned:
		d.conn.Leave(w.topic)
		d.state = outside
	case paging:
		w.page(d)
	case live:
		if !d.conn.In(w.topic) {
			d.state = outside
		}
	case outside:
		if d.again {
			w.receive(d)
			d.cur = d.got
			w.begin(d)
		}
	}
}

func (w *world) page(d *device) {
	switch d.conn.Live(w.topic, d.cur, d.atEnd || !w.judgeEnd) {
	case IsLive:
		d.state = live
		return
	case Gone:
		if len(d.peer.causes) == 0 && d.cur >= w.evicted[d.user] {
			w.bad = fmt.Errorf("gone with %d, evicted at %d", d.cur, w.evicted[d.user])
		}
		if d.state = outside; w.member[d.user] {
			w.begin(d)
		}
		return
	}
	const most = 3
	n := 0
	for ; n < most && d.cur < uint64(len(w.log)); n++ {
		d.cur++
		d.conn.Send(binary.BigEndian.AppendUint64([]byte{d.conn.codec}, d.cur))
		if e := w.log[d.cur-1]; w.stopLeft && e == (event{'l', d.user}) && !w.member[d.user] {
			d.state = turned
			return
		}
	}
	d.atEnd = n < most
}

// schedule runs one world to its end and says what went wrong.
func schedule(h *Hub, r rules, seed uint64) error {
	w := &world{rules: r, Rand: rand.New(rand.NewPCG(seed, 1)), hub: h, topic: strconv.FormatUint(seed, 10), open: true}
	w.member = [3]bool{true, true, true}
	for _, user := range []int{0, 0, 1, 2, 2} {
		w.devices = append(w.devices, &device{user: user})
	}
	defer func() {
		for _, d := range w.devices {
			w.drop(d)
		}
	}()
	// Each schedule has its own mix: some posts much, some lags, some comes and goes.
	often := func(n int) int { return 1 + w.IntN(n) }
	steps := []struct {
		weight int
		do     func(*device)
	}{
		{often(12), func(*device) { w.append('p', 0) }},
		{often(24), func(*device) { w.feed(1) }},
		{often(24), w.step},
		{3, func(d *device) {
			if d.conn != nil {
				w.receive(d)
			}
		}},
		{1, w.drop},
		{1, func(*device) { h.Trim(w.topic) }},
		{1, func(*device) { // the feed goes back and repeats
			if w.open {
				w.fed = max(w.fed-w.IntN(4), 0)
			}
		}},
		{1, func(*device) { // a number comes early
			if w.fed+1 < len(w.log) && w.log[w.fed].kind == 'p' {
				w.feed(2)
			}
		}},
		{1, func(*device) {
			switch {
			case !w.open:
				w.open, w.fed = true, len(w.log)
			case w.IntN(3) > 0:
			default:
				if w.open = false; w.lost {
					h.Lost()
				}
			}
		}},
		{often(8), func(*device) {
			if user := w.IntN(2); w.member[user] {
				w.append('l', user)
			} else {
				w.append('j', user)
			}
		}},
	}
	sum := 0
	for _, s := range steps {
		sum += s.weight
	}
	for range 150 {
		at := w.IntN(sum)
		for _, s := range steps {
			if at -= s.weight; at < 0 {
				s.do(w.devices[w.IntN(len(w.devices))])
				break
			}
		}
		if w.bad != nil {
			return w.bad
		}
	}
	return w.settle()
}

// settle lets everybody catch up, and looks whether they did.
func (w *world) settle() error {
	if !w.open {
		w.open, w.fed = true, len(w.log)
	}
	for ; w.fed < len(w.log); w.fed++ {
		w.publish(uint64(w.fed + 1))
	}
	for _, d := range w.devices {
		for range 200 {
			w.step(d)
		}
		if d.conn == nil {
			return fmt.Errorf("not attached")
		}
		w.receive(d)
		if w.bad != nil {
			return w.bad
		}
		if w.member[d.user] && d.got != uint64(len(w.log)) {
			return fmt.Errorf("stuck at %d of %d in state %d", d.got, len(w.log), d.state)
		}
		if !w.member[d.user] && d.conn.In(w.topic) {
			return fmt.Errorf("still in")
		}
	}
	return nil
}
