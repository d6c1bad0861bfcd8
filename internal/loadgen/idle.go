package main

import (
	"context"
	"time"
)

const idleMemory = "memory per connection"

// measureIdle opens a connection for each person, who is in ten rooms, and lets
// them be. The CPU is that of 25 seconds, in which all three servers ping each
// connection once.
func measureIdle(ctx context.Context, b *bench) error {
	w := world{people: b.size(10_000)}
	w.spread(w.people/10, 100)
	return b.each(ctx, w, b.idle(), func(t target, p *process) error {
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		before, began := p.memory(), time.Now()
		a, err := gather(ctx, t, p, w.people, 512)
		if err != nil {
			return err
		}
		defer a.leave()
		b.add("idle", t.name(), "connections opened", "/s", float64(w.people)/time.Since(began).Seconds())
		if err := pause(ctx, b.long(10*time.Second)); err != nil {
			return err
		}
		const window = 25 * time.Second
		cpu := p.cpu()
		if err := pause(ctx, window); err != nil {
			return err
		}
		n := float64(w.people)
		b.add("idle", t.name(), "CPU per connection and second", "µs", (p.cpu()-cpu).Seconds()*1e6/n/window.Seconds())
		b.add("idle", t.name(), idleMemory, "KB", float64(p.memory()-before)/1024/n)
		if lost := a.lost.Load(); lost > 0 {
			b.add("idle", t.name(), "connections lost", "", float64(lost))
		}
		return nil
	})
}
