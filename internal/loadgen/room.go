package main

import (
	"context"
	"fmt"
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

func scaleCPU(members int) string {
	return fmt.Sprintf("CPU per delivery, %s members", digits(float64(members)))
}

// measureScale brings the same number of deliveries a second to rooms of
// different sizes.
func measureScale(ctx context.Context, b *bench) error {
	const deliveries = 20_000
	for _, members := range []int{10, 100, 1000, 10_000} {
		members = b.size(members)
		w := world{people: members}
		w.spread(1, members)
		err := b.each(ctx, w, b.own(), func(t target, p *process) error {
			a, err := gather(ctx, t, p, members, 4096)
			if err != nil {
				return err
			}
			defer a.leave()
			o, err := a.hear(ctx, deliveries/float64(members), b.long(5*time.Second), patience, w)
			if err != nil {
				return err
			}
			if o.got < o.sent {
				return fmt.Errorf("%d of %d deliveries arrived", o.got, o.sent)
			}
			b.add("scale", t.name(), scaleCPU(members), "µs", o.cpuEach())
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
