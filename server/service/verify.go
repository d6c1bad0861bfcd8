package service

import (
	"context"
	"time"

	"parley/chat"
	"parley/middleware"
)

// account is the account of which a password is checked.
type account struct {
	handle string
	user   chat.UserID // "" if no user has the handle
	own    bool        // the caller is signed in as this user
}

// verifyPassword reports whether the password is that of the hash. An attempt takes its
// tokens before the password is checked and gets them back unless it is wrong.
func (s *core) verifyPassword(ctx context.Context, caller Caller, acc account, password, hash string) (bool, error) {
	if len(password) > chat.MaxPassword {
		return false, nil // no account can have it, so the answer tells nothing
	}
	a, address := s.attempts, caller.Address
	target, from, handle := a.key("sign-in", acc.handle, address), a.key(address), a.key(acc.handle)
	if acc.own {
		target = a.key("own", string(acc.user)) // no other user can use it up
	}
	if err := takeToken(a.uses, handle); err != nil {
		return false, err
	}
	a.uses.Refund(handle) // only a right password takes it, so others cannot use it up
	if err := takeToken(a.targets, target); err != nil {
		return false, err
	}
	addressErr := takeToken(a.passwords, from)
	var handleErr error
	if !acc.own {
		handleErr = takeToken(a.handles, handle)
	}
	refund := func() {
		a.targets.Refund(target)
		if addressErr == nil {
			a.passwords.Refund(from)
		}
		if !acc.own && handleErr == nil {
			a.handles.Refund(handle)
		}
	}
	if (addressErr != nil || handleErr != nil) && !acc.own {
		known, err := s.hasSessionFrom(ctx, acc.user, address)
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
	ok, err := s.passwords.verify(ctx, caller.hashQueues(), password, hash)
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
func (s *core) hasSessionFrom(ctx context.Context, user chat.UserID, address string) (bool, error) {
	if user == "" || address == "" {
		return false, nil
	}
	sessions, err := s.SessionsOf(ctx, user)
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
		unlock, err := a.throttled.lock(bounded, key)
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
