package live

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/server/service"
	"parley/wire"
)

// pump carries the feed to the hub until ctx ends. When the feed is lost it closes the
// gate first and all sockets then: a hello between the two is closed, a later one waits.
func (l *Live) pump(ctx context.Context) error {
	first := l.Intervals.Retry
	for wait := first; ; wait = min(2*wait, 50*first) {
		began := time.Now()
		err := l.carry(ctx)
		if l.feed.IsOpen() {
			l.feed.Set(false)
			l.Hub.Lost()
			l.FeedLost()
		}
		if ctx.Err() != nil {
			return nil
		}
		l.Log.LogAttrs(ctx, slog.LevelWarn, "the feed was lost", slog.String("error", err.Error()))
		if time.Since(began) > time.Minute {
			wait = first
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return nil
		}
	}
}

// carry opens the feed and delivers what it yields until it ends. It returns why.
func (l *Live) carry(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p) // the feed is opened again, and every client resumes
		}
	}()
	ctx, cancel := context.WithCancel(ctx) // frees the cursor also when it is never ranged over
	defer cancel()
	notices, err := l.Store.OpenFeed(ctx)
	if err != nil {
		return err
	}
	l.FeedOpened()
	l.feed.Set(true)
	for n, err := range notices {
		if err != nil {
			return err
		}
		switch {
		case n.Event != nil:
			err = l.deliver(ctx, n.Event)
		case n.Signal != nil:
			if n.Signal.Kind == chat.SignalUser {
				l.UsersChanged() // before the signal: a reader of it must not find the old entry
			}
			l.signal(ctx, n.Signal)
		case n.Ended != nil:
			l.UsersChanged()
			l.revoke(n.Ended)
		}
		if err != nil {
			return err
		}
	}
	return chat.ErrFeedLost
}

// Bounds of one page of the log that is read to fill a gap.
const (
	gapEvents = 200
	gapBytes  = 256 << 10
)

// deliver publishes one event, after those before it that the feed left out.
func (l *Live) deliver(ctx context.Context, ev *chat.Event) error {
	for {
		missing, ok := l.publish(ev)
		if ok {
			return nil
		}
		events, _, err := l.Store.After(ctx, "", ev.ChatID, chat.Seq(missing)-1, gapEvents, gapBytes)
		if err != nil {
			return err
		}
		if len(events) == 0 || events[0].Seq != chat.Seq(missing) {
			if ev.DeletesChat() { // what is missing was purged
				l.applyMembers(ev)
				return nil
			}
			return fmt.Errorf("event %d of chat %s is not in the log: %w", missing, ev.ChatID, chat.ErrFeedLost)
		}
		for i := range events {
			if events[i].Seq >= ev.Seq {
				break
			}
			l.publish(&events[i])
		}
	}
}

// publish hands one event to the hub and then to applyMembers.
func (l *Live) publish(ev *chat.Event) (missing uint64, ok bool) {
	topic := string(ev.ChatID)
	if ev.ReplacesText() || ev.DeletesChat() {
		l.Hub.Trim(topic) // no ring keeps the old text
		l.TextChanged()
	}
	missing, ok = l.Hub.Publish(topic, uint64(ev.Seq), hub.NewFrame(func(codec int) []byte { return wire.Codecs[codec].Encode(ev) }))
	if !ok {
		return missing, false
	}
	l.Published(ev)
	l.applyMembers(ev)
	return 0, true
}

// applyMembers subscribes the users that the event adds, and unsubscribes those that it
// removes.
func (l *Live) applyMembers(ev *chat.Event) {
	topic := string(ev.ChatID)
	is := ev.Kind.Is()
	for _, u := range ev.Users {
		switch {
		case is.Adds:
			l.each(u, func(s Subscriber) { s.Joined(ev.ChatID) })
		case is.Removes:
			l.Hub.Evict(string(u), topic, uint64(ev.Seq))
			l.each(u, func(s Subscriber) { s.Left(ev.ChatID) })
		}
	}
}

// each calls f for each subscriber of a user.
func (l *Live) each(u chat.UserID, f func(Subscriber)) {
	l.Hub.Each(string(u), func(conn *hub.Conn) {
		if s, ok := conn.Tag().(Subscriber); ok {
			f(s)
		}
	})
}

// listens reports whether the user has a connection here.
func (l *Live) listens(u chat.UserID) (is bool) {
	l.Hub.Each(string(u), func(*hub.Conn) { is = true })
	return is
}

// signal routes a signal of the feed; each kind has a bounded audience.
func (l *Live) signal(ctx context.Context, sig *chat.Signal) {
	switch sig.Kind {
	case chat.SignalTyping:
		l.tell(wire.Signal{Signal: string(sig.Kind), ChatID: sig.ChatID, By: sig.By}, service.FocusTopic(sig.ChatID))
	case chat.SignalRead:
		topics := []string{service.UserTopic(sig.By)}
		if sig.Small {
			topics = append(topics, service.FocusTopic(sig.ChatID))
		}
		l.tell(wire.Signal{Signal: string(sig.Kind), ChatID: sig.ChatID, By: sig.By, Seq: sig.Seq}, topics...)
		l.Read(sig.By)
	case chat.SignalUser:
		users, err := l.Store.Users(ctx, []chat.UserID{sig.By})
		if err == nil && len(users) == 1 {
			l.tell(wire.Signal{Signal: string(sig.Kind), User: &users[0]}, service.UserTopic(sig.By), service.PresenceTopic(sig.By))
		}
	case chat.SignalMine:
		if !l.listens(sig.By) {
			return
		}
		if c, err := l.Store.Chat(ctx, sig.By, sig.ChatID); err == nil && c.Mine != nil {
			l.tell(wire.Signal{Signal: string(sig.Kind), ChatID: sig.ChatID, Mine: c.Mine}, service.UserTopic(sig.By))
		}
	case chat.SignalSettings:
		if !l.listens(sig.By) {
			return
		}
		if settings, err := l.Store.Settings(ctx, sig.By); err == nil {
			l.tell(wire.Signal{Signal: string(sig.Kind), Settings: &settings}, service.UserTopic(sig.By))
		}
	case chat.SignalPresence:
		l.Presence.receive(sig)
	}
}

// tell delivers one signal to the present members of the topics.
func (l *Live) tell(sig wire.Signal, topics ...string) {
	f := hub.NewFrame(func(codec int) []byte { return wire.Codecs[codec].Encode(sig) })
	for _, t := range topics {
		l.Hub.Publish(t, 0, f)
	}
}
