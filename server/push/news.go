package push

import (
	"context"
	"slices"
	"time"

	"parley/chat"
)

// lookBack is how many events before the newest are looked at if that was deleted.
const lookBack = 50

// news is a message that a person is told of.
type news struct {
	queued chat.QueuedPush
	chat   chat.Chat
	event  chat.Event
	reason chat.PushReason
}

// isUrgent reports whether a direct message or a mention is among what is told.
func (n *news) isUrgent() bool { return n.queued.Urgent || n.reason.IsUrgent() }

// recipient is the recipient of a push, read when the push is prepared.
type recipient struct {
	id       chat.UserID
	settings chat.Settings
	blocked  []chat.UserID
	chats    []chat.Chat // those of the queued pushes that they are still in
}

// recipient reads a recipient of queued pushes.
func (s *sender) recipient(ctx context.Context, id chat.UserID, queued []chat.QueuedPush) (to *recipient, err error) {
	to = &recipient{id: id}
	if to.settings, err = s.Service.Settings(ctx, id); err != nil && !chat.Is(err, chat.NotFound) {
		return nil, err
	}
	if to.blocked, err = s.Service.Blocks(ctx, id); err != nil {
		return nil, err
	}
	ids := make([]chat.ChatID, len(queued))
	for i := range queued {
		ids[i] = queued[i].ChatID
	}
	to.chats, err = s.Service.ChatsOf(ctx, id, chat.ChatList{Only: ids})
	return to, err
}

// news returns what of the queued pushes is still to be told, and those of which nothing is.
func (s *sender) news(ctx context.Context, to *recipient, queued []chat.QueuedPush) (told []news, ended []chat.QueuedPush, err error) {
	for _, q := range queued {
		n := news{queued: q}
		ok, err := s.judge(ctx, to, &n)
		switch {
		case chat.Is(err, chat.NotFound): // no member any more, or no chat
			ended = append(ended, q)
		case err != nil:
			return nil, nil, err
		case ok:
			told = append(told, n)
		default:
			ended = append(ended, q)
		}
	}
	return told, ended, nil
}

// judge finds the newest message that the push is to tell of: nearly always its last one.
func (s *sender) judge(ctx context.Context, to *recipient, n *news) (ok bool, err error) {
	q := &n.queued
	at := slices.IndexFunc(to.chats, func(c chat.Chat) bool { return c.ID == q.ChatID })
	if at < 0 {
		return false, nil
	}
	n.chat = to.chats[at]
	if q.Seq <= n.chat.ReadUpTo {
		return false, nil
	}
	ok, err = s.newest(ctx, to, n, q.Seq-1, q.Seq)
	if first := max(n.chat.ReadUpTo, q.Seq-min(q.Seq, lookBack)); !ok && err == nil && q.Count > 1 && first < q.Seq-1 {
		ok, err = s.newest(ctx, to, n, first, q.Seq-1)
	}
	return ok, err
}

// newest finds the newest message after one and up to another that the recipient is to be told of.
func (s *sender) newest(ctx context.Context, to *recipient, n *news, after, last chat.Seq) (ok bool, err error) {
	events, _, err := s.Service.After(ctx, to.id, n.chat.ID, after, int(last-after), pageBytes)
	if err != nil {
		return false, err
	}
	_, attended := s.Presence.State(to.id)
	for _, ev := range slices.Backward(events) {
		if !ev.Kind.Is().Message || slices.Contains(to.blocked, ev.By) {
			continue
		}
		// Who was online when the message was posted is online here: @here was judged then.
		ok, reason := chat.PushCase{Kind: n.chat.Kind, By: ev.By, Seq: ev.Seq, Deleted: ev.DeletedAt != 0, Silent: ev.Silent, All: ev.MentionsAll,
			Concerned: slices.Contains(concernedBy(ev.By, ev.Mentions, ev.Reply), to.id), Online: true, ActiveAt: attended, Now: time.Now().UnixMilli(),
			Target: chat.PushTarget{User: to.id, Mine: *n.chat.Mine, Settings: to.settings, ReadUpTo: n.chat.ReadUpTo}}.Decide()
		if ok {
			n.event, n.reason = ev, reason
			return true, nil
		}
	}
	return false, nil
}
