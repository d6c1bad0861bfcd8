package main

import (
	"context"
	"fmt"
	"time"
)

// world is who is in which room: rooms[i] lists people by their number.
type world struct {
	people int
	rooms  [][]int
}

// roomsOf lists the rooms of each person.
func (w world) roomsOf() [][]int {
	of := make([][]int, w.people)
	for room, people := range w.rooms {
		for _, p := range people {
			of[p] = append(of[p], room)
		}
	}
	return of
}

// spread puts people into n rooms of a size, so that each is in as many as the
// others: round after round, everybody is dealt out anew by another prime.
func (w *world) spread(n, size int) {
	primes := []int{1, 3, 7, 11, 13, 17, 19, 23, 29, 31} // share no factor with a round number of people
	tables := w.people / size
	for i := range n {
		room := make([]int, size)
		for k := range room {
			seat := i%tables*size + k
			room[k] = seat * primes[i/tables%len(primes)] % w.people
		}
		w.rooms = append(w.rooms, room)
	}
}

// seats are the rooms of each person: all that a server which keeps nobody has
// to prepare.
type seats struct{ roomsOf [][]int }

func (s *seats) prepare(_ context.Context, w world) error {
	s.roomsOf = w.roomsOf()
	return nil
}

// target is a kind of server, and how a client of it talks.
type target interface {
	name() string
	// prepare keeps the world ready for any number of starts.
	prepare(ctx context.Context, w world) error
	// start runs a server in which nothing has happened but the world.
	start(ctx context.Context) (*process, error)
	// dial opens the connection of a person, live in all their rooms. buffer is
	// the size of its read buffer in bytes.
	dial(p *process, person, buffer int) (*client, error)
	// post encodes a post; its author has the event back as everybody does.
	post(c *client, room int, text string) []byte
}

// each runs f on a fresh server of every target in turn, then all of it again:
// whatever else the machine does hits them alike.
func (b *bench) each(ctx context.Context, w world, targets []target, f func(target, *process) error) error {
	for _, t := range targets {
		if err := t.prepare(ctx, w); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
	}
	for n := range b.repeat {
		for _, t := range targets {
			fmt.Printf(" %s, %d of %d\n", t.name(), n+1, b.repeat)
			undo := b.mark()
			err := once(ctx, t, f)
			if err != nil && ctx.Err() == nil { // twenty minutes are not thrown away for one stumble
				fmt.Println(" again:", err)
				undo()
				err = once(ctx, t, f)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", t.name(), err)
			}
		}
	}
	return nil
}

func once(ctx context.Context, t target, f func(target, *process) error) error {
	p, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	return f(t, p)
}

// pause waits, unless the run is given up.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
