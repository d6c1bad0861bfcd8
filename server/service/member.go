package service

import (
	"context"
	"sync/atomic"

	"parley/chat"
)

// PutMember makes a user a member, if they are not one, and sets their role, if one is
// named. It writes at most one event, so that one clientId identifies the whole command.
func (s *Service) PutMember(ctx context.Context, caller Caller, id chat.ChatID, user chat.UserID, role *chat.Role, clientID string) error {
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
	return s.revocations.revert(Revocation{User: user, Chat: id}, func() error {
		return s.appendWait(ctx, draft, chat.All(rule, chat.NotBlocked("userId"), chat.ChatLimit(s.limits.Chats, "userId")))
	})
}

// RemoveMember removes a user from a chat. If the rule allows it and the store then
// fails to save it, it takes effect here at once.
func (s *Service) RemoveMember(ctx context.Context, caller Caller, id chat.ChatID, user chat.UserID, clientID string) error {
	draft := chat.Event{Kind: chat.Left, ChatID: id, By: caller.User.ID, ClientID: clientID, Users: []chat.UserID{user}}
	var allowed atomic.Bool
	err := s.appendWait(ctx, draft, func(v chat.View, e *chat.Event) error {
		err := chat.Leave(v, e)
		allowed.Store(err == nil)
		return err
	})
	if !allowed.Load() {
		return err
	}
	return s.revocations.enforceIfUnsaved(err, Revocation{User: user, Chat: id}, unsaved{by: caller.User.ID,
		save: func(ctx context.Context) error { return s.appendWait(ctx, draft, chat.Leave) }})
}

// MarkRead moves a read pointer forward and signals it to the user's own devices and, in a
// small chat, to the sessions that show it, unless the user has no budget left for that.
// The pointer is stored; the signal may be lost.
func (s *Service) MarkRead(ctx context.Context, user chat.UserID, id chat.ChatID, seq chat.Seq) error {
	at, moved, err := s.Store.MarkRead(ctx, id, user, seq)
	if err != nil || !moved {
		return err
	}
	c, err := s.Chat(ctx, user, id)
	if err != nil {
		return err
	}
	others := c.MemberCount <= chat.SmallChat && s.charge(user, price{posts: signalCost}) == nil
	_ = s.Tell(ctx, chat.Signal{Kind: chat.SignalRead, ChatID: id, By: user, Seq: at, Small: others})
	return nil
}

// Typing signals to the sessions that show a chat that the user types, unless the chat is
// too large.
func (s *Service) Typing(ctx context.Context, user chat.UserID, id chat.ChatID) error {
	cost := price{posts: signalCost}
	if err := s.charge(user, cost); err != nil {
		return err
	}
	c, err := s.MemberChat(ctx, user, id)
	if err != nil || c.MemberCount > chat.TypingChat {
		s.refund(user, cost)
		return err
	}
	return s.Tell(ctx, chat.Signal{Kind: chat.SignalTyping, ChatID: id, By: user})
}

// MemberChat returns a chat of which the user is a member, else not_found: others may see
// an open chat, but cannot follow it.
func (s *Service) MemberChat(ctx context.Context, user chat.UserID, id chat.ChatID) (chat.Chat, error) {
	c, err := s.Chat(ctx, user, id)
	if err == nil && c.Role == "" {
		err = chat.NoChat()
	}
	return c, err
}
