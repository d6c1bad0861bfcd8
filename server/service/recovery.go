package service

import (
	"cmp"
	"context"

	"parley/chat"
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
	return s.NewRecovery(ctx, user)
}

// NewRecovery is CreateRecovery for the administrator of the machine.
func (s recoveries) NewRecovery(ctx context.Context, user chat.UserID) (code string, expiresAt int64, err error) {
	code, expiresAt = chat.NewSecret(), chat.Now()+chat.RecoveryLife
	return code, expiresAt, s.Store.CreateRecovery(ctx, user, chat.SecretHash(code), expiresAt)
}

// UseRecovery sets a new password, ends the user's sessions and creates one.
func (s recoveries) UseRecovery(ctx context.Context, caller Caller, code, password string, n chat.NewSession) (u chat.User, created chat.Session, err error) {
	if code == "" {
		return u, created, chat.FailField(chat.BadInput, "code", "code must not be empty")
	}
	if err := chat.CheckPassword(password); err != nil {
		return u, created, err
	}
	if err := chat.CheckLine("label", n.Label, chat.MaxLabel); err != nil {
		return u, created, err
	}
	codeHash := chat.SecretHash(code)
	whose, err := s.PeekRecovery(ctx, codeHash) // an unknown code costs no hash
	if chat.Is(err, chat.InviteSpent) {
		err = cmp.Or(s.auth.CountFailure(caller.Address, auth.ByCode), err)
	}
	if err != nil {
		return u, created, err
	}
	if err := s.auth.CountRecovery(whose); err != nil {
		return u, created, err
	}
	hash, err := s.auth.Hash(ctx, caller.hashQueues(), password)
	if err != nil {
		return u, created, err
	}
	return s.Store.UseRecovery(ctx, codeHash, hash, n)
}
