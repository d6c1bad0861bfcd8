package service

import (
	"cmp"
	"context"
	"time"

	"parley/chat"
	"parley/store/cached"
)

// Done receives the outcome of a draft: the event; whether the clientId was known
// (again), ev then being the first event; or why there is none. An event without a
// number and without an error: nothing changed.
type Done = func(ev chat.Event, again bool, err error)

// drafts queues drafts in the store.
type drafts struct {
	store    *cached.Store
	budgets  *budgets
	appended Appended
	accepted inFlight // drafts that are not answered yet
}

// append queues a draft with its rule. It takes what the draft costs first, and refunds
// it if nothing was written. It counts the draft as accepted until its outcome is known,
// so that an orderly stop can wait for it. See Edit for done.
func (d *drafts) append(ctx context.Context, draft chat.Event, rule chat.Rule, done Done) error {
	cost := priceOf(&draft)
	if refusal := d.budgets.charge(draft.By, cost); refusal != nil {
		switch {
		case draft.Kind.Is().Message:
			return d.findAgain(ctx, draft, refusal, done)
		case draft.ClientID == "" && !draft.Kind.Is().Adds:
			return refusal
		}
		// The retry of a known clientId costs nothing, nor does adding a member: the store
		// finds these out before it comes to the refusal.
		if only := (price{posts: cost.posts}); cost.people > 0 && d.budgets.charge(draft.By, only) == nil {
			// A new role of a member adds no user.
			cost, rule = only, chat.All(rule, func(_ chat.View, e *chat.Event) error {
				if priceOf(e).people > 0 {
					return refusal
				}
				return nil
			})
		} else {
			cost, rule = price{}, chat.All(rule, chat.Refuse(refusal))
		}
	}
	if !d.accepted.begin() {
		d.budgets.refund(draft.By, cost)
		return errStopping()
	}
	began := time.Now()
	err := d.store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		d.appended(cmp.Or(ev.Kind, draft.Kind), began, ev, again, err)
		d.budgets.refund(draft.By, cost.less(priceOfOutcome(&draft, &ev, again, err)))
		done(ev, again, err)
		d.accepted.end()
	})
	if err != nil {
		d.budgets.refund(draft.By, cost)
		d.accepted.end()
	}
	return err
}

// findAgain answers a post for which there is no budget: the retry of a known clientId
// costs nothing, any other post gets the refusal. It reads, so it leaves the caller's
// goroutine.
func (d *drafts) findAgain(ctx context.Context, draft chat.Event, refusal error, done Done) error {
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

// appendWait queues a draft and waits for its outcome, which is that of Done.
func (d *drafts) appendWait(ctx context.Context, draft chat.Event, rule chat.Rule) (ev chat.Event, again bool, err error) {
	return Wait(ctx, func(done Done) error { return d.append(ctx, draft, rule, done) })
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
