package service

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"parley/chat"
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

// passwords hashes and verifies. A hash fills memory, so only so many run at
// once, and one at a time for each line: who sends many waits behind themselves,
// and others take turns with them.
type passwords struct {
	lines  turns
	places *semaphore.Weighted // static after construction; 2 for each core, first come first served
	nobody string              // a hash that no password has: unknown handles cost the same
}

func newPasswords() *passwords {
	return &passwords{
		places: semaphore.NewWeighted(int64(2 * runtime.GOMAXPROCS(0))),
		nobody: encodeHash(make([]byte, passwordSalt), make([]byte, passwordKey)),
	}
}

// enter waits for a place, at most passwordWait, in each of the caller's lines
// before. The caller must call leave once.
func (p *passwords) enter(ctx context.Context, lines []string) (leave func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	var held []func()
	leave = func() {
		for _, release := range slices.Backward(held) {
			release()
		}
	}
	for _, line := range lines {
		var done func()
		if done, err = p.lines.enter(ctx, line); err != nil {
			break
		}
		held = append(held, done)
	}
	if err == nil {
		if err = p.places.Acquire(ctx, 1); err == nil {
			held = append(held, func() { p.places.Release(1) })
			return leave, nil
		}
	}
	leave()
	return nil, chat.FailAfter(chat.Unavailable, time.Second, "too many people are signing in, try again in a moment")
}

// hash makes what a store keeps of a password, in the PHC string format
// (github.com/P-H-C/phc-string-format).
func (p *passwords) hash(ctx context.Context, lines []string, password string) (string, error) {
	leave, err := p.enter(ctx, lines)
	if err != nil {
		return "", err
	}
	defer leave()
	salt := make([]byte, passwordSalt)
	_, _ = rand.Read(salt) // never fails, crypto/rand
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, passwordPasses, passwordMemory, passwordLanes, passwordKey)), nil
}

// HashPassword returns the hash of a password that a store keeps.
func HashPassword(ctx context.Context, password string) (string, error) {
	return newPasswords().hash(ctx, nil, password)
}

// verify judges a password against a hash, in constant time.
func (p *passwords) verify(ctx context.Context, lines []string, password, hash string) (bool, error) {
	leave, err := p.enter(ctx, lines)
	if err != nil {
		return false, err
	}
	defer leave()
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
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

func encodeHash(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, passwordMemory, passwordPasses, passwordLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
