package cached

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
	maxRevocations = 10_000      // unsaved ones
	maxPerUser     = 100         // unsaved ones that one user caused
	revocationWait = time.Second // between two attempts to save
)

// revocations holds the revocations that the store could not save: a failing disk or
// database must not keep access open. They take effect on this server at once, and
// saving is retried until it succeeds or the store refuses. A restart loses them.
type revocations struct {
	enforce func(Revocation) // closes sockets and subscriptions; static
	readmit func(Revocation) // restores access; static

	n      atomic.Int32  // len(list); most of the time 0
	wake   chan struct{} // has a token when there is something to save
	saving sync.Mutex    // held while one is saved or reverted

	mu   sync.Mutex
	list map[Revocation]*unsaved // guarded by mu
}

// Revocation is the end of a user's access: to a session, to all sessions but one, to a
// chat (Chat), to the role of an admin (Role), or else to everything.
type Revocation struct {
	User    chat.UserID
	session chat.SessionID
	others  bool // all sessions but unsaved.keep
	Chat    chat.ChatID
	Role    bool
}

// unsaved is the state of a revocation that is to be saved.
type unsaved struct {
	by   chat.UserID
	at   int64          // with others: sessions that began later are not ended
	keep chat.SessionID // with others: the session that stays
	save func(context.Context) error
}

// enforceIfUnsaved takes the error of saving a revocation. If the store failed, the
// revocation takes effect on this server and saving is retried. It returns the error for
// the caller.
func (v *revocations) enforceIfUnsaved(err error, r Revocation, u unsaved) error {
	if !StoreFailed(err) {
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
	if v.list[r] == nil && (len(v.list) >= maxRevocations || mine >= maxPerUser) {
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
	return chat.FailCause(chat.Unavailable, err, "this takes effect on this server now but could not be saved yet; the server keeps trying")
}

// StoreFailed reports whether an error means that the store may have failed, and not
// that it refused.
func StoreFailed(err error) bool {
	return chat.Is(err, chat.Unavailable) || chat.Is(err, chat.Internal)
}

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

// revert calls f, which restores the access that r ended. If f succeeds, r is dropped.
func (v *revocations) revert(r Revocation, f func() error) error {
	if v.get(r) == nil {
		return f()
	}
	v.saving.Lock()
	defer v.saving.Unlock()
	err := f()
	if err == nil {
		v.remove(r)
		v.readmit(r)
	}
	return err
}

// revoked reports whether a session that began at a time, or its user, was revoked.
func (v *revocations) revoked(user chat.UserID, id chat.SessionID, began int64) bool {
	if v.n.Load() == 0 {
		return false
	}
	if v.get(Revocation{User: user}) != nil || v.get(Revocation{User: user, session: id}) != nil {
		return true
	}
	u := v.get(Revocation{User: user, others: true})
	return u != nil && id != u.keep && began <= u.at
}

// removed reports whether the user was removed from the chat.
func (v *revocations) removed(user chat.UserID, id chat.ChatID) bool {
	return v.get(Revocation{User: user, Chat: id}) != nil
}

// run retries to save revocations until ctx ends.
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
		v.saving.Lock()
		if v.get(r) == u {
			err := u.save(ctx)
			if e := (*chat.Error)(nil); err == nil || errors.As(err, &e) && !StoreFailed(err) {
				v.remove(r)
				if err != nil {
					v.readmit(r) // the store refused it
				}
			}
		}
		v.saving.Unlock()
	}
}
