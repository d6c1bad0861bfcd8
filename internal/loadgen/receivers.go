package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"
)

// receivers are clients that read all the time and measure the latency of deliveries.
type receivers struct {
	t         target
	p         *process
	buffer    int
	clients   []*client
	latency   *latency
	got, lost atomic.Int64
	reading   sync.WaitGroup
}

// dialReceivers connects n people. buffer is the size of the read buffer of each in
// bytes.
func dialReceivers(ctx context.Context, t target, p *process, n, buffer int) (*receivers, error) {
	r := &receivers{t: t, p: p, buffer: buffer, clients: make([]*client, n), latency: newLatency()}
	return r, r.dial(ctx)
}

// redials is how often redial tries: a server that was overloaded needs a while.
const redials = 5

// redial closes all sockets, which drops what is still on the way to them, and dials
// again.
func (r *receivers) redial(ctx context.Context) (err error) {
	r.close()
	for range redials {
		if err := sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
		if err = r.dial(ctx); err == nil {
			return nil
		}
	}
	return err
}

// dial connects all clients and starts their readers.
func (r *receivers) dial(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range r.clients {
		g.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				r.clients[i], err = r.t.dial(r.p, i, r.buffer)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		r.close()
		return err
	}
	for _, c := range r.clients {
		r.reading.Go(func() { r.readLoop(c) })
	}
	return nil
}

// readLoop reads until the socket ends.
func (r *receivers) readLoop(c *client) {
	var took []time.Duration
	for {
		message, err := c.read()
		if err != nil {
			r.lost.Add(1)
			return
		}
		took = took[:0]
		eachDue(message, time.Now(), func(d time.Duration) { took = append(took, d) })
		if len(took) > 0 {
			r.latency.add(c.person, took...)
			r.got.Add(int64(len(took)))
		}
	}
}

// close closes all sockets and waits until their readers have ended.
func (r *receivers) close() {
	for _, c := range r.clients {
		if c != nil {
			_ = c.conn.Close()
		}
	}
	r.reading.Wait()
}

// outcome is the result of a load.
type outcome struct {
	sent, got, lost int64
	elapsed, cpu    time.Duration
	took            *hdrhistogram.Histogram // from due to delivered
}

// perSecond returns the deliveries per second.
func (o outcome) perSecond() float64 {
	return float64(o.got) / max(o.elapsed, time.Nanosecond).Seconds()
}

// cpuEach returns the CPU time of the server per delivery, in microseconds.
func (o outcome) cpuEach() float64 { return o.cpu.Seconds() * 1e6 / float64(max(1, o.got)) }

// p99 returns the 99th percentile of the latency.
func (o outcome) p99() time.Duration {
	return time.Duration(o.took.ValueAtQuantile(99)) * time.Microsecond
}

// maxLag is how far deliveries may fall behind in a load that must arrive completely.
const maxLag = 10 * time.Second

// runLoad posts at a rate for d, into the rooms in turn, and waits until everything has
// arrived. All rooms have the same size. It stops early when the deliveries fall behind
// by more than lag.
func (r *receivers) runLoad(ctx context.Context, rate float64, d, lag time.Duration, pop population) (outcome, error) {
	r.latency.reset()
	r.got.Store(0)
	r.lost.Store(0)
	begin, cpu := time.Now(), r.p.cpu()
	due, sent := int64(0), int64(0)
	for _, c := range r.clients {
		_ = c.conn.SetWriteDeadline(begin.Add(d + lag))
	}
	behind := int64(rate * lag.Seconds() * float64(len(pop.rooms[0])))
	err := openLoop(ctx, rate, d, func(at time.Time) bool {
		n := int(sent)
		room := n % len(pop.rooms)
		people := pop.rooms[room]
		author := r.clients[people[n/len(pop.rooms)%min(10, len(people))]]
		if author.write(r.t.post(author, room, dueText(at, textSize))) == nil {
			due += int64(len(people))
		}
		sent++
		return due-r.got.Load() <= behind && r.lost.Load() == 0
	})
	if err != nil {
		return outcome{}, err
	}
	last := time.Now()
	for r.got.Load() < due && r.lost.Load() == 0 && time.Since(last) < lag {
		time.Sleep(time.Millisecond)
	}
	return outcome{sent: due, got: r.got.Load(), lost: r.lost.Load(), elapsed: time.Since(begin), cpu: r.p.cpu() - cpu, took: r.latency.sum()}, ctx.Err()
}

// openLoop calls f at the times that a rate sets for d, or until f returns false. A late
// call is followed by the next one at once, with the time at which that was due, which
// avoids coordinated omission.
func openLoop(ctx context.Context, rate float64, d time.Duration, f func(due time.Time) bool) error {
	begin := time.Now()
	for n := 0; ; n++ {
		due := begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if due.Sub(begin) >= d {
			return nil
		}
		if wait := time.Until(due); wait > 200*time.Microsecond {
			if err := sleep(ctx, wait); err != nil {
				return err
			}
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
		if !f(due) {
			return nil
		}
	}
}
