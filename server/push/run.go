package push

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/internal/lease"
)

// Run makes and sends pushes, if this server holds the lease, until ctx ends. While nobody
// has a subscription it asks the store now and then, and does nothing else.
func (p *Pushes) Run(ctx context.Context) error {
	if !p.On {
		return nil
	}
	for p.await(ctx) {
		if err := lease.Run(ctx, p.Service, "push", nil, p.hold); err != nil && ctx.Err() == nil {
			p.Log.LogAttrs(ctx, slog.LevelError, "pushes failed", slog.String("error", err.Error()))
			select {
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// await returns true once somebody has a subscription, and false when ctx ends.
func (p *Pushes) await(ctx context.Context) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if any, err := p.Service.AnySubscription(ctx); err == nil && any {
			return true
		}
		select {
		case <-tick.C:
		case <-p.begun:
		case <-ctx.Done():
			return false
		}
	}
}

// hold makes and sends pushes until ctx ends, or until nobody has a subscription.
func (p *Pushes) hold(ctx context.Context) error {
	client, _, err := p.open(ctx)
	if err != nil {
		return err
	}
	s := newSender(p, client)
	m := &maker{Pushes: p, done: map[chat.ChatID]progress{}, made: func() {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}}
	g, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	g.Go(func() error {
		defer stop() // the sender ends with the maker
		return m.run(ctx)
	})
	g.Go(func() error { return s.run(ctx) })
	return g.Wait()
}

// Published marks the chat of a new message. It is called with each event that is delivered.
func (p *Pushes) Published(ev *chat.Event) {
	if ev.Kind.Is().Message && p.On {
		p.marks.add(ev)
	}
}

// FeedOpened is called when events may have been missed before.
func (p *Pushes) FeedOpened() { p.marks.lost() }
