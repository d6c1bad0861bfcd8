package auth

import (
	"context"
	"time"

	"parley/chat"
	"parley/middleware"
)

// Auth verifies passwords and counts attempts at passwords, codes and sign-ups.
type Auth struct {
	*attempts
	passwords  *passwords
	sessionsOf func(context.Context, chat.UserID) ([]chat.Session, error)
}

// New returns an Auth. address is the budget of failures of one address, of each kind; off
// lifts every bound on addresses. sessionsOf returns the live sessions of a user.
func New(address middleware.Rate, rates Rates, sessionsOf func(context.Context, chat.UserID) ([]chat.Session, error)) *Auth {
	return &Auth{newAttempts(address, rates), newPasswords(), sessionsOf}
}

// Hash returns the hash of a password that a store keeps. It waits in all of the queues,
// in each of which one password is hashed after the other.
func (a *Auth) Hash(ctx context.Context, queues []string, password string) (string, error) {
	return a.passwords.hash(ctx, queues, password)
}

// Outdated reports whether the hash costs less to guess than those that Hash returns now.
func (a *Auth) Outdated(hash string) bool { return outdated(hash) }

// DummyHash returns a hash that no password has. Verifying it costs what another hash does.
func (a *Auth) DummyHash() string { return a.passwords.dummyHash }

// Attempt is an attempt at the password of an account.
type Attempt struct {
	Handle  string
	User    chat.UserID // "" if no user has the handle
	Own     bool        // the caller is signed in as this user
	Address string      // key of the caller's address
	Queues  []string    // as for Hash
}

// Verify reports whether the password is that of the hash. An attempt takes its tokens
// before the password is checked and gets them back unless it is wrong.
func (a *Auth) Verify(ctx context.Context, at Attempt, password, hash string) (bool, error) {
	if len(password) > chat.MaxPasswordTyped {
		return false, nil // no account can have it, so the answer tells nothing
	}
	target, from, handle := a.key("sign-in", at.Handle, at.Address), a.key(at.Address), a.key(at.Handle)
	if at.Own {
		target = a.key("own", string(at.User)) // no other user can use it up
	}
	if err := takeToken(a.uses, handle); err != nil {
		return false, err
	}
	a.uses.Refund(handle) // only a right password takes it, so others cannot use it up
	if err := takeToken(a.targets, target); err != nil {
		return false, err
	}
	addressErr := takeToken(a.mistakes, from)
	var handleErr error
	if !at.Own {
		handleErr = takeToken(a.handles, handle)
	}
	refund := func() {
		a.targets.Refund(target)
		if addressErr == nil {
			a.mistakes.Refund(from)
		}
		if !at.Own && handleErr == nil {
			a.handles.Refund(handle)
		}
	}
	if (addressErr != nil || handleErr != nil) && !at.Own {
		known, err := a.hasSessionFrom(ctx, at.User, at.Address)
		switch {
		case err != nil || known:
		case addressErr != nil:
			err = addressErr
		default:
			err = a.throttle(ctx, handle, target)
		}
		if err != nil {
			refund()
			return false, err
		}
	}
	ok, err := a.passwords.verify(ctx, at.Queues, password, hash)
	if ok || err != nil {
		refund()
	}
	if ok {
		a.uses.Take(handle)
	}
	return ok, err
}

// hasSessionFrom reports whether the user has a live session that began at the address.
// Failures of others, there or elsewhere, do not stop such a user.
func (a *Auth) hasSessionFrom(ctx context.Context, user chat.UserID, address string) (bool, error) {
	if user == "" || address == "" {
		return false, nil
	}
	sessions, err := a.sessionsOf(ctx, user)
	if err != nil {
		return false, err
	}
	for _, session := range sessions {
		if middleware.KeyOfAddress(session.Address) == address {
			return true, nil
		}
	}
	return false, nil
}

// throttle lets one attempt at a handle pass every SlowAttempt. Of each address only one
// attempt waits in the queue of the handle, so that the owner waits behind few.
func (a *attempts) throttle(ctx context.Context, handle, target string) error {
	bounded, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	for _, key := range []string{"address " + target, "handle " + handle} {
		unlock, err := a.throttled.Lock(bounded, key)
		if err != nil {
			return chat.FailAfter(chat.RateLimited, SlowAttempt, "too many failed attempts at this account, try again in a moment")
		}
		defer unlock()
	}
	wait := time.NewTimer(SlowAttempt)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
