package main

import (
	"context"
	"time"
)

const idleMemory = "memory per connection"

// measureIdle measures idle connections.
func measureIdle(ctx context.Context, b *bench) error {
	return b.measureConnections(ctx, "idle", b.idleTargets())
}

// measureConnections opens a connection for each person, who is in ten rooms, and sends
// nothing. The CPU is measured over 25 seconds, in which each server
// pings every connection once.
func (b *bench) measureConnections(ctx context.Context, scenario string, targets []target) error {
	pop := population{people: b.count(10_000)}
	pop.fillRooms(pop.people/10, 100)
	return b.measureEach(ctx, pop, targets, func(t target, p *process) error {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		before, began := p.memory(), time.Now()
		a, err := dialReceivers(ctx, t, p, pop.people, 512)
		if err != nil {
			return err
		}
		defer a.close()
		b.add(scenario, t.name(), "connections opened", "/s", float64(pop.people)/time.Since(began).Seconds())
		if err := sleep(ctx, b.duration(10*time.Second)); err != nil {
			return err
		}
		const window = 25 * time.Second
		cpu := p.cpu()
		if err := sleep(ctx, window); err != nil {
			return err
		}
		n := float64(pop.people)
		b.add(scenario, t.name(), "CPU per connection and second", "µs", (p.cpu()-cpu).Seconds()*1e6/n/window.Seconds())
		b.add(scenario, t.name(), idleMemory, "KB", float64(p.memory()-before)/1024/n)
		if lost := a.lost.Load(); lost > 0 {
			b.add(scenario, t.name(), "connections lost", "", float64(lost))
		}
		return nil
	})
}
