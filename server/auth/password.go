package auth

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
	"parley/internal/keyed"
)

// The cost of a hash: argon2id with m=19 MiB, t=2, p=1 (OWASP Password Storage Cheat
// Sheet; RFC 9106 defines the parameters). Each hash contains its parameters, so a later
// change leaves old hashes valid.
const (
	passwordMemory = 19 * 1024 // KiB
	passwordPasses = 2
	passwordLanes  = 1
	passwordSalt   = 16
	passwordKey    = 32

	passwordWait = 10 * time.Second // longest wait for a slot; a longer queue is an attack
)

// passwords hashes and verifies passwords. A hash needs much memory, so the number that
// run at once is bounded. Each queue runs one at a time, so that a caller who sends many
// does not delay others.
type passwords struct {
	queues    keyed.Mutex
	slots     *semaphore.Weighted // static after construction; 2 for each core, first come first served
	dummyHash string              // a hash that no password has: unknown handles cost the same
}

func newPasswords() *passwords {
	return &passwords{
		slots:     semaphore.NewWeighted(int64(2 * runtime.GOMAXPROCS(0))),
		dummyHash: encodeHash(make([]byte, passwordSalt), make([]byte, passwordKey)),
	}
}

// acquire waits for the caller's queues and then for a slot, at most passwordWait. If
// err is nil, the caller must call release once.
func (p *passwords) acquire(ctx context.Context, queues []string) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, passwordWait)
	defer cancel()
	var held []func()
	release = func() {
		for _, unlock := range slices.Backward(held) {
			unlock()
		}
	}
	for _, queue := range queues {
		var unlock func()
		if unlock, err = p.queues.Lock(ctx, queue); err != nil {
			break
		}
		held = append(held, unlock)
	}
	if err == nil {
		if err = p.slots.Acquire(ctx, 1); err == nil {
			held = append(held, func() { p.slots.Release(1) })
			return release, nil
		}
	}
	release()
	return nil, chat.FailAfter(chat.Unavailable, time.Second, "too many people are signing in, try again in a moment")
}

// hash returns the hash of a password that a store keeps, in the PHC string format
// (github.com/P-H-C/phc-string-format).
func (p *passwords) hash(ctx context.Context, queues []string, password string) (string, error) {
	release, err := p.acquire(ctx, queues)
	if err != nil {
		return "", err
	}
	defer release()
	salt := make([]byte, passwordSalt)
	_, _ = rand.Read(salt) // never fails, crypto/rand
	return encodeHash(salt, argon2.IDKey([]byte(password), salt, passwordPasses, passwordMemory, passwordLanes, passwordKey)), nil
}

// HashPassword returns the hash of a password that a store keeps.
func HashPassword(ctx context.Context, password string) (string, error) {
	return newPasswords().hash(ctx, nil, password)
}

// verify reports whether the password is that of the hash, in a time that does not depend
// on the hash.
func (p *passwords) verify(ctx context.Context, queues []string, password, hash string) (bool, error) {
	release, err := p.acquire(ctx, queues)
	if err != nil {
		return false, err
	}
	defer release()
	h, err := decodeHash(hash)
	if err != nil {
		return false, err
	}
	same := 0
	for _, form := range chat.PasswordForms(password) {
		got := argon2.IDKey([]byte(form), h.salt, h.passes, h.memory, h.lanes, uint32(len(h.key)))
		same |= subtle.ConstantTimeCompare(got, h.key)
	}
	return same == 1, nil
}

// decodedHash has the parts of a hash.
type decodedHash struct {
	memory, passes uint32
	lanes          uint8
	salt, key      []byte
}

func decodeHash(hash string) (h decodedHash, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return h, fmt.Errorf("a password hash is not argon2id of version %d", argon2.Version)
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.memory, &h.passes, &h.lanes); err != nil {
		return h, fmt.Errorf("a password hash has bad parameters: %w", err)
	}
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return h, fmt.Errorf("a password hash has a bad salt: %w", err)
	}
	h.key, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(h.key) == 0 || h.passes == 0 || h.lanes == 0 {
		return h, fmt.Errorf("a password hash has a bad key")
	}
	return h, nil
}

// outdated reports whether the hash costs less than new ones.
func outdated(hash string) bool {
	h, err := decodeHash(hash)
	return err == nil && (h.memory < passwordMemory || h.passes < passwordPasses)
}

func encodeHash(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, passwordMemory, passwordPasses, passwordLanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
