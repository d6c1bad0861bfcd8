package middleware

import (
	"sync"
	"time"
)

// Bucket is a token bucket for each key: N tokens at the start, one more every
// Per/N, never more than N. It keeps one number a key, the time at which the
// bucket is full again (the generic cell rate algorithm, ITU-T I.371), and
// forgets keys whose bucket is full.
type Bucket struct {
	rate  Rate          // static after construction
	every time.Duration // one token, static
	start time.Time     // static

	mu      sync.Mutex
	fullAt  map[string]time.Duration // since start; guarded by mu
	evictAt int                      // guarded by mu: size at which to look for full ones
}

// minEvict keeps small maps from being searched.
const minEvict = 64

// NewBucket makes a bucket; one with Rate{} lets everything pass.
func NewBucket(rate Rate) *Bucket {
	b := &Bucket{rate: rate, start: time.Now(), fullAt: map[string]time.Duration{}, evictAt: minEvict}
	if rate.N > 0 {
		b.every = rate.Per / time.Duration(rate.N)
	}
	return b
}

// Take takes a token. Without one, retryAfter is how long until there is one.
func (b *Bucket) Take(key string) (ok bool, retryAfter time.Duration) { return b.TakeN(key, 1) }

// TakeN takes n tokens, or parts of one, or none of them. More than N count as
// N, so that they are given out by a full bucket.
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

// fillTime is the time in which n tokens come.
func (b *Bucket) fillTime(n float64) time.Duration {
	return time.Duration(min(n, float64(b.rate.N)) * float64(b.every))
}

// Refund gives a token back that Take gave out and nobody used.
func (b *Bucket) Refund(key string) { b.RefundN(key, 1) }

// RefundN gives back what TakeN took.
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

// drop forgets full buckets once the map has doubled: constant work per Take.
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
