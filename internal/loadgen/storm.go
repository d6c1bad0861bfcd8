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

// storm is a set of clients that lose the server and reconnect at once when it is
// available again, without the random delay that the protocol requires: the worst case.
type storm struct {
	t         *parley
	p         *process
	clients   []*stormClient
	restarted [2]chan struct{} // one for each phase; closed when the server is available again
	live      atomic.Int64
	gaps      atomic.Int64 // events that were not the next one of their chat
	behind    atomic.Int64 // chats in which a client resumed below the head
	mu        sync.Mutex
	failure   error             // the last error of a resume
	acked     map[string]uint64 // highest acknowledged seq of each chat
}

const (
	stormQuiet  = "restarted, no news"
	stormKilled = "killed while 200 posts a second come in"
)

// measureStorm restarts the server while there are no new events, and then kills it
// while posts come in.
func measureStorm(ctx context.Context, b *bench) error {
	pop := population{people: b.count(10_000)}
	pop.fillRooms(pop.people/10, 100)
	t := b.parley()
	if err := t.prepare(ctx, pop); err != nil {
		return err
	}
	for n := range b.repeat {
		fmt.Printf(" parley, %d of %d\n", n+1, b.repeat)
		s := &storm{t: t, restarted: [2]chan struct{}{make(chan struct{}), make(chan struct{})}, acked: map[string]uint64{}}
		if err := s.run(ctx, b, pop); err != nil {
			return err
		}
	}
	return nil
}

func (s *storm) run(ctx context.Context, b *bench, pop population) error {
	path, err := s.t.copyStore()
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
	var running sync.WaitGroup
	defer func() { cancel(); running.Wait() }()
	s.clients = make([]*stormClient, pop.people)
	g, dialing := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range s.clients {
		s.clients[i] = &stormClient{seen: map[string]uint64{}, at: map[string]int64{}}
		g.Go(func() error { return s.resume(dialing, i) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range s.clients {
		running.Go(func() { s.runClient(ctx, i) })
	}

	for i, phase := range []struct {
		name string
		end  func(*process)
		busy bool
	}{{stormQuiet, (*process).stop, false}, {stormKilled, (*process).kill, true}} {
		s.live.Store(0)
		s.behind.Store(0)
		var posting errgroup.Group
		stop, ended := context.WithCancel(ctx)
		if phase.busy {
			posting.Go(func() error { return s.postAtRandom(stop, pop) })
			if err := sleep(ctx, b.duration(2*time.Second)); err != nil {
				ended()
				return err
			}
		}
		phase.end(s.p)
		ended()
		_ = posting.Wait() // its requests fail when the server ends
		p, err := s.t.run(ctx, path, s.p.address())
		if err != nil {
			return err
		}
		s.p = p
		if phase.busy { // messages that no client has received
			for room := range min(100, len(pop.rooms)) {
				if err := s.postOverHTTP(ctx, pop, room, time.Now()); err != nil {
					return err
				}
			}
		}
		begin, cpu := time.Now(), s.p.cpu()
		close(s.restarted[i])
		for s.live.Load() < int64(pop.people) && time.Since(begin) < 2*time.Minute {
			if err := sleep(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		if n := s.live.Load(); n < int64(pop.people) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return fmt.Errorf("%s: %d of %d clients were live after two minutes: %w", phase.name, n, pop.people, s.failure)
		}
		took := time.Since(begin)
		reads, err := counter(metrics, "parley_resume_reads_total")
		if err != nil {
			return err
		}
		b.add("storm", "parley", phase.name+": until the last is live", "s", took.Seconds())
		b.add("storm", "parley", phase.name+": CPU of the server", "s", (s.p.cpu() - cpu).Seconds())
		b.add("storm", "parley", phase.name+": chats to catch up with", "", float64(s.behind.Load()))
		b.add("storm", "parley", phase.name+": page reads", "", reads)
		b.add("storm", "parley", phase.name+": lost or out of order", "", float64(s.gaps.Load()+s.lostAcks()))
	}
	return nil
}

// postAtRandom posts into random chats until ctx ends.
func (s *storm) postAtRandom(ctx context.Context, pop population) error {
	return openLoop(ctx, 200, time.Minute, func(due time.Time) bool {
		_ = s.postOverHTTP(ctx, pop, rand.IntN(len(pop.rooms)), due)
		return true
	})
}

// postOverHTTP posts a message and records the acknowledged seq.
func (s *storm) postOverHTTP(ctx context.Context, pop population, room int, due time.Time) error {
	var posted struct {
		Message chat.Message `json:"message"`
	}
	err := call(ctx, s.p, s.t.tokens[pop.rooms[room][0]], "POST", "/api/chats/"+string(s.t.chats[room])+"/messages",
		map[string]string{"clientId": fmt.Sprint(due.UnixNano()), "text": dueText(due, textSize)}, &posted)
	if err == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.acked[string(posted.Message.ChatID)] = max(s.acked[string(posted.Message.ChatID)], uint64(posted.Message.Seq))
	}
	return err
}

// lostAcks returns for how many pairs of a client and a chat the client lacks an
// acknowledged message.
func (s *storm) lostAcks() (n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range s.clients {
		for id, seq := range s.acked {
			if seen, in := v.seen[id]; in && seen < seq {
				n++
			}
		}
	}
	return n
}

// freeAddress returns an address on loopback that is not in use.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// counter returns the value of a Prometheus counter without labels.
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
	return 0, fmt.Errorf("no metric %s", name)
}
