package push

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"parley/chat"
	"parley/server/service"
)

const (
	maxRead = 20_000 // queued pushes in memory
	// moreEvery is how often a queue is read that is longer than what was read of it.
	moreEvery = 250 * time.Millisecond
	// readShare bounds the reads: after one, the next comes after so many times what it took, so
	// that a long queue is read less often.
	readShare = 20
)

// queue is what the sender knows of the queued pushes. It reads them once, and then the maker
// tells of those that it queues: a queue may be long because its devices have to wait.
type queue struct {
	sessions map[chat.SessionID]*device
	devices  []*device // with pushes; first those whose push was due first when they were read
	readAt   time.Time // when to read the queue
	earliest time.Time // when to read it at the earliest
	partly   bool      // there are more than were read

	wake    chan struct{}     // has a token when pushes were queued
	making  sync.Mutex        // held while pushes are queued in the store, and while the queue is read
	mu      sync.Mutex        // after making
	made    []chat.QueuedPush // guarded by mu: queued since the queue was read, and not added yet
	unknown bool              // guarded by mu: others may be queued
}

// device is a session with a subscription, and the pushes that are queued for it.
type device struct {
	session chat.SessionID
	user    chat.UserID
	host    string // of its push service; it does not change while the device has a place
	pushes  []chat.QueuedPush
	listed  bool      // in queue.devices
	busy    bool      // a push is being sent, or its outcome is not saved
	place   *places   // where the push that is being sent has its place; nil: none is
	after   time.Time // only urgent pushes are sent before that
	closing time.Time // when to send what the user has read; zero: nothing
}

func newQueue() *queue {
	return &queue{sessions: map[chat.SessionID]*device{}, wake: make(chan struct{}, 1)}
}

// put calls f, which queues pushes in the store and returns them.
func (q *queue) put(f func() ([]chat.QueuedPush, error)) error {
	q.making.Lock()
	defer q.making.Unlock()
	pushes, err := f()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.made)+len(pushes) > maxRead {
		q.made, pushes, q.unknown = nil, nil, true
	}
	q.made = append(q.made, pushes...)
	q.unknown = q.unknown || err != nil
	if len(pushes) > 0 || q.unknown {
		select {
		case q.wake <- struct{}{}:
		default:
		}
	}
	return err
}

// read reads the queue.
func (q *queue) read(ctx context.Context, store *service.Service, now time.Time) error {
	q.making.Lock()
	defer q.making.Unlock()
	queued, err := store.QueuedPushes(ctx, maxRead)
	if err != nil {
		return err
	}
	q.takeMade()
	for _, d := range q.devices {
		d.pushes, d.listed = nil, false
	}
	q.devices = q.devices[:0]
	for _, p := range queued {
		q.add(p)
	}
	for id, d := range q.sessions {
		switch {
		case !d.closing.IsZero():
			q.list(d)
		case len(d.pushes) == 0 && !d.busy && !now.Before(d.after):
			delete(q.sessions, id)
		}
	}
	q.partly = len(queued) == maxRead
	q.earliest = now.Add(readShare * time.Since(now))
	if q.readAt = now.Add(lookEvery); q.partly {
		q.readAt = now.Add(max(moreEvery, readShare*time.Since(now)))
	}
	return nil
}

// addMade adds what was queued since the queue was read: if the queue is to be read again, only what
// is urgent.
func (q *queue) addMade() {
	made, unknown := q.takeMade()
	if len(made) == 0 && !unknown {
		return
	}
	n := len(made)
	for _, d := range q.devices {
		n += len(d.pushes)
	}
	q.partly = q.partly || n > maxRead
	if (unknown || q.partly) && q.earliest.Before(q.readAt) {
		q.readAt = q.earliest
	}
	for _, p := range made {
		if p.Urgent || !unknown && !q.partly {
			q.add(p)
		}
	}
}

// takeMade takes what was queued since the queue was read.
func (q *queue) takeMade() (made []chat.QueuedPush, unknown bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	made, unknown = q.made, q.unknown
	q.made, q.unknown = nil, false
	return made, unknown
}

