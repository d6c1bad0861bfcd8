// Package lease runs what one process of all replicas may do at a time.
package lease

import (
	"context"
	"errors"
	"time"

	"parley/chat"
)

// TTL is how long a holder keeps a lease without renewing it. After it is killed, another
// one takes over within this time. A lease is renewed three times in a TTL.
const TTL = 15 * time.Second

// releaseTimeout is short: a stop waits for the release, also while the store hangs.
const releaseTimeout = time.Second

// errLost is the cause of the end of a context whose lease may be another's.
var errLost = errors.New("the lease was lost, or could not be renewed in time")

// Run waits for the lease of a name, calls f while it holds it, and returns what f returns.
// The context of f ends once the lease may be another's, or with ctx. Then Run waits for f
// to return, and for the lease again; f may have to start again. Run ends with ctx's error.
//
// What f had begun when its context ended may run at the same time as the next holder's f: see
// [chat.Leases]. An error of the store does not end Run: report is called with it, if it is not
// nil, and Run tries again.
func Run(ctx context.Context, leases chat.Leases, name string, report func(error), f func(ctx context.Context) error) error {
	r := runner{leases: leases, name: name, holder: chat.NewID[string](), report: report}
	for {
		until, err := r.wait(ctx)
		if err != nil {
			return err
		}
		if done, err := r.hold(ctx, until, f); done {
			return err
		}
	}
}

// runner is one call of Run.
type runner struct {
	leases       chat.Leases
	name, holder string
	report       func(error)
}

// acquire acquires or renews the lease. until is when it ends; zero if it is not held.
func (r *runner) acquire(ctx context.Context) (until time.Time, err error) {
	began := time.Now()
	bounded, cancel := context.WithTimeout(ctx, TTL/3)
	defer cancel()
	held, err := r.leases.AcquireLease(bounded, r.name, r.holder, TTL)
	if err != nil && ctx.Err() == nil && r.report != nil {
		r.report(err)
	}
	if err != nil || !held {
		return time.Time{}, err
	}
	return began.Add(TTL), nil
}

// wait returns when the lease is held.
func (r *runner) wait(ctx context.Context) (until time.Time, err error) {
	tick := time.NewTicker(TTL / 3)
	defer tick.Stop()
	for {
		if until, err = r.acquire(ctx); err == nil && time.Now().Before(until) {
			return until, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return time.Time{}, ctx.Err()
		}
	}
}

// hold calls f and renews the lease until f returns. done is false if the lease was lost
// meanwhile.
func (r *runner) hold(ctx context.Context, until time.Time, f func(ctx context.Context) error) (done bool, err error) {
	holding, lose := context.WithCancelCause(ctx)
	defer lose(nil)
	returned, renewed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(renewed)
		r.renew(holding, until, lose, returned)
	}()
	defer func() {
		close(returned)
		<-renewed
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		_ = r.leases.ReleaseLease(release, r.name, r.holder) // else it ends by itself
	}()
	err = f(holding)
	if errors.Is(context.Cause(holding), errLost) {
		return false, nil
	}
	return true, err
}

// renew renews the lease until f has returned, and calls lose when it is not held any more.
func (r *runner) renew(ctx context.Context, until time.Time, lose context.CancelCauseFunc, returned chan struct{}) {
	end := time.AfterFunc(time.Until(until), func() { lose(errLost) })
	defer end.Stop()
	tick := time.NewTicker(TTL / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-returned:
			return
		case <-ctx.Done():
			<-returned
			return
		}
		switch next, err := r.acquire(ctx); {
		case err != nil: // tried again, until the lease ends
		case next.IsZero():
			lose(errLost)
		case end.Stop():
			end.Reset(time.Until(next))
		}
	}
}
