package service

import (
	"context"
	"math"
	"sync/atomic"

	"parley/chat"
	"parley/server/audit"
	"parley/server/budget"
)

// members are the operations on the members of a chat.
type members struct{ *core }

// PutMember makes a user a member, if they are not one, and sets their role, if one is
// named. It writes at most one event, so that one clientId identifies the whole command.
func (s members) PutMember(ctx context.Context, caller Caller, id chat.ChatID, user chat.UserID, role *chat.Role, clientID string) error {
	if err := OptionalClientID(clientID); err != nil {
		return err
	}
	draft, rule := chat.Event{Kind: chat.Joined, ChatID: id, By: caller.User.ID, ClientID: clientID, Users: []chat.UserID{user}}, chat.Join
	if role != nil {
		if err := chat.CheckRole(*role); err != nil {
			return err
		}
		draft.Role, rule = *role, chat.PutMember
	}
	return s.RevertRemoval(user, id, func() error {
		ev, again, err := s.drafts.AppendWait(ctx, draft, chat.All(rule, chat.NotBlocked("userId"), chat.ChatLimit(s.limits.Chats, "userId")))
		takes := user == caller.User.ID && draft.Role == chat.RoleAdmin && caller.User.Role == chat.RoleAdmin
		if takes && !again && (ev.Seq > 0 || err != nil) {
			s.audit.Write(ctx, audit.Event{Kind: audit.ChatTaken, Actor: string(user), Target: string(id), Err: err})
		}
		return err
	})
}

// RemoveMember removes a user from a chat. If the rule allows it and the store then
// fails to save it, it takes effect here at once.
func (s members) RemoveMember(ctx context.Context, caller Caller, id chat.ChatID, user chat.UserID, clientID string) error {
	draft := chat.Event{Kind: chat.Left, ChatID: id, By: caller.User.ID, ClientID: clientID, Users: []chat.UserID{user}}
	var allowed atomic.Bool
	_, _, err := s.drafts.AppendWait(ctx, draft, func(v chat.View, e *chat.Event) error {
		err := chat.Leave(v, e)
		allowed.Store(err == nil)
		return err
	})
	if !allowed.Load() {
		return err
	}
	return s.EnforceRemoval(err, caller.User.ID, user, id,
		func(ctx context.Context) error {
			_, _, err := s.drafts.AppendWait(ctx, draft, chat.Leave)
			return err
		})
}

// ListMembers returns a page of the members. Others' read pointers are told as MarkRead
// signals them: in a chat with more than SmallChat members they are 0.
func (s members) ListMembers(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) ([]chat.Member, error) {
	list, err := s.Members(ctx, viewer, id, after, limit)
	if err != nil {
		return nil, err
	}
	c, err := s.Chat(ctx, viewer, id)
	if err != nil || c.MemberCount <= chat.SmallChat {
		return list, err
	}
	for i := range list {
		if list[i].UserID != viewer {
			list[i].ReadUpTo = 0
		}
	}
	return list, nil
}

// MarkRead moves a read pointer forward, or ends that messages are unread again. It signals
// that to the user's own devices and, in a small chat, to the sessions that show it, unless
// the user has no budget left for that. The pointer is stored; the signal may be lost.
func (s members) MarkRead(ctx context.Context, user chat.UserID, id chat.ChatID, seq chat.Seq) error {
	if seq == 0 || seq > math.MaxInt64 {
		return chat.FailField(chat.BadInput, "seq", "seq must be a number in the chat")
	}
	at, moved, err := s.Store.MarkRead(ctx, id, user, seq)
	if err != nil || !moved {
		return err
	}
	c, err := s.Chat(ctx, user, id)
	if err != nil {
		return err
	}
	others := c.MemberCount <= chat.SmallChat && s.Charge(user, budget.Price{Posts: budget.SignalCost}) == nil
	_ = s.Tell(ctx, chat.Signal{Kind: chat.SignalRead, ChatID: id, By: user, Seq: at, Small: others})
	return nil
}

// Typing signals to the sessions that show a chat that the user types, unless the chat is
// too large, or a direct one in which one user blocked the other.
func (s members) Typing(ctx context.Context, user chat.UserID, id chat.ChatID) error {
	cost := budget.Price{Posts: budget.SignalCost}
	if err := s.Charge(user, cost); err != nil {
		return err
	}
	c, err := s.MemberChat(ctx, user, id)
	silent := c.MemberCount > chat.TypingChat
	if err == nil && c.Kind == chat.Direct {
		silent, err = s.eitherBlocked(ctx, user, c.With)
	}
	if err != nil || silent {
		s.Refund(user, cost)
		return err
	}
	return s.Tell(ctx, chat.Signal{Kind: chat.SignalTyping, ChatID: id, By: user})
}

// MemberChat returns a chat of which the user is a member, else not_found: others may see
// an open chat, but cannot follow it.
func (s *core) MemberChat(ctx context.Context, user chat.UserID, id chat.ChatID) (chat.Chat, error) {
	c, err := s.Chat(ctx, user, id)
	if err == nil && c.Role == "" {
		err = chat.NoChat()
	}
	return c, err
}
