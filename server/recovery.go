package server

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"parley/chat"
	"parley/middleware"
)

// createRecovery makes a link with which somebody sets a new password; admins alone.
func (s *Server) createRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := admin(r); err != nil {
		return err
	}
	var in struct {
		UserID chat.UserID `json:"userId"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if err := chat.CheckID("userId", in.UserID); err != nil {
		return err
	}
	base, err := s.base(r)
	if err != nil {
		return err
	}
	url, expiresAt, err := s.recovery(r.Context(), base, in.UserID)
	if err != nil {
		return err
	}
	s.secret(w, r, http.StatusCreated, link{url, expiresAt})
	return nil
}

func (s *Server) recovery(ctx context.Context, base *url.URL, user chat.UserID) (string, int64, error) {
	code, expiresAt := chat.NewSecret(), chat.Now()+chat.RecoveryLife
	if err := s.Store.CreateRecovery(ctx, user, chat.SecretHash(code), expiresAt); err != nil {
		return "", 0, err
	}
	return recoverLink(base, code), expiresAt, nil
}

// useRecovery sets the password, ends the user's sessions and makes a new one.
func (s *Server) useRecovery(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Code     string `json:"code"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Code == "" {
		return chat.FailField(chat.BadInput, "code", "code must not be empty")
	}
	if err := chat.CheckPassword(in.Password); err != nil {
		return err
	}
	token, session, err := newSession(r, in.Label)
	if err != nil {
		return err
	}
	codeHash := chat.SecretHash(in.Code)
	whose, err := s.Store.PeekRecovery(r.Context(), codeHash) // an unknown code costs no hash
	if chat.Is(err, chat.InviteSpent) {
		return cmp.Or(s.attempts.failed(middleware.AddressKey(r.Context()), byCode), err)
	}
	if err != nil {
		return err
	}
	if err := take(s.attempts.targets, s.attempts.key("recovery", string(whose))); err != nil {
		return err
	}
	hash, err := s.passwords.hash(r.Context(), lines(r), in.Password)
	if err != nil {
		return err
	}
	user, made, err := s.Store.UseRecovery(r.Context(), codeHash, hash, session)
	if err != nil {
		return err
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}
