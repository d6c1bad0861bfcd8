package main

import (
	"context"
	"time"
)

// measureRoom measures one chat of 1,000 members at 20 messages a second, and then
// searches for the highest rate at which everything arrives in time.
func measureRoom(ctx context.Context, b *bench) error {
	pop := population{people: b.count(1000)}
	pop.fillRooms(1, pop.people)
	return b.measureEach(ctx, pop, b.allTargets(), func(t target, p *process) error {
		a, err := dialReceivers(ctx, t, p, pop.people, 16384)
		if err != nil {
			return err
		}
		defer a.close()
		o, err := a.runLoad(ctx, 20, b.duration(5*time.Second), maxLag, pop)
		if err != nil {
			return err
		}
		b.add("room", t.name(), quietCPU, "µs", o.cpuEach())
		b.addLatency("room", t.name(), "send to delivery at 20 messages/s", o.took)

		if err := b.findMaxRate(ctx, "room", a, pop); err != nil {
			return err
		}
		b.add("room", t.name(), "memory at the end", "MB", float64(p.memory()>>20))
		return nil
	})
}

const quietCPU = "CPU per delivery at 20 messages/s"
