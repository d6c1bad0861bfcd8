package live

import (
	"testing"
	"time"
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
