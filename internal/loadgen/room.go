package main

import (
	"context"
	"time"
)

// measureRoom measures one chat of 1,000 members.
func measureRoom(ctx context.Context, b *bench) error {
	return b.measureOneChat(ctx, "room", b.allTargets())
}

// measureOneChat measures one chat of 1,000 members at 20 messages a second, and then
// searches for the highest rate at which everything arrives in time.
func (b *bench) measureOneChat(ctx context.Context, scenario string, targets []target) error {
	pop := population{people: b.count(1000)}
	pop.fillRooms(1, pop.people)
	return b.measureEach(ctx, pop, targets, func(t target, p *process) error {
		a, err := dialReceivers(ctx, t, p, pop.people, 16384)
		if err != nil {
			return err
		}
		defer a.close()
		o, err := a.runLoad(ctx, 20, b.duration(5*time.Second), maxLag, pop)
		if err != nil {
			return err
		}
		b.add(scenario, t.name(), quietCPU, "µs", o.cpuEach())
		b.addLatency(scenario, t.name(), "send to delivery at 20 messages/s", o.took)

		if err := b.findMaxRate(ctx, scenario, a, pop); err != nil {
			return err
		}
		b.add(scenario, t.name(), "memory at the end", "MB", float64(p.memory()>>20))
		return nil
	})
}

const quietCPU = "CPU per delivery at 20 messages/s"
