package push

import "parley/chat"

const (
	workers = 128 // pushes of a kind that are sent at the same time
	perHost = 32  // of those, to one push service
	perUser = 8   // and to one user
)

// places bounds how many pushes are sent at the same time. Urgent pushes have places of their own,
// as many as the others: they do not wait until those are sent.
type places struct {
	taken  int
	ofHost map[string]int
	ofUser map[chat.UserID]int
}

func newPlaces() *places { return &places{ofHost: map[string]int{}, ofUser: map[chat.UserID]int{}} }

// take takes a place for a push to a device, and reports whether there was one. The device is busy
// then.
func (p *places) take(d *device) bool {
	if p.taken >= workers || p.ofHost[d.host] >= perHost || p.ofUser[d.user] >= perUser {
		return false
	}
	p.taken++
	p.ofHost[d.host]++
	p.ofUser[d.user]++
	d.busy, d.place = true, p
	return true
}

// release releases the place of a device. It stays busy.
func (d *device) release() {
	d.place.taken--
	decrement(d.place.ofHost, d.host)
	decrement(d.place.ofUser, d.user)
	d.place = nil
}

func decrement[K comparable](counts map[K]int, key K) {
	if counts[key]--; counts[key] == 0 {
		delete(counts, key)
	}
}
