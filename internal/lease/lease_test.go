package lease

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// table is a store of one lease. Its clock is that of the test's bubble.
type table struct {
	mu     sync.Mutex
	holder string
	until  time.Time
	calls  int
	fail   func(ctx context.Context, call int) error // of AcquireLease; may block
	hang   bool                                      // ReleaseLease blocks
	late   func(call int)                            // called after the lease was given, before the answer
}

var errStore = errors.New("the store is down")

func (l *table) AcquireLease(ctx context.Context, _, holder string, ttl time.Duration) (bool, error) {
	l.mu.Lock()
	l.calls++
	call := l.calls
	l.mu.Unlock()
	if l.fail != nil {
		if err := l.fail(ctx, call); err != nil {
			return false, err
		}
	}
	held := l.claim(holder, ttl)
	if l.late != nil {
		l.late(call)
	}
	return held, ctx.Err()
}

func (l *table) claim(holder string, ttl time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.holder == holder || !now.Before(l.until) {
		l.holder, l.until = holder, now.Add(ttl)
		return true
	}
	return false
}

func (l *table) ReleaseLease(ctx context.Context, _, holder string) error {
	if l.hang {
		<-ctx.Done()
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holder == holder {
		l.until = time.Time{}
	}
	return nil
}

// steal gives the lease to another holder, as after a holder that was stopped.
func (l *table) steal(ttl time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder, l.until = "thief", time.Now().Add(ttl)
}

func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, failed := &table{}, errors.New("f failed")
		err := Run(t.Context(), l, "push", nil, func(ctx context.Context) error {
			for range 10 { // renewed
				time.Sleep(TTL)
				if ctx.Err() != nil || l.claim("another", TTL) {
					t.Fatal("it lost the lease")
				}
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("%v", err)
		}
		if !l.claim("another", TTL) {
			t.Error("the lease was not released")
		}
	})
}

// A killed holder is followed within a TTL and a tick.
func TestTakesOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, began := &table{}, time.Now()
		l.steal(TTL)
		_ = Run(t.Context(), l, "push", nil, func(context.Context) error {
			if waited := time.Since(began); waited < TTL || waited > TTL+TTL/3 {
				t.Errorf("it waited %v", waited)
			}
			return nil
		})
	})
}

func TestLost(t *testing.T) {
	for name, lose := range map[string]func(ctx context.Context, l *table) error{
		"another has it":      func(_ context.Context, l *table) error { l.steal(TTL); return nil },
		"the store is down":   func(context.Context, *table) error { return errStore },
		"the store is silent": func(ctx context.Context, _ *table) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var failing atomic.Bool
				l, runs, reports := &table{}, 0, 0
				l.fail = func(ctx context.Context, _ int) error {
					if failing.Load() {
						return lose(ctx, l)
					}
					return nil
				}
				err := Run(t.Context(), l, "push", func(error) { reports++ }, func(ctx context.Context) error {
					if runs++; runs == 2 {
						return nil
					}
					time.Sleep(TTL + TTL/3) // a renewal has just ended
					renewed := time.Now()
					synctest.Wait()
					failing.Store(true)
					<-ctx.Done()
					failing.Store(false)
					if late := time.Since(renewed); late > TTL {
						t.Errorf("the context ended %v after the last renewal", late)
					}
					return ctx.Err()
				})
				if stolen := name == "another has it"; err != nil || runs != 2 || reports > 0 == stolen {
					t.Errorf("%v: %d runs, %d reports", err, runs, reports)
				}
			})
		})
	}
}

// An answer that comes after the lease has ended gives nothing.
func TestLateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &table{late: func(call int) {
			if call == 1 {
				time.Sleep(2 * TTL)
			}
		}}
		runs := 0
		err := Run(t.Context(), l, "push", nil, func(context.Context) error { runs++; return nil })
		if err != nil || runs != 1 || l.calls != 2 {
			t.Errorf("%v, %d runs, %d calls", err, runs, l.calls)
		}
	})
}

func TestEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &table{}
		ctx, cancel := context.WithTimeout(t.Context(), 5*TTL)
		defer cancel()
		err := Run(ctx, l, "push", nil, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		if !errors.Is(err, context.DeadlineExceeded) || !l.claim("another", TTL) {
			t.Errorf("%v, or the lease was not released", err)
		}
		l.steal(time.Hour)
		waiting, stop := context.WithTimeout(t.Context(), TTL)
		defer stop()
		if err := Run(waiting, l, "push", nil, func(context.Context) error { t.Error("it ran"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("while it waits: %v", err)
		}
	})
}

// A stop waits for the release: it must be short when the store hangs.
func TestReleaseWhileTheStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stopped := time.Now()
		err := Run(ctx, &table{hang: true}, "work", nil, func(ctx context.Context) error {
			stop()
			<-ctx.Done()
			return ctx.Err()
		})
		if took := time.Since(stopped); !errors.Is(err, context.Canceled) || took > 2*time.Second {
			t.Errorf("%v, after %v", err, took)
		}
	})
}

// However the store fails, two never run at once.
func TestOneAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		r := rand.New(rand.NewPCG(1, 2))
		random := func(n int) int { mu.Lock(); defer mu.Unlock(); return r.IntN(n) }
		l := &table{}
		l.fail = func(context.Context, int) error {
			switch random(4) {
			case 0:
				return errStore
			case 1:
				time.Sleep(time.Duration(random(int(TTL))))
			}
			return nil
		}
		l.late = func(int) { time.Sleep(time.Duration(random(int(TTL / 2)))) }
		ctx, cancel := context.WithTimeout(t.Context(), 2000*TTL)
		defer cancel()
		running, runs := 0, 0
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for ctx.Err() == nil {
					_ = Run(ctx, l, "push", nil, func(ctx context.Context) error {
						mu.Lock()
						if running++; running > 1 {
							t.Error("two run")
						}
						runs++
						mu.Unlock()
						select {
						case <-ctx.Done():
						case <-time.After(time.Duration(random(int(5 * TTL)))):
						}
						mu.Lock()
						running--
						mu.Unlock()
						return nil
					})
				}
			})
		}
		all.Wait()
		if runs < 100 {
			t.Errorf("only %d runs", runs)
		}
	})
}
