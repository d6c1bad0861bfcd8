package service

import (
	"cmp"
	"context"

	"parley/chat"
	"parley/server/audit"
	"parley/server/auth"
)

// recoveries are the operations on the codes with which users set a new password.
type recoveries struct{ *core }

// CreateRecovery creates a code with which a user sets a new password; admins only. It
// returns the code and when it expires.
func (s recoveries) CreateRecovery(ctx context.Context, caller Caller, user chat.UserID) (code string, expiresAt int64, err error) {
	if err := caller.CheckAdmin(); err != nil {
		return "", 0, err
	}
	code, expiresAt, err = s.create(ctx, caller.User.ID, user)
	s.audit.Write(ctx, audit.Event{Kind: audit.RecoveryCreated, Actor: string(caller.User.ID), Target: string(user), Err: err})
	return code, expiresAt, err
}

// NewRecovery is CreateRecovery for the administrator of the machine.
func (s recoveries) NewRecovery(ctx context.Context, user chat.UserID) (code string, expiresAt int64, err error) {
	code, expiresAt, err = s.create(ctx, "", user)
	s.audit.Write(ctx, audit.Event{Kind: audit.RecoveryCreated, Actor: audit.Operator, Target: string(user), Err: err})
	return code, expiresAt, err
}

func (s recoveries) create(ctx context.Context, by, user chat.UserID) (code string, expiresAt int64, err error) {
	code, expiresAt = chat.NewSecret(), chat.Now()+cmp.Or(s.lifetimes.Recovery.Milliseconds(), chat.RecoveryLife)
	return code, expiresAt, s.Store.CreateRecovery(ctx, chat.Recovery{User: user, By: by, ExpiresAt: expiresAt}, chat.SecretHash(code))
}

// UseRecovery sets a new password, ends the user's sessions and creates one.
func (s recoveries) UseRecovery(ctx context.Context, caller Caller, code, password string, n chat.NewSession) (u chat.User, created chat.Session, err error) {
	var whose chat.UserID
	defer func() {
		s.audit.Write(ctx, audit.Event{Kind: audit.RecoveryUsed, Actor: string(u.ID), Target: string(whose), Err: err})
	}()
	if code == "" {
		return u, created, chat.FailField(chat.BadInput, "code", "code must not be empty")
	}
	if password, err = chat.NewPassword(password); err != nil {
		return u, created, err
	}
	if err := chat.SessionLabel.CleanIn(&n.Label); err != nil {
		return u, created, err
	}
	codeHash := chat.SecretHash(code)
	whose, err = s.PeekRecovery(ctx, codeHash) // an unknown code costs no hash
	if chat.Is(err, chat.InviteSpent) {
		err = cmp.Or(s.auth.CountFailure(caller.Address, auth.ByCode), err)
	}
	if err != nil {
		return u, created, err
	}
	users, err := s.Users(ctx, []chat.UserID{whose})
	if err != nil {
		return u, created, err
	}
	if len(users) > 0 { // users are never deleted
		if err := s.checkWeakPassword(ctx, password, users[0].Handle, users[0].Name); err != nil {
			return u, created, err
		}
	}
	if err := s.auth.CountRecovery(whose); err != nil {
		return u, created, err
	}
	hash, err := s.auth.Hash(ctx, caller.hashQueues(), password)
	if err != nil {
		return u, created, err
	}
	n.Life = s.lifetimes.Session.Milliseconds()
	return s.Store.UseRecovery(ctx, codeHash, hash, n)
}
