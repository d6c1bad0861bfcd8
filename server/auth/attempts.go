package auth

import (
	"hash/maphash"
	"strconv"
	"time"

	"parley/chat"
	"parley/internal/keyed"
	"parley/middleware"
)

// Rates are the budgets for attempts at passwords, codes and sign-ups. They are
// token buckets: an empty one lets another attempt pass every Per/N.
type Rates struct {
	// Target bounds wrong passwords for one account from one address (of a signed-in user
	// for their own account: from anywhere), and uses of one user's recovery link.
	Target middleware.Rate
	// Handle bounds wrong passwords for one account from all addresses. Past it attempts
	// are throttled and not refused, so that an attacker cannot lock an account.
	Handle middleware.Rate
	// Uses bounds right passwords of one account: with one, a caller could keep hashing
	// and make others at the same address wait.
	Uses           middleware.Rate
	Peeks          middleware.Rate // of one invite
	SignUps        middleware.Rate // by one invite
	InviterSignUps middleware.Rate // by all invites of one user
}

// DefaultRates returns the rates that docs/operations.md states.
func DefaultRates() Rates {
	return Rates{
		Target:         middleware.Rate{N: 20, Per: 15 * time.Minute},
		Handle:         middleware.Rate{N: 100, Per: time.Hour},
		Uses:           middleware.Rate{N: 100, Per: 15 * time.Minute},
		Peeks:          middleware.Rate{N: 1000, Per: 15 * time.Minute},
		SignUps:        middleware.Rate{N: 500, Per: 15 * time.Minute},
		InviterSignUps: middleware.Rate{N: 1000, Per: time.Hour},
	}
}

// SlowAttempt is the time between two attempts at an account past Rates.Handle.
const SlowAttempt = time.Second

// Kinds of failures of an address. Each has a budget of its own, so that users of one
// address whose cookies have expired can still sign in.
const (
	ByToken  = "token"   // tokens that are not valid
	ByCode   = "code"    // codes of invites, recoveries and set-up that are not valid
	BySignUp = "sign-up" // accounts created or refused without an invite
)

// attempts counts attempts, by address and by target.
type attempts struct {
	addresses *middleware.Bucket // by kind and address: --limit-anonymous
	mistakes  *middleware.Bucket // wrong passwords, by address
	targets   *middleware.Bucket // Rates.Target
	handles   *middleware.Bucket // Rates.Handle
	uses      *middleware.Bucket // Rates.Uses
	peeks     *middleware.Bucket
	invites   *middleware.Bucket
	inviters  *middleware.Bucket
	throttled keyed.Mutex // attempts past Rates.Handle, by handle
	seed      maphash.Seed
}

// PasswordFactor is how many times more wrong passwords than other failures an address
// may cause: users mistype, many share an address, and Rates.Target bounds the
// attempts at each account.
const PasswordFactor = 3

func newAttempts(address middleware.Rate, rates Rates) *attempts {
	return &attempts{
		addresses: middleware.NewBucket(address),
		mistakes:  middleware.NewBucket(middleware.Rate{N: PasswordFactor * address.N, Per: address.Per}),
		targets:   middleware.NewBucket(rates.Target),
		handles:   middleware.NewBucket(rates.Handle),
		uses:      middleware.NewBucket(rates.Uses),
		peeks:     middleware.NewBucket(rates.Peeks),
		invites:   middleware.NewBucket(rates.SignUps),
		inviters:  middleware.NewBucket(rates.InviterSignUps),
		seed:      maphash.MakeSeed(),
	}
}

// maxAttemptKeys bounds the keys of one bucket, whatever callers send.
const maxAttemptKeys = 1 << 18

// key returns the bucket key of some words. Two keys are equal by chance once in
// maxAttemptKeys.
func (a *attempts) key(words ...string) string {
	var h maphash.Hash
	h.SetSeed(a.seed)
	for _, w := range words {
		_, _ = h.WriteString(w)
		_ = h.WriteByte(0)
	}
	return strconv.FormatUint(h.Sum64()%maxAttemptKeys, 36)
}

// takeToken takes a token of the key. It returns rate_limited if there is none.
func takeToken(b *middleware.Bucket, key string) error {
	if ok, wait := b.Take(key); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many attempts, try again later")
	}
	return nil
}

// CountFailure counts a failure of the caller's address. Past the budget it returns
// rate_limited, which is then the answer: it does not reveal whether a guess was right.
func (a *attempts) CountFailure(address, kind string) error {
	return takeToken(a.addresses, a.key(kind, address))
}

// CountSignUp counts a sign-up by the invite of a code. It returns rate_limited past the
// budget of the invite or of its creator.
func (a *attempts) CountSignUp(codeHash [32]byte, by chat.UserID) error {
	if err := takeToken(a.invites, a.key(string(codeHash[:]))); err != nil {
		return err
	}
	return takeToken(a.inviters, a.key(string(by)))
}

// CountPeek counts a look at the invite of a code. It returns rate_limited past the budget.
func (a *attempts) CountPeek(codeHash [32]byte) error {
	return takeToken(a.peeks, a.key(string(codeHash[:])))
}

// CountRecovery counts a use of the user's recovery link. It returns rate_limited past the
// budget.
func (a *attempts) CountRecovery(user chat.UserID) error {
	return takeToken(a.targets, a.key("recovery", string(user)))
}
