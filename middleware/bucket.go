package middleware

import (
	"sync"
	"time"
)

// Bucket is a token bucket for each key: N tokens at the start, one more every
// Per/N, never more than N. It stores one number for each key, the time at which the
// bucket is full again (the generic cell rate algorithm, ITU-T I.371), and evicts keys
// whose bucket is full.
type Bucket struct {
	rate  Rate          // static after construction
	every time.Duration // between two new tokens; static
	start time.Time     // static

	mu      sync.Mutex
	fullAt  map[string]time.Duration // since start; guarded by mu
	evictAt int                      // guarded by mu: size of the map at which full buckets are evicted
}

// minEvict is the size below which a map is not searched for full buckets.
const minEvict = 64

// NewBucket returns a Bucket; with Rate{} it allows everything.
func NewBucket(rate Rate) *Bucket {
	b := &Bucket{rate: rate, start: time.Now(), fullAt: map[string]time.Duration{}, evictAt: minEvict}
	if rate.N > 0 {
		b.every = rate.Per / time.Duration(rate.N)
	}
	return b
}

// Take takes a token. If there is none, retryAfter is the time until there is one.
func (b *Bucket) Take(key string) (ok bool, retryAfter time.Duration) { return b.TakeN(key, 1) }

// TakeN takes n tokens, which may be a fraction, or none of them. More than N count as
// N, so that a full bucket allows them.
func (b *Bucket) TakeN(key string, n float64) (ok bool, retryAfter time.Duration) {
	if b.rate.N == 0 || n <= 0 {
		return true, 0
	}
	now := time.Since(b.start)
	b.mu.Lock()
	defer b.mu.Unlock()
	full := max(b.fullAt[key], now) + b.fillTime(n)
	if wait := full - now - b.every*time.Duration(b.rate.N); wait > 0 {
		return false, wait
	}
	b.fullAt[key] = full
	b.evictFull(now)
	return true, 0
}

// fillTime returns the time in which n tokens are added.
func (b *Bucket) fillTime(n float64) time.Duration {
	return time.Duration(min(n, float64(b.rate.N)) * float64(b.every))
}

// Refund returns a token to the bucket that Take took and that was not used.
func (b *Bucket) Refund(key string) { b.RefundN(key, 1) }

// RefundN returns n tokens to the bucket.
func (b *Bucket) RefundN(key string, n float64) {
	if b.rate.N == 0 || n <= 0 {
		return
	}
	now := time.Since(b.start)
	b.mu.Lock()
	defer b.mu.Unlock()
	full, ok := b.fullAt[key]
	if !ok {
		return
	}
	if full -= b.fillTime(n); full <= now {
		delete(b.fullAt, key)
		return
	}
	b.fullAt[key] = full
}

// evictFull evicts full buckets once the map has doubled, which is amortized constant
// work for each Take.
func (b *Bucket) evictFull(now time.Duration) {
	if len(b.fullAt) < b.evictAt {
		return
	}
	for key, full := range b.fullAt {
		if full <= now {
			delete(b.fullAt, key)
		}
	}
	b.evictAt = max(minEvict, 2*len(b.fullAt))
}
