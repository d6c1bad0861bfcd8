package service

import (
	"cmp"
	"context"

	"parley/chat"
	"parley/server/audit"
	"parley/server/auth"
	"parley/store/cached"
)

// sessions are the operations on sessions and their tokens.
type sessions struct{ *core }

// SignIn creates a session for the holder of a handle and password.
func (s sessions) SignIn(ctx context.Context, caller Caller, handle, password string, n chat.NewSession) (u chat.User, created chat.Session, err error) {
	known := "" // the handle, if a user has it
	defer func() {
		e := audit.Event{Kind: audit.SignIn, Target: known, Err: err}
		if err == nil {
			e.Actor = string(u.ID)
		}
		s.audit.Write(ctx, e)
	}()
	if err := chat.SessionLabel.CleanIn(&n.Label); err != nil {
		return u, created, err
	}
	wrong := chat.Fail(chat.BadCredentials, "wrong handle or password")
	if handle, err = chat.ParseHandle(handle); err != nil {
		return u, created, wrong // no account can have such a handle, which is no secret
	}
	u, hash, err := s.Credentials(ctx, handle)
	switch {
	case chat.Is(err, chat.NotFound):
		hash = s.auth.DummyHash()
	case err != nil:
		return u, created, err
	default:
		known = u.Handle
	}
	ok, err := s.auth.Verify(ctx, caller.attempt(handle, u.ID, false), password, hash)
	if err != nil {
		return u, created, err
	}
	if !ok {
		return u, created, wrong
	}
	if s.auth.Outdated(hash) {
		hash = s.renewHash(ctx, caller, u.ID, password, hash)
	}
	n.Life = s.lifetimes.Session.Milliseconds()
	created, err = s.CreateSession(ctx, u.ID, n)
	if chat.Is(err, chat.NoIdentity) {
		return u, created, wrong // does not reveal that the account is inactive
	}
	if err != nil {
		return u, created, err
	}
	// A new password ends the sessions that exist. If it was set between the reading of
	// the old one and this session, nothing has ended this one.
	if _, now, err := s.Credentials(ctx, handle); err != nil || now != hash {
		_ = s.Store.EndSession(ctx, u.ID, created.ID) // if that fails, no client has its token
		return u, created, cmp.Or[error](err, wrong)
	}
	return u, created, nil
}

// renewHash replaces an outdated hash of the password and returns the one that the store
// then has. If it fails, the old one stays until the next sign-in.
func (s sessions) renewHash(ctx context.Context, caller Caller, user chat.UserID, password, old string) string {
	if form, err := chat.NewPassword(password); err == nil {
		password = form // an older one may have what new ones must not
	}
	renewed, err := s.auth.Hash(ctx, caller.hashQueues(), password)
	if err == nil {
		err = s.RenewHash(ctx, user, old, renewed)
	}
	if err != nil {
		return old
	}
	return renewed
}

// Sessions returns the caller's sessions, the current one marked.
func (s sessions) Sessions(ctx context.Context, caller Caller) ([]chat.Session, error) {
	sessions, err := s.SessionsOf(ctx, caller.User.ID)
	for i := range sessions {
		sessions[i].Current = sessions[i].ID == caller.Session.ID
	}
	return sessions, err
}

// SessionLive fails with no_identity if the session has ended since its user was
// identified.
func (s sessions) SessionLive(ctx context.Context, user chat.UserID, id chat.SessionID, began int64) error {
	ended, err := s.Ended(ctx, []chat.SessionID{id})
	if err == nil && (len(ended) > 0 || s.Store.Revoked(user, id, began)) {
		err = chat.Fail(chat.NoIdentity, "this session has ended")
	}
	return err
}

// SignOut ends the caller's session. ended reports whether it has ended on this server,
// which may be so although the store could not save it (err).
func (s sessions) SignOut(ctx context.Context, caller Caller) (ended bool, err error) {
	err = s.Store.EndSession(ctx, caller.User.ID, caller.Session.ID)
	s.audit.Write(ctx, audit.Event{Kind: audit.SignOut, Actor: string(caller.User.ID), Target: string(caller.Session.ID), Err: err})
	return err == nil || cached.StoreFailed(err), err
}

// EndSession ends another session of the caller, who confirms it with their password.
func (s sessions) EndSession(ctx context.Context, caller Caller, id chat.SessionID, password string) error {
	err := s.confirm(ctx, caller, "password", password)
	if err == nil {
		err = s.Store.EndSession(ctx, caller.User.ID, id)
	}
	s.audit.Write(ctx, audit.Event{Kind: audit.SessionsEnded, Actor: string(caller.User.ID), Target: string(id), Err: err})
	return err
}

// EndOthers ends all other sessions of the caller, who confirms it with their password.
func (s sessions) EndOthers(ctx context.Context, caller Caller, password string) error {
	err := s.confirm(ctx, caller, "password", password)
	if err == nil {
		err = s.Store.EndOthers(ctx, caller.User.ID, caller.Session.ID)
	}
	s.audit.Write(ctx, audit.Event{Kind: audit.SessionsEnded, Actor: string(caller.User.ID), Target: "others", Err: err})
	return err
}

// maxToken bounds what is hashed, in bytes; tokens have 43.
const maxToken = 256

// IdentifyToken returns the holder of a token, read from the store itself and not from
// the cache: a socket stays open after it. A token that is not valid counts against the
// address.
func (s sessions) IdentifyToken(ctx context.Context, token, address string) (chat.User, chat.Session, error) {
	if len(token) > maxToken {
		return chat.User{}, chat.Session{}, chat.FailField(chat.NoIdentity, "token", "this token is not valid")
	}
	u, session, err := s.IdentifyNow(ctx, chat.SecretHash(token))
	if chat.Is(err, chat.NoIdentity) {
		err = s.RefusedToken(address, err)
	}
	return u, session, err
}

// RefusedToken counts a token that was refused against the address. It returns
// rate_limited past the budget, else the refusal.
func (s sessions) RefusedToken(address string, refusal error) error {
	return cmp.Or(s.auth.CountFailure(address, auth.ByToken), refusal)
}
