package server

import (
	"net/http"

	"parley/chat"
)

// createRecovery makes a link with which somebody sets a new password; admins alone.
func (s *Server) createRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := s.service.Admin(who(r)); err != nil {
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
	code, expiresAt, err := s.service.CreateRecovery(r.Context(), who(r), in.UserID)
	if err != nil {
		return err
	}
	s.secret(w, r, http.StatusCreated, link{recoverLink(base, code), expiresAt})
	return nil
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
	token, session := newSession(r, in.Label)
	user, made, err := s.service.UseRecovery(r.Context(), who(r), in.Code, in.Password, session)
	if err != nil {
		return err
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}
