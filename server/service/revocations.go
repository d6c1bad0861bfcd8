package service

import (
	"context"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
)

const (
	maxRevocations = 10_000 // that wait to be saved
	perActor       = 100    // of them, by one person
	revocationWait = time.Second
)

// revocations are those that the store could not save: a failing disk or database must
// not keep access open. They take effect on this server at once, and saving is retried
// until it succeeds or the store refuses. A restart forgets what was not saved.
type revocations struct {
	enforce func(Revocation) // static: closes what is open
	undo    func(Revocation) // static: opens it again

	n    atomic.Int32  // len(list); most of the time 0
	wake chan struct{} // has a token when there is something to save
	turn sync.Mutex    // held while one is saved, or taken back

	mu   sync.Mutex
	list map[Revocation]*unsaved // guarded by mu
}

// Revocation says what ended for a user: a session, all sessions but one, a membership
// (Chat), the role of an admin (Role), or else everything.
type Revocation struct {
	User    chat.UserID
	session chat.SessionID
	others  bool
	Chat    chat.ChatID
	Role    bool
}

// unsaved is a revocation that is to be saved.
type unsaved struct {
	by   chat.UserID
	at   int64          // sessions that began later are not meant
	keep chat.SessionID // with others
	save func(context.Context) error
}

func newRevocations() *revocations {
	return &revocations{wake: make(chan struct{}, 1), list: map[Revocation]*unsaved{}}
}

// settle takes the result of saving a revocation. If the store failed, the revocation
// takes effect here and is retried. It returns the error for the caller.
func (v *revocations) settle(err error, r Revocation, u unsaved) error {
	if !Failed(err) {
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
	return chat.FailCause(chat.Unavailable, err, "this takes effect on this server now, but could not be saved yet; the server keeps trying")
}

// Failed reports whether the store may have failed, as opposed to having refused.
func Failed(err error) bool { return chat.Is(err, chat.Unavailable) || chat.Is(err, chat.Internal) }

// get returns the unsaved r, or nil.
func (v *revocations) get(r Revocation) *unsaved {
	if v.n.Load() == 0 {
		return nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.list[r]
}

func (v *revocations) remove(r Revocation) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.list, r)
	v.n.Store(int32(len(v.list)))
}

// lift calls f, which gives back what r took; if f succeeds, r is dropped.
func (v *revocations) lift(r Revocation, f func() error) error {
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
	if v.get(Revocation{User: user}) != nil || v.get(Revocation{User: user, session: id}) != nil {
		return true
	}
	u := v.get(Revocation{User: user, others: true})
	return u != nil && id != u.keep && began <= u.at
}

// left reports whether the user was removed from the chat.
func (v *revocations) left(user chat.UserID, id chat.ChatID) bool {
	return v.get(Revocation{User: user, Chat: id}) != nil
}

// run saves what is unsaved, with retries, until ctx ends.
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
			if e := (*chat.Error)(nil); err == nil || errors.As(err, &e) && !Failed(err) {
				v.remove(r)
				if err != nil {
					v.undo(r) // the store says why it cannot be
				}
			}
		}
		v.turn.Unlock()
	}
}
