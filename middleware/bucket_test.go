package middleware

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBucket(Rate{20, 10 * time.Second})
		take := func(want int) {
			t.Helper()
			got := 0
			for range want + 5 {
				if ok, _ := b.Take("a"); ok {
					got++
				}
			}
			if got != want {
				t.Fatalf("%d tokens, want %d", got, want)
			}
		}
		take(20)
		ok, wait := b.Take("a")
		if ok || wait != 500*time.Millisecond {
			t.Fatalf("%v, wait %v", ok, wait)
		}
		time.Sleep(wait - 1)
		take(0)
		time.Sleep(time.Nanosecond)
		take(1)
		time.Sleep(2 * time.Second)
		take(4)
		b.Refund("a")
		take(1)
		time.Sleep(time.Hour)
		take(20) // never more than N
		if ok, _ := b.Take("b"); !ok {
			t.Error("another key has its own")
		}
		b.Refund("nobody")
		time.Sleep(time.Hour)
		b.Refund("a") // of a full bucket: no 21st
		take(20)
	})
}

// A call may cost a fraction of a token or many; a refused call costs nothing.
func TestBucketTakeN(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBucket(Rate{20, 10 * time.Second})
		take := func(n float64, want bool, wait time.Duration) {
			t.Helper()
			if ok, got := b.TakeN("a", n); ok != want || got != wait {
				t.Fatalf("%v tokens: %v, wait %v, want %v, %v", n, ok, got, want, wait)
			}
		}
		for range 40 {
			take(.25, true, 0)
		}
		take(11, false, 500*time.Millisecond)
		take(10.5, false, 250*time.Millisecond)
		take(10, true, 0)
		take(.05, false, 25*time.Millisecond)
		b.RefundN("a", 5)
		take(5, true, 0)
		time.Sleep(5*time.Second - 1)
		take(10, false, 1)
		time.Sleep(time.Nanosecond)
		take(10, true, 0)
		// More than N pass only if the bucket is full, and empty it.
		take(1000, false, 10*time.Second)
		time.Sleep(10 * time.Second)
		take(1000, true, 0)
		take(1, false, 500*time.Millisecond)
		b.RefundN("a", 1000)
		take(20, true, 0)
		take(0, true, 0)
	})
}

func TestBucketOff(t *testing.T) {
	b := NewBucket(Rate{})
	for range 1000 {
		if ok, _ := b.Take("a"); !ok {
			t.Fatal("refused")
		}
	}
	b.Refund("a")
}

// Full buckets are evicted, so memory depends on the number of active keys.
func TestBucketEvictsFullKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := NewBucket(Rate{2, time.Second})
		for round := range 50 {
			for i := range 100 {
				b.Take(fmt.Sprint(round, "/", i))
			}
			time.Sleep(2 * time.Second)
		}
		if len(b.fullAt) > 300 {
			t.Errorf("%d of 5000 buckets are kept", len(b.fullAt))
		}
		b.Take("a")
		b.Refund("a")
		if _, kept := b.fullAt["a"]; kept {
			t.Error("a refunded bucket is kept")
		}
	})
}

func TestBucketConcurrently(t *testing.T) {
	b := NewBucket(Rate{100, time.Hour})
	var passed atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				if ok, _ := b.Take("a"); ok {
					passed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if passed.Load() != 100 {
		t.Errorf("%d passed", passed.Load())
	}
}