// add adds a push to those of its device, or to the one of its chat.
func (q *queue) add(p chat.QueuedPush) {
	d := q.device(p.Session, p.User)
	if len(d.pushes) == 0 {
		if !d.busy {
			d.host = hostOf(p.Endpoint)
		}
	}
	q.list(d)
	if old := d.pushOf(p.ChatID); old != nil {
		old.Seq, old.Count, old.Urgent = p.Seq, old.Count+p.Count, old.Urgent || p.Urgent
		return
	}
	p.Endpoint = ""
	d.pushes = append(d.pushes, p)
}

// hostOf returns the push service of an endpoint.
func hostOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "" // send ends its pushes
	}
	return u.Host
}

// device returns the device of a session, with or without pushes.
func (q *queue) device(id chat.SessionID, user chat.UserID) *device {
	d := q.sessions[id]
	if d == nil {
		d = &device{session: id, user: user}
		q.sessions[id] = d
	}
	return d
}

// list puts a device among those that something is to be sent to.
func (q *queue) list(d *device) {
	if !d.listed {
		d.listed = true
		q.devices = append(q.devices, d)
	}
}

// closeAt sets when a session is sent what its user has read, unless it is to be sent already.
func (q *queue) closeAt(id chat.SessionID, user chat.UserID, host string, at time.Time) {
	d := q.device(id, user)
	if d.host == "" {
		d.host = host
	}
	if d.closing.IsZero() {
		d.closing = at
	}
	q.list(d)
}

// dueAt returns when the first push of a device is to be sent; ok is false if there is none.
func (d *device) dueAt() (first time.Time, ok bool) {
	first, ok = d.closing, !d.closing.IsZero()
	for i := range d.pushes {
		if at := d.sendAt(&d.pushes[i]); !ok || at.Before(first) {
			first, ok = at, true
		}
	}
	return first, ok
}

// sendAt returns when a push is to be sent.
func (d *device) sendAt(p *chat.QueuedPush) time.Time {
	if at := time.UnixMilli(p.Due); p.Urgent || at.After(d.after) {
		return at
	}
	return d.after
}

// due returns the pushes of a device that are due, first the urgent ones.
func (d *device) due(now time.Time) (due []chat.QueuedPush) {
	for _, urgent := range []bool{true, false} {
		for i := range d.pushes {
			if p := &d.pushes[i]; p.Urgent == urgent && !d.sendAt(p).After(now) {
				due = append(due, *p)
			}
		}
	}
	return due
}

// isUrgent reports whether an urgent push to a device is due.
func (d *device) isUrgent(now time.Time) bool {
	for i := range d.pushes {
		if p := &d.pushes[i]; p.Urgent && p.Due <= now.UnixMilli() {
			return true
		}
	}
	return false
}

// end makes the queue what an outcome that was saved has made of it in the store.
func (q *queue) end(o outcome) {
	d := o.device
	d.busy = false
	if o.wait > 0 {
		d.after = time.Now().Add(o.wait)
		for _, t := range o.tried { // not those that were queued meanwhile
			if p := d.pushOf(t.ChatID); p != nil && t.Urgent {
				p.Due = d.after.UnixMilli()
			}
		}
	}
	for _, e := range o.ended {
		if p := d.pushOf(e.ChatID); p != nil && p.Seq > e.Seq { // a later message replaced it
			p.Count, p.Tries = p.Count-e.Count, 0
		}
		d.pushes = slices.DeleteFunc(d.pushes, func(p chat.QueuedPush) bool { return p.ChatID == e.ChatID && p.Seq <= e.Seq })
	}
	for _, a := range o.again {
		if p := d.pushOf(a.ChatID); p != nil {
			p.Due, p.Tries, p.Urgent = a.Due, a.Tries, false
		}
	}
}

// pushOf returns the queued push of a chat, or nil.
func (d *device) pushOf(id chat.ChatID) *chat.QueuedPush {
	for i := range d.pushes {
		if d.pushes[i].ChatID == id {
			return &d.pushes[i]
		}
	}
	return nil
}
