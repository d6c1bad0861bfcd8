package main

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	onePost   = "one by one, send to the other socket"
	manyPosts = "durable posts, 64 under way on 100 sockets"
)

// measurePost measures durable posts over sockets in two closed loops: one post at a
// time, until it is at the socket of another person, and then a hundred authors in a
// chat each with 64 posts at a time. Latency is measured from the sending.
func measurePost(ctx context.Context, b *bench) error {
	const authors, window = 100, 64
	pop := population{people: authors}
	for i := range authors {
		pop.rooms = append(pop.rooms, []int{i})
	}
	pop.rooms = append(pop.rooms, []int{0, 1})
	t := b.parley()
	return b.measureEach(ctx, pop, []target{t}, func(_ target, p *process) error {
		clients := make([]*client, authors)
		for i := range clients {
			c, err := t.dial(p, i, 65536)
			if err != nil {
				return err
			}
			defer c.conn.Close()
			clients[i] = c
		}
		one, err := postOneByOne(ctx, t, clients, authors, func(posted int) bool { return posted < b.count(2000) })
		if err != nil {
			return err
		}
		b.addLatency("post", t.name(), onePost, one.sum())
		begin, cpu := time.Now(), p.cpu()
		n, all, err := postMany(ctx, t, clients, window, b.duration(5*time.Second))
		if err != nil {
			return err
		}
		elapsed, used := time.Since(begin), p.cpu()-cpu
		b.add("post", t.name(), manyPosts, "/s", n/elapsed.Seconds())
		b.add("post", t.name(), "CPU per post", "µs", used.Seconds()*1e6/n)
		b.addLatency("post", t.name(), "64 under way, send to its own event", all.sum())
		return nil
	})
}

// postOneByOne posts to a room of the first two clients while more says so, each time until
// the second one has the text.
func postOneByOne(ctx context.Context, t *parley, clients []*client, room int, more func(posted int) bool) (*latency, error) {
	took := newLatency()
	for n := 0; more(n) && ctx.Err() == nil; n++ {
		if err := clients[0].write(t.post(clients[0], room, dueText(time.Now(), textSize))); err != nil {
			return nil, err
		}
		if err := clients[1].readTexts(1, func(d time.Duration) { took.add(0, d) }); err != nil {
			return nil, err
		}
		if err := clients[0].readTexts(1, nil); err != nil { // the author receives the event too
			return nil, err
		}
	}
	return took, ctx.Err()
}

// postMany keeps window posts of each client under way for d, each client in the room of its
// number. It returns how many were made.
func postMany(ctx context.Context, t *parley, clients []*client, window int, d time.Duration) (n float64, took *latency, err error) {
	var posted atomic.Int64
	took = newLatency()
	begin := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	for i, c := range clients {
		g.Go(func() error {
			for time.Since(begin) < d && ctx.Err() == nil {
				var batch []byte
				for range window {
					batch = append(batch, t.post(c, i, dueText(time.Now(), textSize))...)
				}
				if err := c.write(batch); err != nil {
					return err
				}
				if err := c.readTexts(window, func(d time.Duration) { took.add(i, d) }); err != nil {
					return err
				}
				posted.Add(int64(window))
			}
			return ctx.Err()
		})
	}
	err = g.Wait()
	return float64(posted.Load()), took, err
}

// readTexts reads n marked texts and calls f with their latencies unless it is nil.
func (c *client) readTexts(n int, f func(time.Duration)) error {
	for n > 0 {
		message, err := c.read()
		if err != nil {
			return err
		}
		eachDue(message, time.Now(), func(d time.Duration) {
			n--
			if f != nil {
				f(d)
			}
		})
	}
	return nil
}
