package live

import (
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
