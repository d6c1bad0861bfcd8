package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/wire"
)

// A second of the day of 10,000 people: most of them listen.
var habits = []struct {
	name   string
	each   float64 // of 10,000 people, in a second
	action func(*day, int, time.Time)
}{
	{"post", 50, (*day).post}, // 0.5 % of the people
	{"typing", 100, (*day).typing},
	{"focus", 100, (*day).focus},
	{"read", 100, (*day).read},
	{"history", 50, (*day).history},
	{"reconnect", 10, (*day).reconnect},
}

// day is one run of it.
type day struct {
	*audience
	t       *parley
	ctx     context.Context
	rooms   [][]int // of each person
	pages   *latency
	asking  sync.WaitGroup
	failed  atomic.Int64
	renewed atomic.Int64
}

// measureDay has everybody in one chat of 1,000, three of 100 and six of 20.
func measureDay(ctx context.Context, b *bench) error {
	w := world{people: b.size(10_000)}
	w.spread(w.people/min(1000, w.people/2), min(1000, w.people/2))
	w.spread(3*w.people/100, 100)
	w.spread(6*w.people/20, 20)
	t := b.parley()
	return b.each(ctx, w, []target{t}, func(_ target, p *process) error {
		a, err := gather(ctx, t, p, w.people, 1024)
		if err != nil {
			return err
		}
		defer a.leave()
		d := &day{audience: a, t: t, ctx: ctx, rooms: w.roomsOf(), pages: newLatency()}
		if err := pause(ctx, b.long(5*time.Second)); err != nil { // everybody's arrival is over
			return err
		}
		rate := 0.0
		for _, h := range habits {
			rate += h.each * float64(w.people) / 10_000
		}
		begin, cpu := time.Now(), p.cpu()
		err = pace(ctx, rate, b.long(20*time.Second), func(due time.Time) bool {
			at := rand.Float64() * rate
			for _, h := range habits {
				if at -= h.each * float64(w.people) / 10_000; at < 0 {
					h.action(d, rand.IntN(w.people), due)
					break
				}
			}
			return true
		})
		d.asking.Wait()
		if err != nil {
			return err
		}
		elapsed, used := time.Since(begin), p.cpu()-cpu
		if n := d.lost.Load() - d.renewed.Load(); n > 0 || d.failed.Load() > 0 {
			return fmt.Errorf("%d sockets were lost, %d calls failed", n, d.failed.Load())
		}
		b.add("day", t.name(), "deliveries", "/s", float64(d.got.Load())/elapsed.Seconds())
		b.latency("day", t.name(), "send to delivery", d.heard.sum())
		b.add("day", t.name(), "page of history, p99", "ms", float64(d.pages.sum().ValueAtQuantile(99))/1000)
		b.add("day", t.name(), "CPU of the server, share of one core", "%", 100*used.Seconds()/elapsed.Seconds())
		b.add("day", t.name(), "memory", "MB", float64(p.memory()>>20))
		return nil
	})
}

func (d *day) room(person int) int { return d.rooms[person][rand.IntN(len(d.rooms[person]))] }

func (d *day) say(person int, b []byte) {
	if d.clients[person].write(b) != nil {
		d.failed.Add(1)
	}
}

func (d *day) post(person int, due time.Time) {
	d.say(person, d.t.post(d.clients[person], d.room(person), text(due, textSize)))
}

func (d *day) do(person int, cmd wire.Command) { d.say(person, d.t.command(d.clients[person], cmd)) }

func (d *day) typing(person int, _ time.Time) {
	d.do(person, wire.Command{Do: "typing", ChatID: d.t.chats[d.room(person)]})
}

func (d *day) focus(person int, _ time.Time) {
	d.do(person, wire.Command{Do: "focus", ChatIDs: []chat.ChatID{d.t.chats[d.room(person)]}})
}

// read moves the pointer up to the chat's first message: to its head would need a decoder.
func (d *day) read(person int, _ time.Time) {
	d.do(person, wire.Command{Do: "read", ChatID: d.t.chats[d.room(person)], Seq: 1})
}

func (d *day) history(person int, due time.Time) {
	d.asking.Go(func() {
		path := "/api/chats/" + string(d.t.chats[d.room(person)]) + "/messages?limit=50"
		if err := call(d.ctx, d.p, d.t.tokens[person], "GET", path, nil, nil); err != nil {
			d.failed.Add(1)
		}
		d.pages.add(person, time.Since(due))
	})
}

// reconnect is somebody whose phone changed its network.
func (d *day) reconnect(person int, _ time.Time) {
	_ = d.clients[person].conn.Close()
	d.renewed.Add(1)
	c, err := d.t.dial(d.p, person, 1024)
	if err != nil {
		d.failed.Add(1)
		return
	}
	d.clients[person] = c
	d.reading.Go(func() { d.listen(c) })
}
