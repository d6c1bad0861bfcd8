package drafts

import (
	"cmp"
	"context"
	"time"

	"parley/chat"
	"parley/server/budget"
	"parley/store/cached"
)

// Done receives the outcome of a draft: the event; whether the clientId was known
// (again), ev then being the first event; or why there is none. An event without a
// number and without an error: nothing changed.
type Done = func(ev chat.Event, again bool, err error)

// Appended is called with the outcome of each draft; began is when it was queued.
type Appended func(kind chat.Kind, began time.Time, ev chat.Event, again bool, err error)

// Queue queues drafts in the store.
type Queue struct {
	store    *cached.Store
	budgets  *budget.Budgets
	appended Appended
	accepted inFlight // drafts that are not answered yet
}

// New returns a Queue.
func New(store *cached.Store, budgets *budget.Budgets, appended Appended) *Queue {
	return &Queue{store: store, budgets: budgets, appended: appended}
}

// Stop refuses further drafts and waits until the accepted ones are answered, or until
// ctx ends.
func (d *Queue) Stop(ctx context.Context) { d.accepted.close(ctx) }

// Stopping reports whether Stop has begun.
func (d *Queue) Stopping() bool { return d.accepted.isClosed() }

func errStopping() error {
	return chat.FailAfter(chat.Unavailable, time.Second, "the server is stopping")
}

// Append queues a draft with its rule. It takes what the draft costs first, and refunds
// it if nothing was written. It counts the draft as accepted until its outcome is known,
// so that an orderly stop can wait for it. done is called once, off
// this goroutine, after the commit, and must not block; after an error it is not called.
func (d *Queue) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done Done) error {
	cost := budget.Of(&draft)
	if refusal := d.budgets.Charge(draft.By, cost); refusal != nil {
		switch {
		case draft.Kind.Is().Message:
			return d.findAgain(ctx, draft, refusal, done)
		case draft.ClientID == "" && !draft.Kind.Is().Adds:
			return refusal
		}
		// The retry of a known clientId costs nothing, nor does adding a member: the store
		// finds these out before it comes to the refusal.
		if only := (budget.Price{Posts: cost.Posts}); cost.People > 0 && d.budgets.Charge(draft.By, only) == nil {
			// A new role of a member adds no user.
			cost, rule = only, chat.All(rule, func(_ chat.View, e *chat.Event) error {
				if budget.Of(e).People > 0 {
					return refusal
				}
				return nil
			})
		} else {
			cost, rule = budget.Price{}, chat.All(rule, chat.Refuse(refusal))
		}
	}
	if !d.accepted.begin() {
		d.budgets.Refund(draft.By, cost)
		return errStopping()
	}
	began := time.Now()
	err := d.store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		d.appended(cmp.Or(ev.Kind, draft.Kind), began, ev, again, err)
		d.budgets.Refund(draft.By, cost.Less(budget.OfOutcome(&draft, &ev, again, err)))
		done(ev, again, err)
		d.accepted.end()
	})
	if err != nil {
		d.budgets.Refund(draft.By, cost)
		d.accepted.end()
	}
	return err
}

// findAgain answers a post for which there is no budget: the retry of a known clientId
// costs nothing, any other post gets the refusal. It reads, so it leaves the caller's
// goroutine.
func (d *Queue) findAgain(ctx context.Context, draft chat.Event, refusal error, done Done) error {
	if !d.accepted.begin() {
		return errStopping()
	}
	go func() {
		defer d.accepted.end()
		first, known, err := d.store.Find(ctx, draft.ChatID, draft.By, draft.ClientID)
		if err == nil && !known {
			err = refusal
		}
		done(first, known, err)
	}()
	return nil
}

// AppendWait queues a draft and waits for its outcome, which is that of Done.
func (d *Queue) AppendWait(ctx context.Context, draft chat.Event, rule chat.Rule) (ev chat.Event, again bool, err error) {
	return Wait(ctx, func(done Done) error { return d.Append(ctx, draft, rule, done) })
}

// Wait calls begin with a done function and waits for the outcome, or for ctx.
func Wait(ctx context.Context, begin func(Done) error) (chat.Event, bool, error) {
	type result struct {
		ev    chat.Event
		again bool
		err   error
	}
	came := make(chan result, 1)
	if err := begin(func(ev chat.Event, again bool, err error) { came <- result{ev, again, err} }); err != nil {
		return chat.Event{}, false, err
	}
	select {
	case r := <-came:
		return r.ev, r.again, r.err
	case <-ctx.Done():
		return chat.Event{}, false, ctx.Err()
	}
}
