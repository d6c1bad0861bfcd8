package service

import (
	"cmp"
	"context"

	"parley/chat"
	"parley/internal/keyed"
	"parley/server/audit"
	"parley/server/auth"
)

// maxInvites bounds the invites of one user, expired and used ones included: they are
// listed without pages, to an admin those of all users.
const maxInvites = 500

// invites are the operations on invites.
type invites struct {
	*core
	creating keyed.Mutex // held while an invite is created, by user
}

// NewInvite is the input of CreateInvite; nil means the default.
type NewInvite struct {
	ChatID    *chat.ChatID
	Uses      *int64
	ExpiresAt *int64 // ms
}

// CreateInvite creates an invite and returns it with its code. Any user may create one,
// since members of a chat may add others. An invite without a chat needs registration.
func (s *invites) CreateInvite(ctx context.Context, caller Caller, n NewInvite) (invite chat.Invite, code string, err error) {
	defer func() {
		s.audit.Write(ctx, audit.Event{Kind: audit.InviteCreated, Actor: string(caller.User.ID), Target: string(invite.ID), Err: err})
	}()
	now := chat.Now()
	invite = chat.Invite{By: caller.User.ID, Uses: chat.DefaultInviteUses, ExpiresAt: now + chat.DefaultInviteLife}
	switch {
	case n.ChatID != nil:
		if err := chat.CheckID("chatId", *n.ChatID); err != nil {
			return invite, "", err
		}
		invite.ChatID = *n.ChatID
	case s.registration == Closed:
		return invite, "", chat.FailField(chat.RegistrationClosed, "chatId", "this server isn't accepting new accounts, so an invite must name a chat")
	}
	if n.Uses != nil {
		if *n.Uses < 1 || *n.Uses > chat.MaxInviteUses {
			return invite, "", chat.FailField(chat.BadInput, "uses", "uses must be 1 to %d", chat.MaxInviteUses)
		}
		invite.Uses = int(*n.Uses)
	}
	if n.ExpiresAt != nil {
		if *n.ExpiresAt <= now || *n.ExpiresAt > now+chat.MaxInviteLife {
			return invite, "", chat.FailField(chat.BadInput, "expiresAt", "expiresAt must be a time within the next 365 days, in milliseconds")
		}
		invite.ExpiresAt = *n.ExpiresAt
	}
	unlock, err := s.creating.Lock(ctx, string(invite.By)) // so that concurrent calls cannot exceed maxInvites
	if err != nil {
		return invite, "", err
	}
	defer unlock()
	own, err := s.Store.Invites(ctx, invite.By)
	if err != nil {
		return invite, "", err
	}
	if len(own) >= maxInvites {
		return invite, "", chat.Fail(chat.Conflict, "you have %d active invites: revoke some first", len(own))
	}
	code = chat.NewSecret()
	invite, err = s.Store.CreateInvite(ctx, invite, chat.SecretHash(code))
	return invite, code, err
}

// Invites returns the caller's invites, to an admin those of all users.
func (s *invites) Invites(ctx context.Context, caller Caller) ([]chat.Invite, error) {
	return s.Store.Invites(ctx, caller.ownOrAll())
}

// EndInvite ends an invite of the caller; an admin may end every invite.
func (s *invites) EndInvite(ctx context.Context, caller Caller, id chat.InviteID) error {
	if err := chat.CheckID("inviteId", id); err != nil {
		return err
	}
	err := s.Store.EndInvite(ctx, caller.ownOrAll(), id)
	s.audit.Write(ctx, audit.Event{Kind: audit.InviteEnded, Actor: string(caller.User.ID), Target: string(id), Err: err})
	return err
}

// ownOrAll returns the user whose invites the caller may see and end: "" (all users) for an
// admin.
func (c Caller) ownOrAll() chat.UserID {
	if c.User.Role == chat.RoleAdmin {
		return ""
	}
	return c.User.ID
}

// PeekInvite returns the invite of a code and spends nothing. A code that is not valid
// counts against the caller's address.
func (s *invites) PeekInvite(ctx context.Context, caller Caller, code string) (chat.Invite, error) {
	hash := chat.SecretHash(code)
	invite, err := s.Store.PeekInvite(ctx, hash)
	if chat.Is(err, chat.NotFound) {
		return invite, cmp.Or(s.auth.CountFailure(caller.Address, auth.ByCode), err)
	}
	if err == nil {
		err = s.auth.CountPeek(hash)
	}
	return invite, err
}

// AcceptInvite joins the caller to the invite's chat.
func (s *invites) AcceptInvite(ctx context.Context, caller Caller, code string) (chat.ChatID, error) {
	hash := chat.SecretHash(code)
	invite, _ := s.Store.PeekInvite(ctx, hash) // for the log alone
	id, err := s.Store.AcceptInvite(ctx, hash, caller.User.ID, chat.ChatLimit(s.limits.Chats, "code"))
	s.audit.Write(ctx, audit.Event{Kind: audit.InviteUsed, Actor: string(caller.User.ID), Target: string(invite.ID), Err: err})
	if chat.Is(err, chat.InviteSpent) {
		return id, cmp.Or(s.auth.CountFailure(caller.Address, auth.ByCode), err)
	}
	return id, err
}
