package live

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
)

// A user who reconnects within the grace period stays online.
func TestPresenceGrace(t *testing.T) {
	p := newPresence(&Live{Config: Config{Intervals: Intervals{Grace: time.Hour}}})
	p.Arrive("u")
	p.Depart("u")
	if got := p.expire(time.Now()); len(got) != 1 {
		t.Errorf("within the grace period: %v", got)
	}
	if got := p.expire(time.Now().Add(2 * time.Hour)); len(got) != 0 {
		t.Errorf("after it: %v", got)
	}
	p.Arrive("u")
	p.Arrive("u")
	p.Depart("u")
	if got := p.expire(time.Now().Add(2 * time.Hour)); len(got) != 1 {
		t.Errorf("with one of two sockets: %v", got)
	}
}

// Who looks at a page is known at once on their replica and with the next announcement on
// others, for a minute.
func TestPresenceAttended(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newPresence(&Live{}), newPresence(&Live{})
		one.Attend("u")
		if _, at := one.State("u"); at != time.Now().UnixMilli() {
			t.Errorf("on the replica: %d", at)
		}
		if _, at := two.State("u"); at != 0 {
			t.Errorf("on another one, before the announcement: %d", at)
		}
		news := one.takeNews()
		time.Sleep(5 * time.Second)
		one.receive(&chat.Signal{Replica: one.replica, Active: news}) // its own announcement changes nothing
		two.receive(&chat.Signal{Replica: one.replica, Active: news})
		_, here := one.State("u")
		_, there := two.State("u")
		if here != time.Now().Add(-5*time.Second).UnixMilli() || there != time.Now().UnixMilli() || len(one.takeNews()) != 0 {
			t.Errorf("after the announcement: %d and %d", here, there)
		}
		time.Sleep(chat.ActiveFor*time.Millisecond + time.Second)
		two.expire(time.Now())
		if _, at := two.State("u"); at != 0 {
			t.Errorf("after a minute: %d", at)
		}
	})
}

// failingFeed refuses the first announcement.
type failingFeed struct {
	chat.Store
	told chan chat.Signal
	fail bool
}

func (f *failingFeed) Tell(_ context.Context, s chat.Signal) error {
	if f.fail {
		f.fail = false
		return errors.New("no connection")
	}
	f.told <- s
	return nil
}

// Other replicas learn who looks at a page also if the first announcement fails.
func TestPresenceAnnouncementFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		feed := &failingFeed{told: make(chan chat.Signal), fail: true}
		p := newPresence(&Live{Config: Config{Store: feed, Intervals: Intervals{Announce: 5 * time.Second, Grace: time.Minute}}})
		ended := make(chan error)
		go func() { ended <- p.run(ctx) }()
		p.Arrive("u")
		p.Attend("u")
		if s := <-feed.told; !slices.Equal(s.Active, []chat.UserID{"u"}) {
			t.Errorf("the second announcement: %+v", s)
		}
		if s := <-feed.told; len(s.Active) != 0 {
			t.Errorf("the third: %+v", s)
		}
		cancel()
		<-ended
	})
}
