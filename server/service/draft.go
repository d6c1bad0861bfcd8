package service

import (
	"cmp"
	"context"
	"time"

	"parley/chat"
	"parley/wire"
)

// Done receives the outcome of a draft: the event; whether the clientId was known
// (again), ev then being the first event; or why there is none. An event without a
// number and without an error: nothing changed.
type Done = func(ev chat.Event, again bool, err error)

// Post checks and queues a new message. See Edit for done.
func (s *Service) Post(ctx context.Context, user chat.UserID, c *wire.Command, done Done) error {
	draft, err := newDraft(chat.Posted, user, c)
	if err != nil {
		return err
	}
	if err := chat.CheckText(c.Text, int(s.limits.Text)); err != nil {
		return err
	}
	draft.Text = c.Text
	if c.ReplyTo != 0 {
		draft.Reply = &chat.Quote{Seq: c.ReplyTo}
	}
	return s.Append(ctx, draft, chat.Post, done)
}

// Edit checks and queues a new text for a message. It returns once the draft is queued;
// done is then called once, off this goroutine, after the commit, and must not block.
// After an error done is not called.
func (s *Service) Edit(ctx context.Context, user chat.UserID, c *wire.Command, done Done) error {
	draft, err := newDraft(chat.Edited, user, c)
	if err != nil {
		return err
	}
	if err := chat.CheckText(c.Text, int(s.limits.Text)); err != nil {
		return err
	}
	draft.Target, draft.Text = c.Target, c.Text
	return s.Append(ctx, draft, chat.Edit, done)
}

// Delete queues the deletion of a message. See Edit for done.
func (s *Service) Delete(ctx context.Context, user chat.UserID, c *wire.Command, done Done) error {
	draft, err := newDraft(chat.Deleted, user, c)
	if err != nil {
		return err
	}
	draft.Target = c.Target
	return s.Append(ctx, draft, chat.Delete, done)
}

// React queues a reaction, or its removal. See Edit for done.
func (s *Service) React(ctx context.Context, user chat.UserID, c *wire.Command, done Done) error {
	draft, err := newDraft(chat.Reacted, user, c)
	if err != nil {
		return err
	}
	if c.On == nil {
		return chat.FailField(chat.BadInput, "on", "on must be true or false")
	}
	if draft.Emoji, err = chat.ParseEmoji(c.Emoji, *c.On); err != nil {
		return err
	}
	draft.Target, draft.On = c.Target, c.On
	return s.Append(ctx, draft, chat.React, done)
}

// newDraft checks the fields that all drafts have. Only a post needs a clientId.
func newDraft(kind chat.Kind, user chat.UserID, c *wire.Command) (chat.Event, error) {
	err := chat.CheckID("chatId", c.ChatID)
	if err == nil && (c.ClientID != "" || kind.Is().Message) {
		err = chat.CheckClientID(c.ClientID)
	}
	return chat.Event{Kind: kind, ChatID: c.ChatID, By: user, ClientID: c.ClientID}, err
}

// Append queues a draft with its rule. It takes what the draft costs first, and refunds
// it if nothing was written. It counts the draft as accepted until its outcome is known,
// so that an orderly stop can wait for it. See Edit for done.
func (s *Service) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done Done) error {
	cost := priceOf(&draft)
	if refusal := s.charge(draft.By, cost); refusal != nil {
		switch {
		case draft.Kind.Is().Message:
			return s.findAgain(ctx, draft, refusal, done)
		case draft.ClientID == "" && !draft.Kind.Is().Adds:
			return refusal
		}
		// The retry of a known clientId costs nothing, nor does adding a member: the store
		// finds these out before it comes to the refusal.
		if only := (price{posts: cost.posts}); cost.people > 0 && s.charge(draft.By, only) == nil {
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
	if !s.drafts.begin() {
		s.refund(draft.By, cost)
		return errStopping()
	}
	began := time.Now()
	err := s.Store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		s.appended(cmp.Or(ev.Kind, draft.Kind), began, ev, again, err)
		s.refund(draft.By, cost.less(priceOfOutcome(&draft, &ev, again, err)))
		done(ev, again, err)
		s.drafts.end()
	})
	if err != nil {
		s.refund(draft.By, cost)
		s.drafts.end()
	}
	return err
}

// findAgain answers a post for which there is no budget: the retry of a known clientId
// costs nothing, any other post gets the refusal. It reads, so it leaves the caller's
// goroutine.
func (s *Service) findAgain(ctx context.Context, draft chat.Event, refusal error, done Done) error {
	if !s.drafts.begin() {
		return errStopping()
	}
	go func() {
		defer s.drafts.end()
		first, known, err := s.Find(ctx, draft.ChatID, draft.By, draft.ClientID)
		if err == nil && !known {
			err = refusal
		}
		done(first, known, err)
	}()
	return nil
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
