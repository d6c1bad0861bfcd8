package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
)

// storm is a crowd of clients that lose their server together and come back as
// soon as it is there, all at once and without the random wait that the protocol
// asks of them: the worst case.
type storm struct {
	t         *parley
	p         *process
	survivors []*survivor
	back      [2]chan struct{} // one for each time: closed when the server is there again
	live      atomic.Int64
	holes     atomic.Int64 // events that were not the next of their chat
	missed    atomic.Int64 // chats in which a client resumed behind the head
	mu        sync.Mutex
	failure   error             // why a client could not come back the last time
	acked     map[string]uint64 // highest acknowledged number in each chat
}

const (
	stormQuiet  = "restarted, no news"
	stormKilled = "killed while 200 posts a second come in"
)

// measureStorm restarts the server under clients who miss nothing, and then
// kills it in the middle of posts.
func measureStorm(ctx context.Context, b *bench) error {
	w := world{people: b.size(10_000)}
	w.spread(w.people/10, 100)
	t := b.parley()
	if err := t.prepare(ctx, w); err != nil {
		return err
	}
	for n := range b.repeat {
		fmt.Printf(" parley, %d of %d\n", n+1, b.repeat)
		s := &storm{t: t, back: [2]chan struct{}{make(chan struct{}), make(chan struct{})}, acked: map[string]uint64{}}
		if err := s.run(ctx, b, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *storm) run(ctx context.Context, b *bench, w world) error {
	path, err := s.t.duplicate()
	if err != nil {
		return err
	}
	metrics, err := freeAddress()
	if err != nil {
		return err
	}
	s.t.flags = []string{"--metrics-listen", metrics}
	if s.p, err = s.t.run(ctx, path, "127.0.0.1:0"); err != nil {
		return err
	}
	defer func() { s.p.stop() }()
	ctx, cancel := context.WithCancel(ctx)
	var living sync.WaitGroup
	defer func() { cancel(); living.Wait() }()
	s.survivors = make([]*survivor, w.people)
	g, dialing := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range s.survivors {
		s.survivors[i] = &survivor{seen: map[string]uint64{}, at: map[string]int64{}}
		g.Go(func() error { return s.resume(dialing, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range s.survivors {
		living.Go(func() { s.endure(ctx, i) })
	}

	for i, phase := range []struct {
		name string
		end  func(*process)
		busy bool
	}{{stormQuiet, (*process).stop, false}, {stormKilled, (*process).kill, true}} {
		s.live.Store(0)
		s.missed.Store(0)
		var posting errgroup.Group
		stop, ended := context.WithCancel(ctx)
		if phase.busy {
			posting.Go(func() error { return s.chatter(stop, w) })
			if err := pause(ctx, b.long(2*time.Second)); err != nil {
				ended()
				return err
			}
		}
		phase.end(s.p)
		ended()
		_ = posting.Wait() // its socket went with the server
		p, err := s.t.run(ctx, path, s.p.address())
		if err != nil {
			return err
		}
		s.p = p
		if phase.busy { // and what nobody was there for
			for room := range min(100, len(w.rooms)) {
				if err := s.post(ctx, w, room, time.Now()); err != nil {
					return err
				}
			}
		}
		begin, cpu := time.Now(), s.p.cpu()
		close(s.back[i])
		for s.live.Load() < int64(w.people) && time.Since(begin) < 2*time.Minute {
			if err := pause(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		if n := s.live.Load(); n < int64(w.people) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return fmt.Errorf("%s: %d of %d clients were live after two minutes: %w", phase.name, n, w.people, s.failure)
		}
		took := time.Since(begin)
		reads, err := counter(metrics, "parley_resume_reads_total")
		if err != nil {
			return err
		}
		b.add("storm", "parley", phase.name+": until the last is live", "s", took.Seconds())
		b.add("storm", "parley", phase.name+": CPU of the server", "s", (s.p.cpu() - cpu).Seconds())
		b.add("storm", "parley", phase.name+": chats to catch up with", "", float64(s.missed.Load()))
		b.add("storm", "parley", phase.name+": page reads", "", reads)
		b.add("storm", "parley", phase.name+": lost or out of order", "", float64(s.holes.Load()+s.lostAcks()))
	}
	return nil
}

// chatter posts into chats at random until the server goes.
func (s *storm) chatter(ctx context.Context, w world) error {
	return pace(ctx, 200, time.Minute, func(due time.Time) bool {
		_ = s.post(ctx, w, rand.IntN(len(w.rooms)), due)
		return true
	})
}

// post posts over HTTP and keeps what was acknowledged.
func (s *storm) post(ctx context.Context, w world, room int, due time.Time) error {
	var made struct {
		Message chat.Message `json:"message"`
	}
	err := call(ctx, s.p, s.t.tokens[w.rooms[room][0]], "POST", "/api/chats/"+string(s.t.chats[room])+"/messages",
		map[string]string{"clientId": fmt.Sprint(due.UnixNano()), "text": text(due, textSize)}, &made)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acked[string(made.Message.ChatID)] = max(s.acked[string(made.Message.ChatID)], uint64(made.Message.Seq))
	}
	return err
}

// lostAcks counts the pairs of a client and a chat that do not reach what was
// acknowledged there.
func (s *storm) lostAcks() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.survivors {
		for id, seq := range s.acked {
			if seen, in := v.seen[id]; in && seen < seq {
				n++
			}
		}
	}
	return n
}

// freeAddress is one that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// counter reads a Prometheus counter without labels.
func counter(address, name string) (float64, error) {
	res, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			return strconv.ParseFloat(v, 64)
		}
	}
	return 0, fmt.Errorf("there is no metric %s", name)
}
