package server

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"parley/chat"
	"parley/middleware"
)

// The cost of a password: m=19 MiB, t=2, p=1 for argon2id (OWASP Password
// Storage Cheat Sheet; RFC 9106 gives the parameters their meaning). It is
// written into each hash, so a later change leaves old hashes valid.
const (
	passwordMemory = 19 * 1024 // KiB
	passwordPasses = 2
	passwordLanes  = 1
	passwordSalt   = 16
	passwordKey    = 32

	passwordWait = 10 * time.Second // for a place; a longer queue is an attack
)

// Failed sign-ins of one handle from one address. Past it even the right password
// waits there; from elsewhere its owner still gets in, so that nobody can lock
// somebody else out.
var failedSignIns = middleware.Rate{N: 20, Per: 15 * time.Minute}

// passwords hashes and verifies. A hash fills memory, so only so many run at once.
type passwords struct {
	places   chan struct{}      // static after construction; 2 for each core
	attempts *middleware.Bucket // by attempt; a success gives its token back
	nobody   string             // a hash that no password has: unknown handles cost the same
}

func newPasswords() *passwords {
	return &passwords{
		places:   make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		attempts: middleware.NewBucket(failedSignIns),
		nobody:   encodeHash(make([]byte, passwordSalt), make([]byte, passwordKey)),
	}
}

// enter waits for a place, at most passwordWait.
func (p *passwords) enter(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	select {
	case p.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return chat.FailAfter(chat.Unavailable, time.Second, "too many people are signing in, try again in a moment")
	}
}

// hash makes what a store keeps of a password, in the PHC string format
// (github.com/P-H-C/phc-string-format).
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-p.places }()
	salt := make([]byte, passwordSalt)
	_, _ = rand.Read(salt) // never fails, crypto/rand
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, passwordPasses, passwordMemory, passwordLanes, passwordKey)), nil
}

// attempt is whose failed sign-ins count together.
func attempt(ctx context.Context, handle string) string {
	return handle + " " + middleware.AddressKey(ctx)
}

// verify judges a password against a hash, in constant time. The attempt counts
// against who (attempt) unless it succeeds.
func (p *passwords) verify(ctx context.Context, who, password, hash string) (bool, error) {
	if len(password) > chat.MaxPassword {
		return false, nil // cannot be anybody's; no handle is looked at, so nothing is told
	}
	if ok, wait := p.attempts.Take(who); !ok {
		return false, chat.FailAfter(chat.RateLimited, wait, "too many failed attempts, wait a while")
	}
	if err := p.enter(ctx); err != nil {
		p.attempts.Refund(who)
		return false, err
	}
	defer func() { <-p.places }()
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false, fmt.Errorf("a password hash is not argon2id of version %d", argon2.Version)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, fmt.Errorf("a password hash has bad parameters: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a password hash has a bad salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 || passes == 0 || lanes == 0 {
		return false, fmt.Errorf("a password hash has a bad key")
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, lanes, uint32(len(want)))
	if subtle.ConstantTimeCompare(got, want) != 1 {
		return false, nil
	}
	p.attempts.Refund(who)
	return true, nil
}

func encodeHash(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, passwordMemory, passwordPasses, passwordLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
