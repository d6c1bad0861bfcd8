package server

import (
	"cmp"
	"context"
	"time"

	"parley/chat"
	"parley/wire"
)

// outcome is what an action on a log came to: the event, whether the clientId
// was known, or why there is none. ev.Seq 0 with no error: nothing changed.
type outcome func(ev chat.Event, again bool, err error)

// act checks a post, edit, delete or react for what needs no look at the log,
// and hands it to the store with its rule. It returns once the draft is queued;
// then done is called once, off this goroutine, and must not block. An error
// returned means that done is not called.
func (s *Server) act(ctx context.Context, user chat.UserID, c *wire.Command, done outcome) error {
	if err := chat.CheckID("chatId", c.ChatID); err != nil {
		return err
	}
	if c.ClientID != "" || c.Do == "post" {
		if err := chat.CheckClientID(c.ClientID); err != nil {
			return err
		}
	}
	draft := chat.Event{ChatID: c.ChatID, By: user, ClientID: c.ClientID}
	switch c.Do {
	case "post":
		return s.post(ctx, draft, c, done)
	case "edit":
		if err := chat.CheckText(c.Text, int(s.Limits.Text)); err != nil {
			return err
		}
		draft.Kind, draft.Target, draft.Text = chat.Edited, c.Target, c.Text
		return s.append(ctx, draft, chat.Edit, done)
	case "delete":
		draft.Kind, draft.Target = chat.Deleted, c.Target
		return s.append(ctx, draft, chat.Delete, done)
	case "react":
		if err := chat.CheckEmoji(c.Emoji); err != nil {
			return err
		}
		if c.On == nil {
			return chat.FailField(chat.BadInput, "on", "on must be true or false")
		}
		draft.Kind, draft.Target, draft.Emoji, draft.On = chat.Reacted, c.Target, c.Emoji, c.On
		return s.append(ctx, draft, chat.React, done)
	}
	return chat.FailField(chat.BadInput, "do", "there is no such command")
}

// post completes the draft of a message.
func (s *Server) post(ctx context.Context, draft chat.Event, c *wire.Command, done outcome) error {
	if err := chat.CheckText(c.Text, int(s.Limits.Text)); err != nil {
		return err
	}
	draft.Kind, draft.Text = chat.Posted, c.Text
	if c.ReplyTo != 0 {
		draft.Reply = &chat.Quote{Seq: c.ReplyTo}
	}
	return s.append(ctx, draft, chat.Post, done)
}

// append takes what the draft costs first, and gives it back if the draft came
// to nothing new. It counts the draft as accepted until its outcome is known, so
// that an orderly stop can wait for it.
func (s *Server) append(ctx context.Context, draft chat.Event, rule chat.Rule, done outcome) error {
	cost := priceOf(&draft)
	if refused := s.charge(draft.By, cost); refused != nil {
		switch {
		case draft.Kind == chat.Posted:
			return s.appendedBefore(ctx, draft, refused, done)
		case draft.ClientID == "" && draft.Kind != chat.Joined:
			return refused
		}
		// The retry of a known clientId costs nothing, nor does adding who is in
		// already: the store finds out before it comes to the refusal.
		if only := (price{posts: cost.posts}); cost.people > 0 && s.charge(draft.By, only) == nil {
			// A member's new role adds nobody.
			cost, rule = only, chat.All(rule, func(_ chat.View, e *chat.Event) error {
				if priceOf(e).people > 0 {
					return refused
				}
				return nil
			})
		} else {
			cost, rule = noPrice, chat.All(rule, chat.Refuse(refused))
		}
	}
	if !s.working.begin() {
		s.refund(draft.By, cost)
		return s.ready()
	}
	began := time.Now()
	err := s.Store.Append(ctx, draft, rule, func(ev chat.Event, again bool, err error) {
		s.metrics.outcome(cmp.Or(ev.Kind, draft.Kind), began, ev, again, err)
		s.refund(draft.By, cost.less(priceOfOutcome(&draft, &ev, again, err)))
		done(ev, again, err)
		s.working.end()
	})
	if err != nil {
		s.refund(draft.By, cost)
		s.working.end()
	}
	return err
}

// appendedBefore answers a post for which there is no token: the retry of a
// known clientId costs nothing.
func (s *Server) appendedBefore(ctx context.Context, draft chat.Event, refused error, done outcome) error {
	if !s.working.begin() {
		return s.ready()
	}
	// A read, and so not for the caller's goroutine.
	go func() {
		defer s.working.end()
		first, known, err := s.Store.Find(ctx, draft.ChatID, draft.By, draft.ClientID)
		if err == nil && !known {
			err = refused
		}
		done(first, known, err)
	}()
	return nil
}

// appended is append for a caller that waits for the outcome.
func (s *Server) appended(ctx context.Context, draft chat.Event, rule chat.Rule) (chat.Event, bool, error) {
	return wait(ctx, func(done outcome) error { return s.append(ctx, draft, rule, done) })
}

// acted is act for a caller that waits for the outcome.
func (s *Server) acted(ctx context.Context, user chat.UserID, c *wire.Command) (chat.Event, bool, error) {
	return wait(ctx, func(done outcome) error { return s.act(ctx, user, c, done) })
}

func wait(ctx context.Context, begin func(outcome) error) (chat.Event, bool, error) {
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
