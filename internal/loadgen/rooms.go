package main

import (
	"context"
	"time"
)

// measureRooms measures fifty rooms of twenty with five messages a second in each.
func measureRooms(ctx context.Context, b *bench) error {
	const rooms, size, rate = 50, 20, 5
	pop := population{people: rooms * size}
	for i := range rooms {
		var people []int
		for k := range size {
			people = append(people, i*size+k)
		}
		pop.rooms = append(pop.rooms, people)
	}
	return b.measureEach(ctx, pop, b.allTargets(), func(t target, p *process) error {
		a, err := dialReceivers(ctx, t, p, pop.people, 4096)
		if err != nil {
			return err
		}
		defer a.close()
		o, err := a.runLoad(ctx, rooms*rate, b.duration(5*time.Second), maxLag, pop)
		if err != nil {
			return err
		}
		b.add("rooms", t.name(), "deliveries that did not arrive", "%", 100*float64(o.sent-o.got)/float64(o.sent))
		b.add("rooms", t.name(), "CPU per delivery", "µs", o.cpuEach())
		b.addLatency("rooms", t.name(), "send to delivery", o.took)
		return nil
	})
}
