package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sync/errgroup"
)

// audience is clients that read all the time and time what they hear.
type audience struct {
	t         target
	p         *process
	buffer    int
	clients   []*client
	heard     *latency
	got, lost atomic.Int64
	reading   sync.WaitGroup
}

// gather dials n people, who then read. buffer is the size of each one's read
// buffer in bytes.
func gather(ctx context.Context, t target, p *process, n, buffer int) (*audience, error) {
	a := &audience{t: t, p: p, buffer: buffer, clients: make([]*client, n), heard: newLatency()}
	return a, a.dial(ctx)
}

// renew closes all sockets, with everything that is still on its way to them,
// and dials again.
func (a *audience) renew(ctx context.Context) error {
	a.leave()
	if err := pause(ctx, 500*time.Millisecond); err != nil {
		return err
	}
	return a.dial(ctx)
}

func (a *audience) dial(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range a.clients {
		g.Go(func() (err error) {
			if err = ctx.Err(); err == nil {
				a.clients[i], err = a.t.dial(a.p, i, a.buffer)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		a.leave()
		return err
	}
	for _, c := range a.clients {
		a.reading.Go(func() { a.listen(c) })
	}
	return nil
}

// listen reads until the socket ends.
func (a *audience) listen(c *client) {
	var took []time.Duration
	for {
		message, err := c.read()
		if err != nil {
			a.lost.Add(1)
			return
		}
		took = took[:0]
		marks(message, time.Now(), func(d time.Duration) { took = append(took, d) })
		if len(took) > 0 {
			a.heard.add(c.person, took...)
			a.got.Add(int64(len(took)))
		}
	}
}

// leave closes all sockets and waits until their readers ended.
func (a *audience) leave() {
	for _, c := range a.clients {
		if c != nil {
			_ = c.conn.Close()
		}
	}
	a.reading.Wait()
}

// outcome is what a load came to.
type outcome struct {
	sent, got, lost int64
	elapsed, cpu    time.Duration
	took            *hdrhistogram.Histogram // from due to heard
}

func (o outcome) perSecond() float64 {
	return float64(o.got) / max(o.elapsed, time.Nanosecond).Seconds()
}

// cpuEach is the server's CPU time for one delivery, in microseconds.
func (o outcome) cpuEach() float64 { return o.cpu.Seconds() * 1e6 / float64(max(1, o.got)) }

func (o outcome) p99() time.Duration {
	return time.Duration(o.took.ValueAtQuantile(99)) * time.Microsecond
}

// patience is how far a load may fall behind where all of it shall arrive.
const patience = 10 * time.Second

// hear posts at a rate for a while, into rooms of a size in turn, by a person of
// each, and waits until all of it arrived. It gives up when the deliveries fall
// behind by as much as hope.
func (a *audience) hear(ctx context.Context, rate float64, d, hope time.Duration, w world) (outcome, error) {
	a.heard.reset()
	a.got.Store(0)
	a.lost.Store(0)
	begin, cpu := time.Now(), a.p.cpu()
	due, sent := int64(0), int64(0)
	for _, c := range a.clients {
		_ = c.conn.SetWriteDeadline(begin.Add(d + hope))
	}
	behind := int64(rate * hope.Seconds() * float64(len(w.rooms[0])))
	err := pace(ctx, rate, d, func(at time.Time) bool {
		n := int(sent)
		room := n % len(w.rooms)
		people := w.rooms[room]
		author := a.clients[people[n/len(w.rooms)%min(10, len(people))]]
		if author.write(a.t.post(author, room, text(at, textSize))) == nil {
			due += int64(len(people))
		}
		sent++
		return due-a.got.Load() <= behind && a.lost.Load() == 0
	})
	if err != nil {
		return outcome{}, err
	}
	last := time.Now()
	for a.got.Load() < due && a.lost.Load() == 0 && time.Since(last) < hope {
		time.Sleep(time.Millisecond)
	}
	return outcome{sent: due, got: a.got.Load(), lost: a.lost.Load(), elapsed: time.Since(begin), cpu: a.p.cpu() - cpu, took: a.heard.sum()}, ctx.Err()
}

// pace calls f at the times that a rate sets, whether or not the ones before
// were served in time: no omission is coordinated with the server. It ends when
// the time is over or f gives up.
func pace(ctx context.Context, rate float64, d time.Duration, f func(due time.Time) bool) error {
	begin := time.Now()
	for n := 0; ; n++ {
		due := begin.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if due.Sub(begin) >= d {
			return nil
		}
		if wait := time.Until(due); wait > 200*time.Microsecond {
			if err := pause(ctx, wait); err != nil {
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
