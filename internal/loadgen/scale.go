package main

import (
	"context"
	"fmt"
	"time"
)

// measureScale measures the same number of deliveries a second in rooms of different
// sizes.
func measureScale(ctx context.Context, b *bench) error {
	const deliveries = 20_000
	for _, members := range []int{10, 100, 1000, 10_000} {
		members = b.count(members)
		pop := population{people: members}
		pop.fillRooms(1, members)
		err := b.measureEach(ctx, pop, b.parleyAndBare(), func(t target, p *process) error {
			a, err := dialReceivers(ctx, t, p, members, 4096)
			if err != nil {
				return err
			}
			defer a.close()
			o, err := a.runLoad(ctx, deliveries/float64(members), b.duration(5*time.Second), maxLag, pop)
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
