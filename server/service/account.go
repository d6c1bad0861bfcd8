package service

import (
	"cmp"
	"context"

	"parley/chat"
	"parley/server/audit"
	"parley/server/auth"
)

// NewAccount is the input of CreateAccount. It has one of Setup and Invite, or
// neither where registration is open.
type NewAccount struct {
	Handle, Name, Password string
	Setup, Invite          string
	ServerName             string
	Session                chat.NewSession
}

// accounts are the operations that create accounts.
type accounts struct{ *core }

// CreateAccount creates an account and signs it in. Passwords are hashed here.
func (s accounts) CreateAccount(ctx context.Context, caller Caller, in NewAccount) (u chat.User, created chat.Session, err error) {
	var invite chat.Invite
	defer func() {
		s.audit.Write(ctx, audit.Event{Kind: audit.AccountCreated, Actor: string(u.ID), Target: string(u.ID), Err: err})
		if err == nil && invite.ID != "" {
			s.audit.Write(ctx, audit.Event{Kind: audit.InviteUsed, Actor: string(u.ID), Target: string(invite.ID)})
		}
	}()
	n := chat.NewAccount{Handle: in.Handle, Name: in.Name, ServerName: in.ServerName, Session: in.Session}
	if invite, err = s.authorizeSignUp(ctx, caller, &in, &n); err != nil {
		return u, created, err
	}
	if n.Handle, err = chat.NewHandle(n.Handle); err != nil {
		return u, created, err
	}
	if err := chat.UserName.CleanIn(&n.Name); err != nil {
		return u, created, err
	}
	password, err := chat.NewPassword(in.Password)
	if err != nil {
		return u, created, err
	}
	if err := s.checkWeakPassword(ctx, password, n.Handle, n.Name, n.ServerName); err != nil {
		return u, created, err
	}
	if err := chat.FirstServerName.CleanIn(&n.ServerName); err != nil {
		return u, created, err
	}
	if err := chat.SessionLabel.CleanIn(&n.Session.Label); err != nil {
		return u, created, err
	}
	if err := s.countSignUp(caller, &n, invite); err != nil {
		return u, created, err
	}
	if n.PasswordHash, err = s.auth.Hash(ctx, caller.hashQueues(), password); err != nil {
		return u, created, err
	}
	n.Session.Life = s.lifetimes.Session.Milliseconds()
	return s.Store.CreateAccount(ctx, n)
}

// checkWeakPassword judges a new password of the user with these names.
func (s *core) checkWeakPassword(ctx context.Context, password string, names ...string) error {
	server, err := s.Server(ctx)
	if err != nil {
		return err
	}
	return chat.CheckWeakPassword(password, append(names, server.Name)...)
}

// authorizeSignUp finds what allows the call to create an account: the setup code, an invite, or
// open registration. The store checks the same again in its transaction. A code that is
// not valid counts against the caller's address.
func (s accounts) authorizeSignUp(ctx context.Context, caller Caller, in *NewAccount, n *chat.NewAccount) (invite chat.Invite, err error) {
	if in.Setup != "" || in.Invite != "" {
		server, err := s.Server(ctx)
		if err != nil {
			return invite, err
		}
		code := cmp.Or(in.Setup, in.Invite)
		if server.IsSetup(code) {
			n.Setup = code
			return invite, nil
		}
	}
	switch {
	case in.Setup != "":
		err = chat.WrongSetup()
	case s.registration == Closed:
		return invite, chat.Fail(chat.RegistrationClosed, "this server isn't accepting new accounts")
	case in.Invite == "" && s.registration == ByInvite:
		return invite, chat.FailField(chat.RegistrationClosed, "invite", "you need an invite to create an account")
	case in.Invite == "":
		return invite, nil
	default:
		n.Invite, n.HasInvite = chat.SecretHash(in.Invite), true
		invite, err = s.Store.PeekInvite(ctx, n.Invite)
		if err == nil && invite.Open(chat.Now()) {
			return invite, nil
		}
		if err != nil && !chat.Is(err, chat.NotFound) {
			return invite, err
		}
		err = chat.FailField(chat.InviteSpent, "invite", "this invite was used up, revoked, or has expired")
	}
	return invite, cmp.Or(s.auth.CountFailure(caller.Address, auth.ByCode), err)
}

// countSignUp takes the sign-up from the budgets of its invite and of the invite's
// creator, or else from that of the caller's address: many people behind one address may
// join by an invite.
func (s accounts) countSignUp(caller Caller, n *chat.NewAccount, invite chat.Invite) error {
	switch {
	case n.Setup != "":
		return nil // the code works once
	case n.HasInvite:
		return s.auth.CountSignUp(n.Invite, invite.By)
	}
	return s.auth.CountFailure(caller.Address, auth.BySignUp)
}
