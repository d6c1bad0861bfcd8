package service

import (
	"context"

	"parley/chat"
	"parley/server/drafts"
	"parley/wire"
)

// messages are the operations on the messages of a chat.
type messages struct{ *core }

// Post checks and queues a new message. See Edit for done.
func (s messages) Post(ctx context.Context, user chat.UserID, c *wire.Command, done drafts.Done) error {
	draft, err := newDraft(chat.Posted, user, c)
	if err != nil {
		return err
	}
	if c.Text != "" || len(c.Files) == 0 {
		if err := chat.CheckText(c.Text, int(s.limits.Text)); err != nil {
			return err
		}
	}
	if draft.Files, err = chat.DraftFiles(c.Files, c.Alts); err != nil {
		return err
	}
	draft.Text, draft.Silent = c.Text, c.Silent
	if c.ReplyTo != 0 {
		draft.Reply = &chat.Quote{Seq: c.ReplyTo}
	}
	return s.drafts.Append(ctx, draft, chat.Post, done)
}

// Edit checks and queues a new text for a message. It returns once the draft is queued;
// done is then called once, off this goroutine, after the commit, and must not block.
// After an error done is not called.
func (s messages) Edit(ctx context.Context, user chat.UserID, c *wire.Command, done drafts.Done) error {
	draft, err := newDraft(chat.Edited, user, c)
	if err != nil {
		return err
	}
	if err := chat.CheckText(c.Text, int(s.limits.Text)); err != nil {
		return err
	}
	draft.Target, draft.Text = c.Target, c.Text
	return s.drafts.Append(ctx, draft, chat.Edit, done)
}

// Delete queues the deletion of a message. See Edit for done.
func (s messages) Delete(ctx context.Context, user chat.UserID, c *wire.Command, done drafts.Done) error {
	draft, err := newDraft(chat.Deleted, user, c)
	if err != nil {
		return err
	}
	draft.Target = c.Target
	return s.drafts.Append(ctx, draft, chat.Delete, func(ev chat.Event, again bool, err error) {
		if err == nil {
			s.files.Wake()
		}
		done(ev, again, err)
	})
}

// React queues a reaction, or its removal. See Edit for done.
func (s messages) React(ctx context.Context, user chat.UserID, c *wire.Command, done drafts.Done) error {
	draft, err := newDraft(chat.Reacted, user, c)
	if err != nil {
		return err
	}
	if err := checkOn(c); err != nil {
		return err
	}
	if draft.Emoji, err = chat.ParseEmoji(c.Emoji, *c.On); err != nil {
		return err
	}
	draft.Target, draft.On = c.Target, c.On
	return s.drafts.Append(ctx, draft, chat.React, done)
}

// Pin queues that a message is pinned, or unpinned. See Edit for done.
func (s messages) Pin(ctx context.Context, user chat.UserID, c *wire.Command, done drafts.Done) error {
	draft, err := newDraft(chat.Pinned, user, c)
	if err != nil {
		return err
	}
	draft.Target, draft.On = c.Target, c.On
	if err := checkOn(c); err != nil {
		return err
	}
	return s.drafts.Append(ctx, draft, chat.Pin, done)
}

func checkOn(c *wire.Command) error {
	if c.On == nil {
		return chat.FailField(chat.BadInput, "on", "on must be true or false")
	}
	return nil
}

// newDraft checks the fields that all drafts have. Only a post needs a clientId.
func newDraft(kind chat.Kind, user chat.UserID, c *wire.Command) (chat.Event, error) {
	err := chat.CheckID("chatId", c.ChatID)
	if err == nil && (c.ClientID != "" || kind.Is().Message) {
		err = chat.CheckClientID(c.ClientID)
	}
	return chat.Event{Kind: kind, ChatID: c.ChatID, By: user, ClientID: c.ClientID}, err
}
