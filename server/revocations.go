package server

import (
	"context"
	"errors"
	"maps"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
	"parley/hub"
	"parley/wire"
)

const (
	maxRevocations = 10_000 // that wait to be saved
	perActor       = 100    // of them, by one person
	revocationWait = time.Second
)

// revocations are those that the store could not save: a disk or a database
// that fails must not keep anybody in. They hold on this server at once and are
// tried again until they are saved, or turn out to be refused. A restart forgets
// what was not saved.
type revocations struct {
	enforce func(revocation) // static: closes what is open
	undo    func(revocation) // static: opens it again

	n    atomic.Int32  // len(list); most of the time 0
	wake chan struct{} // has a token when there is something to save
	turn sync.Mutex    // held while one is saved, or taken back

	mu   sync.Mutex
	list map[revocation]*unsaved // guarded by mu
}

// revocation says what ended for a user: a session, all sessions but one, a
// membership, the role of an admin, or else everything.
type revocation struct {
	user    chat.UserID
	session chat.SessionID
	others  bool
	chat    chat.ChatID
	role    bool
}

// unsaved is what is to be done about a revocation.
type unsaved struct {
	by   chat.UserID
	at   int64          // sessions that began later are not meant
	keep chat.SessionID // with others
	save func(context.Context) error
}

func newRevocations() *revocations {
	return &revocations{wake: make(chan struct{}, 1), list: map[revocation]*unsaved{}}
}

// settle looks at what saving a revocation came to. If the store failed, the
// revocation holds here and is tried again. It returns the error for the caller.
func (v *revocations) settle(err error, r revocation, u unsaved) error {
	if !failed(err) {
		return err
	}
	u.at = chat.Now()
	v.mu.Lock()
	mine := 0
	for _, other := range v.list {
		if other.by == u.by {
			mine++
		}
	}
	if v.list[r] == nil && (len(v.list) >= maxRevocations || mine >= perActor) {
		v.mu.Unlock()
		return err
	}
	v.list[r] = &u
	v.n.Store(int32(len(v.list)))
	v.mu.Unlock()
	v.enforce(r)
	select {
	case v.wake <- struct{}{}:
	default:
	}
	return chat.FailCause(chat.Unavailable, err, "this holds on the server now, but could not be saved yet; it is tried again")
}

// failed reports whether the store may have failed, as against refused.
func failed(err error) bool { return chat.Is(err, chat.Unavailable) || chat.Is(err, chat.Internal) }

// get returns what is to be done about r, nil if there is nothing.
func (v *revocations) get(r revocation) *unsaved {
	if v.n.Load() == 0 {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.list[r]
}

func (v *revocations) remove(r revocation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.list, r)
	v.n.Store(int32(len(v.list)))
}

// lift does what takes r back; if that succeeds, r is forgotten.
func (v *revocations) lift(r revocation, f func() error) error {
	if v.get(r) == nil {
		return f()
	}
	v.turn.Lock()
	defer v.turn.Unlock()
	err := f()
	if err == nil {
		v.remove(r)
		v.undo(r)
	}
	return err
}

// ended reports whether a session that began at a time, or its user, was revoked.
func (v *revocations) ended(user chat.UserID, id chat.SessionID, began int64) bool {
	if v.n.Load() == 0 {
		return false
	}
	if v.get(revocation{user: user}) != nil || v.get(revocation{user: user, session: id}) != nil {
		return true
	}
	u := v.get(revocation{user: user, others: true})
	return u != nil && id != u.keep && began <= u.at
}

// left reports whether the user was removed from the chat.
func (v *revocations) left(user chat.UserID, id chat.ChatID) bool {
	return v.get(revocation{user: user, chat: id}) != nil
}

// run saves what waits, again and again, until ctx ends.
func (v *revocations) run(ctx context.Context) error {
	for {
		select {
		case <-v.wake:
		case <-ctx.Done():
			return nil
		}
		for v.n.Load() > 0 {
			select {
			case <-time.After(revocationWait):
			case <-ctx.Done():
				return nil
			}
			v.save(ctx)
		}
	}
}

func (v *revocations) save(ctx context.Context) {
	v.mu.Lock()
	waiting := maps.Clone(v.list)
	v.mu.Unlock()
	for r, u := range waiting {
		if ctx.Err() != nil {
			return
		}
		v.turn.Lock()
		if v.get(r) == u {
			err := u.save(ctx)
			if e := (*chat.Error)(nil); err == nil || errors.As(err, &e) && !failed(err) {
				v.remove(r)
				if err != nil {
					v.undo(r) // the store says why it cannot be
				}
			}
		}
		v.turn.Unlock()
	}
}

// enforce closes what a revocation leaves open: sockets and waiting calls, or the
// chat on them.
func (s *Server) enforce(r revocation) {
	s.memory.forget()
	if r.chat != "" {
		s.hub.Evict(string(r.user), string(r.chat), math.MaxInt64)
		s.each(r.user, func(c *session) {
			c.conn.Leave(focusTopic(r.chat))
			c.later(func() { c.left(r.chat) })
		})
	} else if !r.role {
		s.each(r.user, func(c *session) {
			if s.revocations.ended(c.user, c.id, c.began) {
				c.end(wire.CloseSessionEnded, "this session has ended", 0)
			}
		})
	}
	s.hub.Each(pollOwner(r.user), func(conn *hub.Conn) {
		if p, ok := conn.Tag().(*poll); ok {
			p.wake() // it finds out by itself
		}
	})
}

// readmit lets a member's sockets into a chat again that they were taken out of.
func (s *Server) readmit(r revocation) {
	s.memory.forget()
	if r.chat != "" {
		s.each(r.user, func(c *session) { c.later(func() { c.admit(r.chat) }) })
	}
}

// live fails if the session has ended since the user was identified.
func (s *Server) live(ctx context.Context, user chat.UserID, id chat.SessionID, began int64) error {
	gone, err := s.Store.Ended(ctx, []chat.SessionID{id})
	if err == nil && (len(gone) > 0 || s.revocations.ended(user, id, began)) {
		err = chat.Fail(chat.NoIdentity, "this session has ended")
	}
	return err
}
