package api

import (
	"net/http"

	"parley/chat"
)

// CreateRecovery creates a link with which a user sets a new password; admins only.
func (a *API) CreateRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := a.Service.CheckAdmin(caller(r)); err != nil {
		return err
	}
	var in struct {
		UserID chat.UserID `json:"userId"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := chat.CheckID("userId", in.UserID); err != nil {
		return err
	}
	base, err := a.base(r)
	if err != nil {
		return err
	}
	code, expiresAt, err := a.Service.CreateRecovery(r.Context(), caller(r), in.UserID)
	if err != nil {
		return err
	}
	a.secret(w, r, http.StatusCreated, Link{recoverLink(base, code), expiresAt})
	return nil
}

// UseRecovery sets the password, ends the user's sessions and makes a new one.
func (a *API) UseRecovery(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Code     string `json:"code"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label)
	user, made, err := a.Service.UseRecovery(r.Context(), caller(r), in.Code, in.Password, session)
	if err != nil {
		return err
	}
	a.signIn(w, r, user, made, token, in.Cookie)
	return nil
}
