package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/wire"
)

// actions has how often 10,000 people do what in a second. Most people only receive.
var actions = []struct {
	name   string
	rate   float64 // of 10,000 people, per second
	action func(*day, int, time.Time)
}{
	{"post", 50, (*day).post}, // by 0.5 % of the people
	{"typing", 100, (*day).typing},
	{"focus", 100, (*day).focus},
	{"read", 100, (*day).read},
	{"history", 50, (*day).history},
	{"reconnect", 10, (*day).reconnect},
	{"direct", 50, (*day).direct}, // with -push
}

// day is one run of the scenario.
type day struct {
	*receivers
	b          *bench
	t          *parley
	ctx        context.Context
	rooms      [][]int // of each person
	pages      *latency
	requests   sync.WaitGroup
	failed     atomic.Int64
	reconnects atomic.Int64
	directs    []chat.ChatID // direct chats of subscribers; nil without -push
	nextDirect int
}

// measureDay measures actions of people of whom each is in one chat of 1,000, three of
// 100 and six of 20.
func measureDay(ctx context.Context, b *bench) error {
	pop := population{people: b.count(10_000)}
	pop.fillRooms(pop.people/min(1000, pop.people/2), min(1000, pop.people/2))
	pop.fillRooms(3*pop.people/100, 100)
	pop.fillRooms(6*pop.people/20, 20)
	t, metrics := b.parley(), ""
	if b.pushes != nil {
		var err error
		if metrics, err = freeAddress(); err != nil {
			return err
		}
		t.flags = []string{"--metrics-listen", metrics}
	}
	return b.measureEach(ctx, pop, []target{t}, func(_ target, p *process) error {
		a, err := dialReceivers(ctx, t, p, pop.people, 1024)
		if err != nil {
			return err
		}
		defer a.close()
		d := &day{receivers: a, b: b, t: t, ctx: ctx, rooms: pop.roomsOf(), pages: newLatency()}
		if err := sleep(ctx, b.duration(5*time.Second)); err != nil { // until the work of connecting is over
			return err
		}
		if b.pushes == nil {
			return d.measure("day", t.name())
		}
		return d.measurePushes(metrics)
	})
}

// measurePushes measures the same people without subscriptions, while each subscriber is told of
// the first messages one by one, and once they are told of most of them in summaries.
func (d *day) measurePushes(metrics string) error {
	var err error
	if d.directs, err = d.b.pushes.createDirects(d.ctx, d.t, d.p); err != nil {
		return err
	}
	if err := d.measure(dayWithPushes, "no subscribers"); err != nil {
		return err
	}
	if err := d.b.pushes.subscribe(d.ctx, d.t, d.p); err != nil {
		return err
	}
	// Pushes of the last minute's messages, and the count of them, are over after that.
	if err := sleep(d.ctx, d.b.duration(70*time.Second)); err != nil {
		return err
	}
	if err := d.measureWithPushes("the first 20 s", metrics); err != nil {
		return err
	}
	if err := d.load(d.b.duration(40 * time.Second)); err != nil {
		return err
	}
	return d.measureWithPushes("after a minute", metrics)
}

// measureWithPushes is measure, with the pushes.
func (d *day) measureWithPushes(phase, metrics string) error {
	d.b.pushes.received.Store(0)
	d.b.pushes.direct.reset()
	queue, begin := watchQueue(d.ctx, metrics), time.Now()
	err := d.measure(dayWithPushes, phase)
	received := float64(d.b.pushes.received.Load()) / time.Since(begin).Seconds()
	longest, queueErr := queue()
	if err = errors.Join(err, queueErr); err != nil {
		return err
	}
	d.b.add(dayWithPushes, phase, "pushes", "/s", received)
	d.b.add(dayWithPushes, phase, "longest queue of pushes", "", longest)
	if err := sleep(d.ctx, directWait); err != nil {
		return err
	}
	direct := d.b.pushes.direct.sum()
	d.b.add(dayWithPushes, phase, "direct message to its push, p50", "ms", float64(direct.ValueAtQuantile(50))/1000)
	d.b.add(dayWithPushes, phase, "direct message to its push, p99", "ms", float64(direct.ValueAtQuantile(99))/1000)
	d.b.add(dayWithPushes, phase, "direct messages with a push", "", float64(direct.TotalCount()))
	return nil
}

