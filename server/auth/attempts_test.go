package auth

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/chat"
	"parley/middleware"
)

// Past its budget a handle has one attempt a second. Those of one address wait for each
// other, so that the first one of another address does not wait long.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAttempts(middleware.Rate{}, DefaultRates())
		began := time.Now()
		var all sync.WaitGroup
		var mu sync.Mutex
		passed, refused := 0, 0
		for range 30 {
			all.Go(func() {
				err := a.throttle(t.Context(), "ann", "ann from afar")
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					passed++
				} else if chat.Is(err, chat.RateLimited) {
					refused++
				}
			})
		}
		synctest.Wait()
		if err := a.throttle(t.Context(), "ann", "ann at home"); err != nil || time.Since(began) > 2*SlowAttempt {
			t.Errorf("the owner waited %v: %v", time.Since(began), err)
		}
		all.Wait()
		if most := int(passwordWait/SlowAttempt) + 1; passed > most || passed+refused != 30 {
			t.Errorf("%d passed and %d were refused in %v", passed, refused, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := a.throttle(ctx, "ann", "gone"); err == nil {
			t.Error("passed after its context had ended")
		}
		if a.throttled.Locked() > 0 {
			t.Errorf("%d keys are kept", a.throttled.Locked())
		}
	})
}

// The number of counters is bounded, whatever handles are tried.
func TestAttemptKeysAreBounded(t *testing.T) {
	a := newAttempts(middleware.Rate{N: 1, Per: time.Hour}, DefaultRates())
	if one := a.key("a", "bc"); one == a.key("ab", "c") || one != a.key("a", "bc") {
		t.Error("keys do not tell words apart")
	}
	seen := map[string]bool{}
	for i := range 3 * maxAttemptKeys {
		seen[a.key("sign-in", fmt.Sprint(i), "192.0.2.1")] = true
	}
	if len(seen) > maxAttemptKeys {
		t.Errorf("%d keys", len(seen))
	}
}
