package main

import (
	"context"
	"time"
)

// measureRoom fills one chat with people, posts 20 messages a second, and then
// looks for the highest rate of which everything arrives in time.
func measureRoom(ctx context.Context, b *bench) error {
	w := world{people: b.size(1000)}
	w.spread(1, w.people)
	return b.each(ctx, w, b.all(), func(t target, p *process) error {
		a, err := gather(ctx, t, p, w.people, 16384)
		if err != nil {
			return err
		}
		defer a.leave()
		o, err := a.hear(ctx, 20, b.long(5*time.Second), patience, w)
		if err != nil {
			return err
		}
		b.add("room", t.name(), quietCPU, "µs", o.cpuEach())
		b.latency("room", t.name(), "send to delivery at 20 messages/s", o.took)

		if err := b.most(ctx, "room", a, w); err != nil {
			return err
		}
		b.add("room", t.name(), "memory at the end", "MB", float64(p.memory()>>20))
		return nil
	})
}

const quietCPU = "CPU per delivery at 20 messages/s"
