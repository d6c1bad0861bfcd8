package server

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

// Topics of the hub: a chat's is its id and the only kind with numbers.
func userTopic(u chat.UserID) string     { return "user:" + string(u) }     // one's own devices
func focusTopic(id chat.ChatID) string   { return "focus:" + string(id) }   // who looks at a chat
func presenceTopic(u chat.UserID) string { return "presence:" + string(u) } // who is told whether u is here

// gate is open while the feed stands. The zero gate is closed.
type gate struct {
	mu     sync.Mutex
	open   bool          // guarded by mu
	opened chan struct{} // guarded by mu; closed when it opens; nil: nobody waits
}

// Load reports whether the gate is open.
func (g *gate) Load() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = open
	if open && g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

// wait returns once the gate is or was open, or with ctx's error.
func (g *gate) wait(ctx context.Context) error {
	g.mu.Lock()
	if g.open {
		g.mu.Unlock()
		return nil
	}
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
	opened := g.opened
	g.mu.Unlock()
	select {
	case <-opened:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pump carries the feed to the hub until ctx ends: the only door into it. When
// the feed is lost it closes the gate first and drops all sockets then, so that
// whoever says hello between the two is dropped, and whoever comes after waits.
func (s *Server) pump(ctx context.Context) error {
	for wait := s.pace.retry; ; wait = min(2*wait, 50*s.pace.retry) {
		began := time.Now()
		err := s.feed(ctx)
		if s.feeding.Load() {
			s.feeding.set(false)
			s.hub.Lost()
			s.metrics.feedLost.Inc()
		}
		if ctx.Err() != nil {
			return nil
		}
		s.Log.LogAttrs(ctx, slog.LevelWarn, "the feed was lost", slog.String("error", err.Error()))
		if time.Since(began) > time.Minute {
			wait = s.pace.retry
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// feed carries one feed until it ends, and says why.
func (s *Server) feed(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p) // the feed starts anew, and everybody from the log
		}
	}()
	ctx, cancel := context.WithCancel(ctx) // frees the cursor also when it is never ranged over
	defer cancel()
	notices, err := s.Store.OpenFeed(ctx)
	if err != nil {
		return err
	}
	s.feeding.set(true)
	for n, err := range notices {
		if err != nil {
			return err
		}
		switch {
		case n.Event != nil:
			err = s.deliver(ctx, n.Event)
		case n.Signal != nil:
			if n.Signal.Kind == chat.SignalUser {
				s.memory.forget() // whoever hears it asks anew
			}
			s.signal(ctx, n.Signal)
		case n.Ended != nil:
			s.memory.forget()
			s.revoke(n.Ended)
		}
		if err != nil {
			return err
		}
	}
	return chat.ErrFeedLost
}

// deliver publishes one event, after those before it that the feed left out.
func (s *Server) deliver(ctx context.Context, ev *chat.Event) error {
	for {
		missing, ok := s.publish(ev)
		if ok {
			return nil
		}
		events, _, err := s.Store.After(ctx, "", ev.ChatID, chat.Seq(missing)-1, pageEvents, pageBytes)
		if err != nil {
			return err
		}
		if len(events) == 0 || events[0].Seq != chat.Seq(missing) {
			return fmt.Errorf("event %d of chat %s is not in the log: %w", missing, ev.ChatID, chat.ErrFeedLost)
		}
		for i := range events {
			if events[i].Seq >= ev.Seq {
				break
			}
			s.publish(&events[i])
		}
	}
}

// publish hands one event to the hub and does what it says about memberships.
func (s *Server) publish(ev *chat.Event) (missing uint64, ok bool) {
	topic := string(ev.ChatID)
	if ev.Kind == chat.Deleted || ev.Kind == chat.Edited {
		s.hub.Trim(topic) // no ring keeps the text that was, and no page
		s.memory.pages.forget()
	}
	missing, ok = s.hub.Publish(topic, uint64(ev.Seq), hub.NewFrame(func(codec int) []byte { return wire.Codecs[codec].Encode(ev) }))
	if !ok {
		return missing, false
	}
	s.metrics.published(ev)
	switch ev.Kind {
	case chat.Joined:
		for _, u := range ev.Users {
			s.each(u, func(c *session) { c.later(func() { c.admit(ev.ChatID) }) })
		}
	case chat.Left:
		for _, u := range ev.Users {
			s.hub.Evict(string(u), topic, uint64(ev.Seq))
			s.each(u, func(c *session) {
				c.conn.Leave(focusTopic(ev.ChatID))
				c.later(func() { c.left(ev.ChatID) })
			})
		}
	}
	return 0, true
}

// each calls f for each socket of a user.
func (s *Server) each(u chat.UserID, f func(*session)) {
	s.hub.Each(string(u), func(conn *hub.Conn) {
		if c, ok := conn.Tag().(*session); ok {
			f(c)
		}
	})
}
