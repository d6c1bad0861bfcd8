package middleware

import (
	"hash/maphash"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-chi/httprate"

	"parley/chat"
)

// maxKeys bounds how many keys of one window have a counter of their own. Further keys
// share as many coarse counters, so that memory is bounded.
const maxKeys = 1 << 18

// Limiter counts calls by key in a sliding window: the calls of the current window plus
// those of the previous one, weighted by how much of it lies within the last Per. In a
// fresh window exactly N calls pass. A refused call costs nothing.
type Limiter struct {
	rate  Rate      // static after construction
	start time.Time // of the first window, static
	seed  maphash.Seed
	limit []string // RateLimit-Limit

	mu     sync.Mutex
	counts httprate.LimitCounter // guarded by mu; keeps two windows
	window int64                 // guarded by mu: number of the current window
	keys   int                   // guarded by mu: keys with a counter of their own in it
}

// NewLimiter returns a Limiter; with Rate{} it allows everything.
func NewLimiter(rate Rate) *Limiter {
	l := &Limiter{rate: rate, start: time.Now(), seed: maphash.MakeSeed(), limit: []string{strconv.Itoa(rate.N)}}
	if rate.N > 0 {
		l.counts = httprate.NewLocalLimitCounter(rate.Per)
	}
	return l
}

// Take counts one call of the key. remaining is the number of further calls that would
// pass now. If ok is false, retryAfter is the time until one would pass.
func (l *Limiter) Take(key string) (ok bool, remaining int, retryAfter time.Duration) {
	return l.TakeN(key, 1)
}

// TakeN counts a call that costs as much as n. More than N count as N, so that the call
// passes in an unused window. With n 0 it reports whether a call would pass, and counts
// nothing.
func (l *Limiter) TakeN(key string, n int) (ok bool, remaining int, retryAfter time.Duration) {
	if l.rate.N == 0 {
		return true, 0, 0
	}
	elapsed := time.Since(l.start)
	window := int64(elapsed / l.rate.Per)
	into := elapsed % l.rate.Per

	n = min(n, l.rate.N)

	l.mu.Lock()
	defer l.mu.Unlock()
	if window != l.window {
		l.window, l.keys = window, 0
	}
	now, before, _ := l.counts.Get(key, l.windowStart(window), l.windowStart(window-1)) // its errors are always nil
	if now == 0 && l.keys >= maxKeys {
		key = "~" + strconv.FormatUint(maphash.String(l.seed, key)%maxKeys, 36)
		now, before, _ = l.counts.Get(key, l.windowStart(window), l.windowStart(window-1))
	}
	left := float64(l.rate.N-now) - float64(before)*(1-float64(into)/float64(l.rate.Per))
	if left < float64(max(1, n)) {
		return false, max(0, int(left)), l.retryAfter(now, before, max(1, n), into)
	}
	if n == 0 {
		return true, int(left), 0
	}
	if now == 0 {
		l.keys++
	}
	_ = l.counts.IncrementBy(key, l.windowStart(window), n)
	return true, int(left) - n, 0
}

// windowStart returns the start of a window. The counter compares it with ==, so it is
// the same value each time.
func (l *Limiter) windowStart(window int64) time.Time {
	return l.start.Add(time.Duration(window) * l.rate.Per)
}

// retryAfter returns the time until a call that costs n passes.
func (l *Limiter) retryAfter(now, before, n int, into time.Duration) time.Duration {
	per, room := float64(l.rate.Per), float64(l.rate.N-n)
	if float64(now) <= room { // later in this window, as the previous one's weight falls
		return time.Duration(math.Ceil(per*(1-(room-float64(now))/float64(before)))) - into
	}
	// in the next window, as this one's weight falls
	return l.rate.Per - into + time.Duration(math.Ceil(per*max(0, 1-room/float64(now))))
}

// Allow counts one call and sets the RateLimit headers (the fields of the IETF draft
// "RateLimit header fields for HTTP", Reset in seconds). It returns rate_limited if the
// call does not pass.
func (l *Limiter) Allow(w http.ResponseWriter, key string) error { return l.AllowN(w, key, 1) }

// AllowN is Allow for a call that costs as much as n.
func (l *Limiter) AllowN(w http.ResponseWriter, key string, n int) error {
	if l.rate.N == 0 {
		return nil
	}
	ok, remaining, retryAfter := l.TakeN(key, n)
	reset := retryAfter
	if ok {
		reset = l.rate.Per - time.Since(l.start)%l.rate.Per
	}
	h := w.Header()
	h["Ratelimit-Limit"] = l.limit // the names are canonical, as Header.Set would make them
	h["Ratelimit-Remaining"] = []string{strconv.Itoa(remaining)}
	h["Ratelimit-Reset"] = []string{seconds(reset)}
	if ok {
		return nil
	}
	h.Set("Retry-After", seconds(retryAfter))
	return chat.FailAfter(chat.RateLimited, retryAfter, "too many requests; the limit is %s", l.rate)
}

// seconds returns d in seconds, rounded up so that a client does not retry too early.
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// Limit counts each request: against its user, or against its address if it has no
// valid identity. Requests for which except returns true are not counted (upgrades), nor
// those whose identity the store failed to check. cost returns the cost of a user's
// request, at least 1; with nil each costs 1.
func Limit(anonymous, users *Limiter, except func(*http.Request) bool, cost func(*http.Request) int, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var err error
			switch caller := CallerOf(r.Context()); {
			case except != nil && except(r):
			case caller.SignedIn():
				n := 1
				if cost != nil {
					n = cost(r)
				}
				err = users.AllowN(w, string(caller.User.ID), n)
			case caller.Err == nil || chat.Is(caller.Err, chat.NoIdentity):
				err = anonymous.Allow(w, AddressKey(r.Context()))
			}
			if err != nil {
				fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}
