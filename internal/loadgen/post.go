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
		one := newLatency()
		for range b.count(2000) {
			if err := clients[0].write(t.post(clients[0], authors, dueText(time.Now(), textSize))); err != nil {
				return err
			}
			if err := clients[1].readTexts(1, func(d time.Duration) { one.add(0, d) }); err != nil {
				return err
			}
			if err := clients[0].readTexts(1, nil); err != nil { // the author receives the event too
				return err
			}
		}
		b.addLatency("post", t.name(), onePost, one.sum())

		var posted atomic.Int64
		all := newLatency()
		begin, cpu := time.Now(), p.cpu()
		g, ctx := errgroup.WithContext(ctx)
		for i, c := range clients {
			g.Go(func() error {
				for time.Since(begin) < b.duration(5*time.Second) && ctx.Err() == nil {
					var batch []byte
					for range window {
						batch = append(batch, t.post(c, i, dueText(time.Now(), textSize))...)
					}
					if err := c.write(batch); err != nil {
						return err
					}
					if err := c.readTexts(window, func(d time.Duration) { all.add(i, d) }); err != nil {
						return err
					}
					posted.Add(window)
				}
				return ctx.Err()
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		elapsed, used, n := time.Since(begin), p.cpu()-cpu, float64(posted.Load())
		b.add("post", t.name(), manyPosts, "/s", n/elapsed.Seconds())
		b.add("post", t.name(), "CPU per post", "µs", used.Seconds()*1e6/n)
		b.addLatency("post", t.name(), "64 under way, send to its own event", all.sum())
		return nil
	})
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
