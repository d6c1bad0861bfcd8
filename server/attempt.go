package server

import (
	"context"
	"hash/maphash"
	"net/http"
	"strconv"
	"time"

	"parley/chat"
	"parley/middleware"
)

// Budgets of what can be tried. They are token buckets: a used up one lets
// another attempt pass every Per/N.
var (
	// anonymousRequests are all requests of one address without an identity, the
	// page's files included. It is generous: these have no effect.
	anonymousRequests = middleware.Rate{N: 6000, Per: time.Minute}
	// targetFailures are wrong passwords for one account from one address (of a
	// signed-in user for their own account: from anywhere), and uses of one
	// user's recovery link.
	targetFailures = middleware.Rate{N: 20, Per: 15 * time.Minute}
	// handleFailures are wrong passwords for one account from everywhere. Past it
	// attempts are slowed down and not refused, so that nobody can lock an account.
	handleFailures = middleware.Rate{N: 100, Per: time.Hour}
	invitePeeks    = middleware.Rate{N: 1000, Per: 15 * time.Minute} // of one invite
	inviteSignUps  = middleware.Rate{N: 250, Per: 15 * time.Minute}  // by one invite
	inviterSignUps = middleware.Rate{N: 500, Per: time.Hour}         // by all invites of one user
)

// slowAttempt is the time for each attempt at an account past handleFailures.
const slowAttempt = time.Second

// What an address may fail at. Each kind has a budget of its own, so that an
// office full of expired cookies can still sign in.
const (
	byToken  = "token"   // sessions that are not
	byCode   = "code"    // codes of invites, recoveries and set-up that are not
	bySignUp = "sign-up" // accounts made or refused without an invite
)

// attempts counts by address and by target what can be guessed, whoever asks.
type attempts struct {
	addresses *middleware.Bucket // by kind and address: --limit-anonymous
	passwords *middleware.Bucket // wrong passwords, by address
	targets   *middleware.Bucket // targetFailures
	handles   *middleware.Bucket // handleFailures
	peeks     *middleware.Bucket
	invites   *middleware.Bucket
	inviters  *middleware.Bucket
	slow      turns // attempts past handleFailures, by handle
	seed      maphash.Seed
}

// passwordFactor is how many wrong passwords an address may try in the time of
// other failures: people mistype, many share an address, and each of their
// accounts is guarded by targetFailures.
const passwordFactor = 3

func newAttempts(address middleware.Rate) *attempts {
	return &attempts{
		addresses: middleware.NewBucket(address),
		passwords: middleware.NewBucket(middleware.Rate{N: passwordFactor * address.N, Per: address.Per}),
		targets:   middleware.NewBucket(targetFailures),
		handles:   middleware.NewBucket(handleFailures),
		peeks:     middleware.NewBucket(invitePeeks),
		invites:   middleware.NewBucket(inviteSignUps),
		inviters:  middleware.NewBucket(inviterSignUps),
		seed:      maphash.MakeSeed(),
	}
}

// maxAttemptKeys bounds the keys of one bucket, whatever strangers send.
const maxAttemptKeys = 1 << 18

// key returns the bucket key of some words. Two of them share a bucket by
// chance, once in maxAttemptKeys.
func (a *attempts) key(words ...string) string {
	var h maphash.Hash
	h.SetSeed(a.seed)
	for _, w := range words {
		_, _ = h.WriteString(w)
		_ = h.WriteByte(0)
	}
	return strconv.FormatUint(h.Sum64()%maxAttemptKeys, 36)
}

// take takes a token of the key from one of the buckets.
func take(b *middleware.Bucket, key string) error {
	if ok, wait := b.Take(key); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many attempts, wait a while")
	}
	return nil
}

// failed counts a failure of the caller's address. Past the budget it returns
// rate_limited, which is then the answer: it tells a guesser nothing.
func (a *attempts) failed(address, kind string) error {
	return take(a.addresses, a.key(kind, address))
}

// account is what a password is tried for.
type account struct {
	handle string
	user   chat.UserID // "" if nobody has the handle
	own    bool        // the caller is signed in as this user
}

// passwordIs reports whether the password is that of the hash. Every attempt
// takes its tokens before it is judged and gets them back unless it fails.
func (s *Server) passwordIs(r *http.Request, of account, password, hash string) (bool, error) {
	if len(password) > chat.MaxPassword {
		return false, nil // cannot be anybody's; no handle is looked at, so nothing is told
	}
	ctx, a, address := r.Context(), s.attempts, middleware.AddressKey(r.Context())
	target, from, handle := a.key("sign-in", of.handle, address), a.key(address), a.key(of.handle)
	if of.own {
		target = a.key("own", string(of.user)) // nobody else can use it up
	}
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
	ok, err := s.passwords.verify(ctx, line(r), password, hash)
	if ok || err != nil {
		giveBack()
	}
	return ok, err
}

// familiar reports whether the user has a live session that began at the
// address. What others fail at, there or elsewhere, does not stop such a user.
func (s *Server) familiar(ctx context.Context, user chat.UserID, address string) (bool, error) {
	if user == "" || address == "" {
		return false, nil
	}
	sessions, err := s.Store.SessionsOf(ctx, user)
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

// slowly lets one attempt at a handle pass every slowAttempt, and one of each
// address wait for that, so that the owner waits behind few.
func (a *attempts) slowly(ctx context.Context, handle, target string) error {
	bounded, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	for _, key := range []string{"address " + target, "handle " + handle} {
		leave, err := a.slow.enter(bounded, key)
		if err != nil {
			return chat.FailAfter(chat.RateLimited, slowAttempt, "too many failed attempts at this account, try again in a moment")
		}
		defer leave()
	}
	wait := time.NewTimer(slowAttempt)
	defer wait.Stop()
	select {
	case <-wait.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// line is whose passwords are hashed one after another: the caller's if they
// are known, else their address's.
func line(r *http.Request) string {
	if c := caller(r); c.Known() {
		return "user " + string(c.User.ID)
	}
	return "address " + middleware.AddressKey(r.Context())
}
