package main

import (
	"context"
	"fmt"
	"time"
)

// population is a number of people and the rooms that they are in: rooms[i] lists the
// people of room i by their number.
type population struct {
	people int
	rooms  [][]int
}

// roomsOf returns the rooms of each person.
func (pop population) roomsOf() [][]int {
	of := make([][]int, pop.people)
	for room, people := range pop.rooms {
		for _, p := range people {
			of[p] = append(of[p], room)
		}
	}
	return of
}

// fillRooms adds n rooms of a size, so that each person is in the same number of rooms.
// Every round of rooms divides all people in another order, by another prime.
func (pop *population) fillRooms(n, size int) {
	primes := []int{1, 3, 7, 11, 13, 17, 19, 23, 29, 31} // have no common factor with a round number of people
	perRound := pop.people / size
	for i := range n {
		room := make([]int, size)
		for k := range room {
			position := i%perRound*size + k
			room[k] = position * primes[i/perRound%len(primes)] % pop.people
		}
		pop.rooms = append(pop.rooms, room)
	}
}

// roomLists has the rooms of each person. It is all that a target without accounts
// needs.
type roomLists struct{ roomsOf [][]int }

func (s *roomLists) prepare(_ context.Context, pop population) error {
	s.roomsOf = pop.roomsOf()
	return nil
}

// target is a kind of server and the protocol of its clients.
type target interface {
	name() string
	// prepare prepares the population for any number of starts.
	prepare(ctx context.Context, pop population) error
	// start runs a server that has the population and nothing else.
	start(ctx context.Context) (*process, error)
	// dial connects a person, who then receives the messages of all their rooms.
	// buffer is the size of the read buffer in bytes.
	dial(p *process, person, buffer int) (*client, error)
	// post encodes a post. Its author also receives the event.
	post(c *client, room int, text string) []byte
}

// measureEach runs f on a new server of every target in turn, and repeats that: other
// load on the machine then affects all targets in the same way.
func (b *bench) measureEach(ctx context.Context, pop population, targets []target, f func(target, *process) error) error {
	for _, t := range targets {
		if err := t.prepare(ctx, pop); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
	}
	for n := range b.repeat {
		for _, t := range targets {
			fmt.Printf(" %s, %d of %d\n", t.name(), n+1, b.repeat)
			undo := b.checkpoint()
			err := startAndRun(ctx, t, f)
			if err != nil && ctx.Err() == nil { // one retry, so that a single failure does not end a long run
				fmt.Println(" retrying:", err)
				undo()
				err = startAndRun(ctx, t, f)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", t.name(), err)
			}
		}
	}
	return nil
}

// startAndRun runs f on a new server of a target.
func startAndRun(ctx context.Context, t target, f func(target, *process) error) error {
	p, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer p.stop()
	return f(t, p)
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
