package middleware

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/httprate"

	"parley/chat"
)

func countAllowed(l *Limiter, key string, tries int) (passed int) {
	for range tries {
		if ok, _, _ := l.Take(key); ok {
			passed++
		}
	}
	return passed
}

func TestLimiterAllowsNInFreshWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 3, 100, 1200} {
			l := NewLimiter(Rate{n, time.Minute})
			time.Sleep(17 * time.Second)
			for i := range n {
				if ok, remaining, _ := l.Take("a"); !ok || remaining != n-1-i {
					t.Fatalf("call %d of %d: %v, %d remain", i+1, n, ok, remaining)
				}
			}
			if got := countAllowed(l, "a", 50); got != 0 {
				t.Errorf("%d more than %d passed", got, n)
			}
			if got := countAllowed(l, "b", n+1); got != n {
				t.Errorf("another key: %d of %d passed", got, n)
			}
			time.Sleep(2 * time.Minute)
			if got := countAllowed(l, "a", n+1); got != n {
				t.Errorf("two windows later: %d of %d passed", got, n)
			}
		}
	})
}

// The previous window's calls count in part: no burst of 2N passes where two windows
// meet.
func TestLimiterWindowSlides(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{100, time.Minute})
		time.Sleep(59 * time.Second)
		if got := countAllowed(l, "a", 101); got != 100 {
			t.Fatal(got)
		}
		time.Sleep(time.Second)
		if got := countAllowed(l, "a", 100); got != 0 {
			t.Errorf("%d passed right after the border", got)
		}
		time.Sleep(30 * time.Second)
		if got := countAllowed(l, "a", 100); got != 50 {
			t.Errorf("%d passed half a window later", got)
		}
	})
}

// retryAfter is neither too early nor too late, and refused calls do not delay it.
func TestRetryAfterIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, rate := range []Rate{{1, time.Minute}, {2, time.Second}, {100, 15 * time.Minute}, {7, time.Hour}} {
			for _, lead := range []time.Duration{0, rate.Per / 3, rate.Per - 1, rate.Per + rate.Per/2} {
				l := NewLimiter(rate)
				time.Sleep(lead)
				countAllowed(l, "a", rate.N)
				for range 5 {
					ok, _, wait := l.Take("a")
					if ok || wait <= 0 || wait > 2*rate.Per {
						t.Fatalf("%v after %v: %v, wait %v", rate, lead, ok, wait)
					}
					time.Sleep(wait - time.Microsecond)
					if ok, _, again := l.Take("a"); ok {
						t.Fatalf("%v after %v: passed early, would wait %v", rate, lead, again)
					}
					time.Sleep(2 * time.Microsecond) // rounding of the sum
					if ok, _, _ := l.Take("a"); !ok {
						t.Fatalf("%v after %v: refused after the wait", rate, lead)
					}
					countAllowed(l, "a", rate.N)
				}
			}
		}
	})
}

// A call may cost more than one; a refused call costs nothing, and its retryAfter is
// neither too short nor too long.
func TestLimiterTakeN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, lead := range []time.Duration{0, 20 * time.Second, 100 * time.Second} {
			l := NewLimiter(Rate{100, time.Minute})
			time.Sleep(lead)
			take := func(n int, want bool, left int) (wait time.Duration) {
				t.Helper()
				ok, remaining, wait := l.TakeN("a", n)
				if ok != want || remaining != left || ok == (wait > 0) {
					t.Fatalf("cost %d: %v, %d remain, wait %v, want %v, %d", n, ok, remaining, wait, want, left)
				}
				return wait
			}
			take(0, true, 100)
			take(60, true, 40)
			take(41, false, 40)
			take(40, true, 0)
			take(0, false, 0)
			for _, n := range []int{1, 40, 99, 100, 1000} {
				wait := take(n, false, 0)
				time.Sleep(wait - time.Microsecond)
				if ok, _, again := l.TakeN("a", n); ok {
					t.Fatalf("cost %d: passed early, would wait %v", n, again)
				}
				time.Sleep(2 * time.Microsecond) // rounding of the sum
				if ok, _, again := l.TakeN("a", n); !ok {
					t.Fatalf("cost %d: refused after %v, wait %v more", n, wait, again)
				}
				countAllowed(l, "a", 100)
			}
		}
	})
}

func TestLimiterOff(t *testing.T) {
	if got := countAllowed(NewLimiter(Rate{}), "a", 10_000); got != 10_000 {
		t.Errorf("%d passed", got)
	}
}

func TestLimiterConcurrently(t *testing.T) {
	l := NewLimiter(Rate{1000, time.Hour})
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { passed.Add(int64(countAllowed(l, "a", 300))) })
	}
	all.Wait()
	if passed.Load() != 1000 {
		t.Errorf("%d passed", passed.Load())
	}
}

// spyCounter records the keys that are counted.
type spyCounter struct {
	httprate.LimitCounter
	keys []string
}

func (s *spyCounter) IncrementBy(key string, window time.Time, n int) error {
	s.keys = append(s.keys, key)
	return s.LimitCounter.IncrementBy(key, window, n)
}

