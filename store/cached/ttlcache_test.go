package cached

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestTTLCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := ttlCache[string, int]{max: 2}
		_, ok, generation := c.get("a")
		if ok {
			t.Error("found before put")
		}
		c.put("a", 1, generation)
		time.Sleep(cacheTTL - 1)
		if v, ok, _ := c.get("a"); !ok || v != 1 {
			t.Error("expired too early")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if _, ok, _ := c.get("a"); ok || c.values != nil {
			t.Error("not expired")
		}
		c.put("b", 2, generation)
		if _, ok, _ := c.get("b"); ok {
			t.Error("cached a value that was read before clear")
		}
		_, _, generation = c.get("b")
		for _, k := range []string{"b", "c", "d"} {
			c.put(k, 3, generation)
		}
		if len(c.values) > 2 {
			t.Errorf("%d values, at most 2 are wanted", len(c.values))
		}
	})
}
