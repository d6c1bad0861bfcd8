package main

import (
	"context"
	"math/rand/v2"
	"time"

	"parley/chat"
	"parley/wire"
)

// survivor is one client: what it saw last in each chat, and when that was.
type survivor struct {
	*client
	epoch string
	seen  map[string]uint64
	at    map[string]int64
}

// endure reads for a client, and resumes each time that the server went.
func (s *storm) endure(ctx context.Context, i int) {
	s.listen(ctx, i)
	for _, back := range s.back {
		select {
		case <-back:
		case <-ctx.Done():
			return
		}
		for err := s.resume(ctx, i); err != nil; err = s.resume(ctx, i) {
			s.mu.Lock()
			s.failure = err
			s.mu.Unlock()
			if pause(ctx, 100*time.Millisecond+rand.N(200*time.Millisecond)) != nil {
				return
			}
		}
		s.live.Add(1)
		s.listen(ctx, i)
	}
}

// listen reads until the socket ends, or ctx.
func (s *storm) listen(ctx context.Context, i int) {
	conn := s.survivors[i].conn
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	for {
		message, err := s.survivors[i].read()
		if err == nil {
			err = values(message, func(v value) { s.note(s.survivors[i], v) })
		}
		if err != nil {
			return
		}
	}
}

// resume dials, says hello, and resumes from what the client has seen: the first
// time from the heads. It returns once the client is live and has everything.
func (s *storm) resume(ctx context.Context, i int) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	v := s.survivors[i]
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
		err = values(message, func(got value) {
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
			s.missed.Add(1)
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
		err = values(message, func(got value) {
			s.note(v, got)
			live = live || got.Signal == wire.SignalCaughtUp
		})
		if err != nil {
			return fail(err)
		}
	}
	for id, head := range heads {
		if v.seen[id] < head {
			s.holes.Add(1)
		}
	}
	c.frame = nil
	v.client = c
	return c.conn.SetReadDeadline(time.Time{})
}

// note follows a chat: each event must be the next one.
func (s *storm) note(v *survivor, got value) {
	if got.Signal == wire.SignalReset {
		s.holes.Add(1)
	}
	if got.Event == "" {
		return
	}
	if got.Seq != v.seen[got.ChatID]+1 {
		s.holes.Add(1)
	}
	v.seen[got.ChatID], v.at[got.ChatID] = got.Seq, got.At
}