// Once a window has too many keys, new keys share coarse counters. They are still
// limited, most of them separately, and old keys keep their own counters.
func TestLimiterKeysAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{3, time.Minute})
		countAllowed(l, "old", 2)
		l.keys = maxKeys
		spy := &spyCounter{LimitCounter: l.counts}
		l.counts = spy
		if got := countAllowed(l, "old", 5); got != 1 {
			t.Errorf("the old key: %d", got)
		}
		passed := 0
		for i := range 100 {
			passed += countAllowed(l, fmt.Sprint("new", i), 5)
		}
		if passed < 290 || passed > 300 {
			t.Errorf("new keys: %d of 300", passed)
		}
		for _, key := range spy.keys {
			if key != "old" && key[0] != '~' {
				t.Fatalf("the key %q is counted apart", key)
			}
		}
		time.Sleep(time.Minute)
		if countAllowed(l, "x", 1); l.keys != 1 {
			t.Errorf("%d keys in a new window", l.keys)
		}
	})
}

func TestAllowSetsHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLimiter(Rate{2, time.Minute})
		time.Sleep(20*time.Second - time.Millisecond)
		for i, want := range []struct{ limit, remaining, reset, retry string }{
			{"2", "1", "41", ""}, {"2", "0", "41", ""}, {"2", "0", "71", "71"},
		} {
			w := do(chain(func(w http.ResponseWriter, r *http.Request) {
				err := l.Allow(w, "a")
				if (err != nil) != (want.retry != "") {
					t.Errorf("call %d: %v", i, err)
				}
				var e *chat.Error
				if errors.As(err, &e) && (e.Code != chat.RateLimited || e.RetryAfterMs != 70_001) {
					t.Errorf("call %d: %v after %d", i, e, e.RetryAfterMs)
				}
			}), request("GET", "/"))
			h := w.Header()
			if h.Get("RateLimit-Limit") != want.limit || h.Get("RateLimit-Remaining") != want.remaining ||
				h.Get("RateLimit-Reset") != want.reset || h.Get("Retry-After") != want.retry {
				t.Errorf("call %d: %v", i, h)
			}
		}
	})
}

func TestLimitCountsCost(t *testing.T) {
	log, _ := logger()
	h := chain(ok, ClientAddress(nil, log), Identify(fakeSessions{"ann": "u1"}, nil),
		Limit(NewLimiter(Rate{10, time.Hour}), NewLimiter(Rate{10, time.Hour}), nil,
			func(*http.Request) int { return 4 }, writeError))
	for i, want := range []string{"6", "2", "2"} {
		w := do(h, request("GET", "/api/me", "Authorization: Bearer ann"))
		if got := w.Header().Get("RateLimit-Remaining"); got != want || (w.Code == 200) != (i < 2) {
			t.Errorf("call %d: %d, %s remain", i, w.Code, got)
		}
	}
	// Without an identity each request costs 1.
	for i := range 11 {
		if w := do(h, request("GET", "/api/me")); (w.Code == 200) != (i < 10) {
			t.Errorf("call %d without an identity: %d", i, w.Code)
		}
	}
}

func TestLimitCountsByUserOrAddress(t *testing.T) {
	log, _ := logger()
	sessions := fakeSessions{"ann": "u1", "bob": "u2"}
	newHandler := func() http.Handler {
		return chain(ok, ClientAddress(nil, log), Identify(sessions, nil),
			Limit(NewLimiter(Rate{3, time.Hour}), NewLimiter(Rate{5, time.Hour}),
				func(r *http.Request) bool { return r.URL.Path == "/api/socket" }, nil, writeError))
	}
	count := func(h http.Handler, address, path string, headers ...string) (passed int) {
		for range 10 {
			r := request("GET", path, headers...)
			r.RemoteAddr = address + ":1"
			w := do(h, r)
			switch {
			case w.Code == 200:
				passed++
			case w.Code != 429 || w.Body.String() != "rate_limited" || w.Header().Get("Retry-After") == "":
				panic(strconv.Itoa(w.Code) + w.Body.String())
			}
		}
		return passed
	}
	h := newHandler()
	for _, c := range []struct {
		name, address, path string
		header              string
		want                int
	}{
		{"no identity", "192.0.2.1", "/api/server", "X: y", 3},
		{"a bad token from there", "192.0.2.1", "/api/me", "Authorization: Bearer nobody", 0},
		{"a user from there", "192.0.2.1", "/api/me", "Authorization: Bearer ann", 5},
		{"the same user elsewhere", "192.0.2.2", "/api/me", "Authorization: Bearer ann", 0},
		{"another user", "192.0.2.2", "/api/me", "Cookie: parley=bob", 5},
		{"an upgrade", "192.0.2.1", "/api/socket", "X: y", 10},
		{"bad tokens elsewhere", "192.0.2.3", "/api/me", "Authorization: Bearer nobody", 3},
		{"a bad cookie", "192.0.2.4", "/api/me", "Cookie: parley=nobody", 3},
		{"the store is down", "192.0.2.5", "/api/me", "Authorization: Bearer down", 10},
		{"a v6 network", "[2001:db8::1]", "/api/server", "X: y", 3},
		{"the same network", "[2001:db8::2]", "/api/server", "X: y", 0},
		{"another network", "[2001:db8:0:1::1]", "/api/server", "X: y", 3},
	} {
		if got := count(h, c.address, c.path, c.header); got != c.want {
			t.Errorf("%s: %d passed, want %d", c.name, got, c.want)
		}
	}
	h = newHandler()
	if got := count(h, "192.0.2.1", "/api/x", "X-Forwarded-For: 1.2.3."+fmt.Sprint(time.Now().UnixNano()%250)); got != 3 {
		t.Errorf("a forged header: %d passed", got)
	}
}
