package main

import (
	"context"
	"math/rand/v2"
	"time"

	"parley/chat"
	"parley/wire"
)

// stormClient is one client and the last event that it received of each chat.
type stormClient struct {
	*client
	epoch string
	seen  map[string]uint64 // seq of that event
	at    map[string]int64  // time of that event
}

// runClient reads for client i and resumes after each phase.
func (s *storm) runClient(ctx context.Context, i int) {
	s.readLoop(ctx, i)
	for _, restarted := range s.restarted {
		select {
		case <-restarted:
		case <-ctx.Done():
			return
		}
		for err := s.resume(ctx, i); err != nil; err = s.resume(ctx, i) {
			s.mu.Lock()
			s.failure = err
			s.mu.Unlock()
			if sleep(ctx, 100*time.Millisecond+rand.N(200*time.Millisecond)) != nil {
				return
			}
		}
		s.live.Add(1)
		s.readLoop(ctx, i)
	}
}

// readLoop reads until the socket or ctx ends.
func (s *storm) readLoop(ctx context.Context, i int) {
	conn := s.clients[i].conn
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for {
		message, err := s.clients[i].read()
		if err == nil {
			err = eachValue(message, func(v value) { s.checkEvent(s.clients[i], v) })
		}
		if err != nil {
			return
		}
	}
}

// resume dials, sends hello, and resumes from what the client has received, the first
// time from the heads. It returns when the client is live and has every event.
func (s *storm) resume(ctx context.Context, i int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v := s.clients[i]
	c, err := s.t.open(s.p, i, 512)
	if err != nil {
		return err
	}
	fail := func(err error) error { c.conn.Close(); return err }
	_ = c.conn.SetReadDeadline(time.Now().Add(time.Minute))
	if err := c.write(s.t.command(c, wire.Command{Do: "hello"})); err != nil {
		return fail(err)
	}
	heads, times, live := map[string]uint64(nil), map[string]int64(nil), false
	for heads == nil {
		message, err := c.read()
		if err != nil {
			return fail(err)
		}
		err = eachValue(message, func(got value) {
			if got.Heads != nil {
				heads, times, v.epoch = got.Heads, got.Times, got.Epoch
			}
		})
		if err != nil {
			return fail(err)
		}
	}
	seen, at := map[chat.ChatID]chat.Seq{}, map[chat.ChatID]int64{}
	for id, head := range heads {
		if _, ok := v.seen[id]; !ok {
			v.seen[id], v.at[id] = head, times[id]
		} else if head > v.seen[id] {
			s.behind.Add(1)
		}
		seen[chat.ChatID(id)], at[chat.ChatID(id)] = chat.Seq(v.seen[id]), v.at[id]
	}
	if err := c.write(s.t.command(c, wire.Command{Do: "resume", Epoch: v.epoch, Seen: seen, At: at})); err != nil {
		return fail(err)
	}
	for !live {
		message, err := c.read()
		if err != nil {
			return fail(err)
		}
		err = eachValue(message, func(got value) {
			s.checkEvent(v, got)
			live = live || got.Signal == wire.SignalCaughtUp
		})
		if err != nil {
			return fail(err)
		}
	}
	for id, head := range heads {
		if v.seen[id] < head {
			s.gaps.Add(1)
		}
	}
	c.frame = nil
	v.client = c
	return c.conn.SetReadDeadline(time.Time{})
}

// checkEvent records an event and counts it as a gap if it is not the next one of its
// chat.
func (s *storm) checkEvent(v *stormClient, got value) {
	if got.Signal == wire.SignalReset {
		s.gaps.Add(1)
	}
	if got.Event == "" {
		return
	}
	if got.Seq != v.seen[got.ChatID]+1 {
		s.gaps.Add(1)
	}
	v.seen[got.ChatID], v.at[got.ChatID] = got.Seq, got.At
}
