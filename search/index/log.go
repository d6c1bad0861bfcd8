package index

import (
	"context"

	"parley/chat"
)

// messageOf returns the message that a posted event makes, as far as it is indexed.
func messageOf(e *chat.Event) chat.Message {
	return chat.Message{ChatID: e.ChatID, Seq: e.Seq, At: e.At, By: e.By, Text: e.Text, Mentions: e.Mentions, Files: e.Files, DeletedAt: e.DeletedAt}
}

// message reads a message as the store has it now. One that is not there counts as deleted.
func message(ctx context.Context, store chat.Store, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	events, _, err := store.After(ctx, "", id, seq-1, 1, 1)
	if err != nil && !chat.Is(err, chat.NotFound) {
		return chat.Message{}, err
	}
	if err == nil && len(events) > 0 && events[0].Seq == seq && events[0].Kind.Is().Message {
		return messageOf(&events[0]), nil
	}
	return chat.Message{ChatID: id, Seq: seq, DeletedAt: 1}, nil
}

// events calls f with the events of a chat after seen up to last, until it returns false.
func events(ctx context.Context, store chat.Store, id chat.ChatID, seen, last chat.Seq, f func(*chat.Event) bool) error {
	for seen < last {
		events, _, err := store.After(ctx, "", id, seen, int(min(last-seen, pageEvents)), pageBytes)
		if chat.Is(err, chat.NotFound) || err == nil && len(events) == 0 {
			return nil
		}
		if err != nil {
			return err
		}
		for i := range events {
			if events[i].Seq > last || !f(&events[i]) {
				return nil
			}
		}
		seen = events[len(events)-1].Seq
	}
	return nil
}

const (
	pageEvents = 500
	pageBytes  = 1 << 20
)
