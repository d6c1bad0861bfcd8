package auth

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/chat"
)

const password = "correct horse"

func TestPasswords(t *testing.T) {
	p := newPasswords()
	ctx := t.Context()
	one, err := p.hash(ctx, []string{"a"}, password)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := p.hash(ctx, []string{"a"}, password)
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("%s %s", one, two)
	}
	for _, c := range []struct {
		password, hash string
		ok             bool
	}{
		{password, one, true}, {password, two, true}, {"wrong horse", one, false}, {"", one, false}, {password, p.dummyHash, false},
		// Made by the reference implementation: argon2 of "password", salt "somesalt", t=2, m=65536, p=1.
		{"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", true},
	} {
		if ok, err := p.verify(ctx, []string{"a"}, c.password, c.hash); ok != c.ok || err != nil {
			t.Errorf("%q against %s: %v, %v", c.password, c.hash, ok, err)
		}
	}
	for _, hash := range []string{"", "plain", "$argon2i$v=19$m=1,t=1,p=1$YQ$YQ", "$argon2id$v=18$m=1,t=1,p=1$YQ$YQ",
		"$argon2id$v=19$m=1,t=0,p=1$YQ$YQ", "$argon2id$v=19$m=1,t=1,p=0$YQ$YQ", "$argon2id$v=19$x$YQ$YQ", "$argon2id$v=19$m=1,t=1,p=1$!$YQ", "$argon2id$v=19$m=1,t=1,p=1$YQ$"} {
		if ok, err := p.verify(ctx, []string{"a"}, password, hash); ok || err == nil {
			t.Errorf("%q is accepted as a hash", hash)
		}
	}
}

func TestOutdated(t *testing.T) {
	now, err := newPasswords().hash(t.Context(), []string{"a"}, password)
	if err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]bool{
		now: false,
		strings.Replace(now, "m=19456", "m=9216", 1):  true,
		strings.Replace(now, "t=2", "t=1", 1):         true,
		strings.Replace(now, "m=19456", "m=65536", 1): false, // costs more
		"": false, // is none
	} {
		if outdated(hash) != want {
			t.Errorf("%q: outdated %v", hash, !want)
		}
	}
}

// The number of concurrent hashes is bounded; a caller that waits too long gets
// unavailable.
func TestPasswordSlotsAreBounded(t *testing.T) {
	p := newPasswords()
	most := int64(2 * runtime.GOMAXPROCS(0))
	if !p.slots.TryAcquire(most) || p.slots.TryAcquire(1) {
		t.Fatalf("there are not %d slots", most)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := p.hash(ctx, []string{"a"}, password); !chat.Is(err, chat.Unavailable) {
		t.Errorf("hash: %v", err)
	}
	if _, err := p.verify(ctx, []string{"a"}, password, p.dummyHash); !chat.Is(err, chat.Unavailable) {
		t.Errorf("verify: %v", err)
	}
	p.slots.Release(most)
	if _, err := p.hash(t.Context(), []string{"a"}, password); err != nil {
		t.Error(err)
	}
	if p.queues.Locked() > 0 {
		t.Errorf("%d queues are kept", p.queues.Locked())
	}
}

// A caller who sends many passwords, also by many accounts at one address, waits for
// their own only: another caller's password is hashed next.
func TestPasswordQueuesAreFair(t *testing.T) {
	p := newPasswords()
	most := int64(2 * runtime.GOMAXPROCS(0))
	first, err := p.acquire(t.Context(), []string{"eve", "users at home"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var eve sync.WaitGroup
	for i := range 50 {
		eve.Go(func() {
			queues := []string{"eve", "users at home"}
			if i%2 == 0 {
				queues[0] = fmt.Sprint("another account", i)
			}
			if release, err := p.acquire(ctx, queues); err == nil {
				release()
				t.Error("two passwords of one caller are hashed at once")
			}
		})
	}
	if !p.slots.TryAcquire(most-1) || p.slots.TryAcquire(1) {
		t.Error("eve does not hold one slot")
	}
	p.slots.Release(most - 1)
	for _, queue := range []string{"address home", "ann"} {
		if _, err := p.hash(t.Context(), []string{queue}, password); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	eve.Wait()
	first()
	if p.queues.Locked() > 0 {
		t.Errorf("%d queues are kept", p.queues.Locked())
	}
}

// An unknown handle costs the same work as a known one.
func TestDummyHashCostsTheSame(t *testing.T) {
	p := newPasswords()
	real, err := p.hash(t.Context(), []string{"a"}, password)
	if err != nil {
		t.Fatal(err)
	}
	shape := func(hash string) string { return hash[:strings.LastIndex(hash[:strings.LastIndex(hash, "$")], "$")] }
	if shape(real) != shape(p.dummyHash) || len(real) != len(p.dummyHash) {
		t.Errorf("%s and %s", real, p.dummyHash)
	}
}
