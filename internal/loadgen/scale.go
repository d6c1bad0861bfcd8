package main

import (
	"context"
	"fmt"
	"time"
)

// measureScale brings the same number of deliveries a second to rooms of
// different sizes.
func measureScale(ctx context.Context, b *bench) error {
	const deliveries = 20_000
	for _, members := range []int{10, 100, 1000, 10_000} {
		members = b.size(members)
		w := world{people: members}
		w.spread(1, members)
		err := b.each(ctx, w, b.floor(), func(t target, p *process) error {
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

func scaleCPU(members int) string {
	return fmt.Sprintf("CPU per delivery, %s members", digits(float64(members)))
}
