package cached

import (
	"sync"
	"time"
)

// cacheTTL is how long a value of a ttlCache is used. It keeps the promise that a
// session which ended on another replica is refused here within a second, whatever
// happens to the feed.
const cacheTTL = 500 * time.Millisecond

// ttlCache keeps values for cacheTTL, so that what many ask for, or one asks for
// repeatedly, is read once. All entries expire together, cacheTTL after the first was
// put: one timer for all.
type ttlCache[K comparable, V any] struct {
	max int // values; static

	mu         sync.Mutex
	generation uint64      // guarded by mu: number of calls of clear
	values     map[K]V     // guarded by mu; nil: none
	expiry     *time.Timer // guarded by mu: clears; nil without values
}

// get returns a cached value. A caller that finds none reads the value and passes it to
// put with the generation.
func (c *ttlCache[K, V]) get(k K) (v V, ok bool, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok = c.values[k]
	return v, ok, c.generation
}

// put caches v unless the cache was cleared since the generation: then v may be what
// clear was called to remove.
func (c *ttlCache[K, V]) put(k K, v V, generation uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation || len(c.values) >= c.max {
		return
	}
	if c.values == nil {
		c.values = map[K]V{}
		c.expiry = time.AfterFunc(cacheTTL, c.clear)
	}
	c.values[k] = v
}

func (c *ttlCache[K, V]) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.expiry != nil {
		c.expiry.Stop()
	}
	c.generation++
	c.values, c.expiry = nil, nil
}
