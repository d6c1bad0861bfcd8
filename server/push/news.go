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

// recipient is the recipient of a push, read when the push is prepared.
type recipient struct {
	id       chat.UserID
	settings chat.Settings
	blocked  []chat.UserID
	chats    []chat.Chat // with the newest activity
}

// recipient reads a recipient.
func (s *sender) recipient(ctx context.Context, id chat.UserID) (to *recipient, err error) {
	to = &recipient{id: id}
	if to.settings, err = s.Service.Settings(ctx, id); err != nil && !chat.Is(err, chat.NotFound) {
		return nil, err
	}
	if to.blocked, err = s.Service.Blocks(ctx, id); err != nil {
		return nil, err
	}
	to.chats, err = s.Service.ChatsOf(ctx, id, chat.ChatList{Limit: badgeChats})
	return to, err
}

// chatOf returns a chat as the recipient sees it.
func (s *sender) chatOf(ctx context.Context, to *recipient, id chat.ChatID) (chat.Chat, error) {
	for i := range to.chats {
		if to.chats[i].ID == id {
			return to.chats[i], nil
		}
	}
	return s.Service.Chat(ctx, to.id, id)
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

// judge finds the newest message that the push is to tell of.
func (s *sender) judge(ctx context.Context, to *recipient, n *news) (ok bool, err error) {
	q, user := &n.queued, to.id
	if n.chat, err = s.chatOf(ctx, to, q.ChatID); err != nil {
		return false, err
	}
	if n.chat.Role == "" || n.chat.Mine == nil {
		return false, nil // an open chat that the person has left
	}
	seen := q.Seq - 1
	if q.Count > 1 {
		seen = max(n.chat.ReadUpTo, q.Seq-min(q.Seq, lookBack))
	}
	if q.Seq <= n.chat.ReadUpTo {
		return false, nil
	}
	events, _, err := s.Service.After(ctx, user, q.ChatID, seen, int(q.Seq-seen), pageBytes)
	if err != nil {
		return false, err
	}
	_, attended := s.Presence.State(user)
	for _, ev := range slices.Backward(events) {
		if !ev.Kind.Is().Message || slices.Contains(to.blocked, ev.By) {
			continue
		}
		// Who was online when the message was posted is online here: @here was judged then.
		ok, reason := chat.PushCase{Kind: n.chat.Kind, By: ev.By, Seq: ev.Seq, Deleted: ev.DeletedAt != 0, Silent: ev.Silent, All: ev.MentionsAll,
			Concerned: slices.Contains(concernedBy(ev.By, ev.Mentions, ev.Reply), user), Online: true, ActiveAt: attended, Now: time.Now().UnixMilli(),
			Target: chat.PushTarget{User: user, Mine: *n.chat.Mine, Settings: to.settings, ReadUpTo: n.chat.ReadUpTo}}.Decide()
		if ok {
			n.event, n.reason = ev, reason
			return true, nil
		}
	}
	return false, nil
}
