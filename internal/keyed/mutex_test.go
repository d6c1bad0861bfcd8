package keyed

import (
	"context"
	"testing"
	"testing/synctest"
)

// Callers of one key come one after the other, in order; another key is free meanwhile, and
// nothing is kept of a key that is free.
func TestMutex(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m Mutex
		unlock, err := m.Lock(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		for i := range 3 {
			go func() {
				unlock, err := m.Lock(t.Context(), "a")
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, i)
				unlock()
			}()
			synctest.Wait()
		}
		other, err := m.Lock(t.Context(), "b")
		if err != nil || len(order) != 0 || m.Locked() != 2 {
			t.Errorf("%v: %d of three have the mutex, %d keys are locked", err, len(order), m.Locked())
		}
		other()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := m.Lock(ended, "a"); err == nil {
			t.Error("locked by a caller whose context has ended")
		}
		unlock()
		synctest.Wait()
		if len(order) != 3 || order[0] != 0 || order[1] != 1 || order[2] != 2 || m.Locked() != 0 {
			t.Errorf("order %v, %d keys are kept", order, m.Locked())
		}
	})
}
