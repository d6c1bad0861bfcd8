package service

import (
	"context"
	"time"

	"parley/chat"
	"parley/middleware"
)

// account is what a password is tried for.
type account struct {
	handle string
	user   chat.UserID // "" if nobody has the handle
	own    bool        // the caller is signed in as this user
}

// passwordIs reports whether the password is that of the hash. Every attempt
// takes its tokens before it is judged and gets them back unless it fails.
func (s *Service) passwordIs(ctx context.Context, who Caller, of account, password, hash string) (bool, error) {
	if len(password) > chat.MaxPassword {
		return false, nil // cannot be anybody's; no handle is looked at, so nothing is told
	}
	a, address := s.attempts, who.Address
	target, from, handle := a.key("sign-in", of.handle, address), a.key(address), a.key(of.handle)
	if of.own {
		target = a.key("own", string(of.user)) // nobody else can use it up
	}
	if err := take(a.uses, handle); err != nil {
		return false, err
	}
	a.uses.Refund(handle) // only a right password keeps it, so others cannot use it up
	if err := take(a.targets, target); err != nil {
		return false, err
	}
	atAddress := take(a.passwords, from)
	var atHandle error
	if !of.own {
		atHandle = take(a.handles, handle)
	}
	giveBack := func() {
		a.targets.Refund(target)
		if atAddress == nil {
			a.passwords.Refund(from)
		}
		if !of.own && atHandle == nil {
			a.handles.Refund(handle)
		}
	}
	if (atAddress != nil || atHandle != nil) && !of.own {
		familiar, err := s.familiar(ctx, of.user, address)
		switch {
		case err != nil || familiar:
		case atAddress != nil:
			err = atAddress
		default:
			err = a.slowly(ctx, handle, target)
		}
		if err != nil {
			giveBack()
			return false, err
		}
	}
	ok, err := s.passwords.verify(ctx, who.lines(), password, hash)
	if ok || err != nil {
		giveBack()
	}
	if ok {
		a.uses.Take(handle)
	}
	return ok, err
}

// familiar reports whether the user has a live session that began at the
// address. What others fail at, there or elsewhere, does not stop such a user.
func (s *Service) familiar(ctx context.Context, user chat.UserID, address string) (bool, error) {
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

// slowly lets one attempt at a handle pass every SlowAttempt, and one of each
// address wait for that, so that the owner waits behind few.
func (a *attempts) slowly(ctx context.Context, handle, target string) error {
	bounded, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	for _, key := range []string{"address " + target, "handle " + handle} {
		leave, err := a.slow.enter(bounded, key)
		if err != nil {
			return chat.FailAfter(chat.RateLimited, SlowAttempt, "too many failed attempts at this account, try again in a moment")
		}
		defer leave()
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

// Caller is who makes a call.
type Caller struct {
	User    chat.User    // zero without an identity
	Session chat.Session // as User
	Address string       // key of the address for limits (middleware.AddressKey)
}

// SignedIn reports whether the caller is a user with a live session.
func (c Caller) SignedIn() bool { return c.User.ID != "" }

// lines returns the queues in which the caller's passwords are hashed one after the
// other: the user's, and then that of all users at the address, so that many accounts
// are no better than one; without an identity that of the address alone.
func (c Caller) lines() []string {
	if c.SignedIn() {
		return []string{"user " + string(c.User.ID), "users at " + c.Address}
	}
	return []string{"address " + c.Address}
}
