package main

import (
	"context"
	"time"
)

// measureRooms has fifty rooms of twenty with five messages a second in each.
func measureRooms(ctx context.Context, b *bench) error {
	const rooms, size, rate = 50, 20, 5
	w := world{people: rooms * size}
	for i := range rooms {
		var people []int
		for k := range size {
			people = append(people, i*size+k)
		}
		w.rooms = append(w.rooms, people)
	}
	return b.each(ctx, w, b.all(), func(t target, p *process) error {
		a, err := gather(ctx, t, p, w.people, 4096)
		if err != nil {
			return err
		}
		defer a.leave()
		o, err := a.hear(ctx, rooms*rate, b.long(5*time.Second), patience, w)
		if err != nil {
			return err
		}
		b.add("rooms", t.name(), "deliveries that did not arrive", "%", 100*float64(o.sent-o.got)/float64(o.sent))
		b.add("rooms", t.name(), "CPU per delivery", "µs", o.cpuEach())
		b.latency("rooms", t.name(), "send to delivery", o.took)
		return nil
	})
}