// load lets people act for a time.
func (d *day) load(how time.Duration) error {
	rate, people := 0.0, len(d.clients)
	for _, h := range actions {
		rate += h.rate * float64(people) / 10_000
	}
	err := openLoop(d.ctx, rate, how, func(due time.Time) bool {
		at := rand.Float64() * rate
		for _, h := range actions {
			if at -= h.rate * float64(people) / 10_000; at < 0 {
				h.action(d, rand.IntN(people), due)
				break
			}
		}
		return true
	})
	d.requests.Wait()
	return err
}

// measure measures 20 seconds.
func (d *day) measure(scenario, server string) error {
	b, p := d.b, d.p
	d.latency.reset()
	d.pages.reset()
	begin, cpu, got := time.Now(), p.cpu(), d.got.Load()
	if err := d.load(b.duration(20 * time.Second)); err != nil {
		return err
	}
	elapsed, used := time.Since(begin), p.cpu()-cpu
	if n := d.lost.Load() - d.reconnects.Load(); n > 0 || d.failed.Load() > 0 {
		return fmt.Errorf("%d sockets were lost, %d calls failed", n, d.failed.Load())
	}
	b.add(scenario, server, "deliveries", "/s", float64(d.got.Load()-got)/elapsed.Seconds())
	b.addLatency(scenario, server, "send to delivery", d.latency.sum())
	b.add(scenario, server, "page of history, p99", "ms", float64(d.pages.sum().ValueAtQuantile(99))/1000)
	b.add(scenario, server, "CPU of the server, share of one core", "%", 100*used.Seconds()/elapsed.Seconds())
	b.add(scenario, server, "memory", "MB", float64(p.memory()>>20))
	return nil
}

// room returns one of the rooms of a person.
func (d *day) room(person int) int { return d.rooms[person][rand.IntN(len(d.rooms[person]))] }

// write writes a message for a person and counts a failure.
func (d *day) write(person int, b []byte) {
	if d.clients[person].write(b) != nil {
		d.failed.Add(1)
	}
}

func (d *day) post(person int, due time.Time) {
	d.write(person, d.t.post(d.clients[person], d.room(person), dueText(due, textSize)))
}

func (d *day) command(person int, cmd wire.Command) {
	d.write(person, d.t.command(d.clients[person], cmd))
}

func (d *day) typing(person int, _ time.Time) {
	d.command(person, wire.Command{Do: "typing", ChatID: d.t.chats[d.room(person)]})
}

func (d *day) focus(person int, _ time.Time) {
	d.command(person, wire.Command{Do: "focus", ChatIDs: []chat.ChatID{d.t.chats[d.room(person)]}})
}

// read sets the read pointer to the first message of the chat; the number of the last
// message would have to be decoded.
func (d *day) read(person int, _ time.Time) {
	d.command(person, wire.Command{Do: "read", ChatID: d.t.chats[d.room(person)], Seq: 1})
}

func (d *day) history(person int, due time.Time) {
	d.requests.Go(func() {
		path := "/api/chats/" + string(d.t.chats[d.room(person)]) + "/messages?limit=50"
		if err := call(d.ctx, d.p, d.t.tokens[person], "GET", path, nil, nil); err != nil {
			d.failed.Add(1)
		}
		d.pages.add(person, time.Since(due))
	})
}

// direct posts to the next subscriber. Those who acted within the last minute get no push.
func (d *day) direct(_ int, due time.Time) {
	if d.directs == nil {
		return
	}
	i := d.nextDirect % len(d.directs)
	d.nextDirect++
	d.b.pushes.posted[i].Store(due.UnixNano())
	d.command(i*subscribers+1, wire.Command{Do: "post", ChatID: d.directs[i], ClientID: chat.NewID[string](), Text: dueText(due, textSize)})
}

// reconnect closes the socket of a person and dials again, as a phone does when its
// network changes.
func (d *day) reconnect(person int, _ time.Time) {
	_ = d.clients[person].conn.Close()
	d.reconnects.Add(1)
	c, err := d.t.dial(d.p, person, 1024)
	if err != nil {
		d.failed.Add(1)
		return
	}
	d.clients[person] = c
	d.reading.Go(func() { d.readLoop(c) })
}
