package server

import (
	"hash/maphash"
	"strconv"
	"time"

	"parley/chat"
	"parley/middleware"
)

// Budgets of what can be tried. They are token buckets: a used up one lets
// another attempt pass every Per/N.
var (
	// anonymousRequests are all calls of one address without an identity, and as
	// much again for the page's files. It is generous: these have no effect.
	anonymousRequests = middleware.Rate{N: 6000, Per: time.Minute}
	// targetFailures are wrong passwords for one account from one address (of a
	// signed-in user for their own account: from anywhere), and uses of one
	// user's recovery link.
	targetFailures = middleware.Rate{N: 20, Per: 15 * time.Minute}
	// handleFailures are wrong passwords for one account from everywhere. Past it
	// attempts are slowed down and not refused, so that nobody can lock an account.
	handleFailures = middleware.Rate{N: 100, Per: time.Hour}
	// accountUses are right passwords of one account: whoever knows one could keep
	// others behind the same address waiting by it.
	accountUses    = middleware.Rate{N: 100, Per: 15 * time.Minute}
	invitePeeks    = middleware.Rate{N: 1000, Per: 15 * time.Minute} // of one invite
	inviteSignUps  = middleware.Rate{N: 500, Per: 15 * time.Minute}  // by one invite
	inviterSignUps = middleware.Rate{N: 1000, Per: time.Hour}        // by all invites of one user
)

// slowAttempt is the time for each attempt at an account past handleFailures.
const slowAttempt = time.Second

// What an address may fail at. Each kind has a budget of its own, so that an
// office full of expired cookies can still sign in.
const (
	byToken  = "token"   // tokens that are not valid
	byCode   = "code"    // codes of invites, recoveries and set-up that are not valid
	bySignUp = "sign-up" // accounts made or refused without an invite
)

// attempts counts by address and by target what can be guessed, whoever asks.
type attempts struct {
	addresses *middleware.Bucket // by kind and address: --limit-anonymous
	passwords *middleware.Bucket // wrong passwords, by address
	targets   *middleware.Bucket // targetFailures
	handles   *middleware.Bucket // handleFailures
	uses      *middleware.Bucket // accountUses
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
		uses:      middleware.NewBucket(accountUses),
		peeks:     middleware.NewBucket(invitePeeks),
		invites:   middleware.NewBucket(inviteSignUps),
		inviters:  middleware.NewBucket(inviterSignUps),
		seed:      maphash.MakeSeed(),
	}
}

// maxAttemptKeys bounds the keys of one bucket, whatever callers send.
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
