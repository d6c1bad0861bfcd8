package api

import (
	"net/http"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
)

// Recoveries has the handlers of the codes with which users set a new password.
type Recoveries struct{ *API }

// Create creates a link with which a user sets a new password; admins only.
func (a Recoveries) Create(w http.ResponseWriter, r *http.Request) error {
	if err := request.Caller(r).CheckAdmin(); err != nil {
		return err
	}
	var in struct {
		UserID chat.UserID `json:"userId"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if err := chat.CheckID("userId", in.UserID); err != nil {
		return err
	}
	base, err := a.baseURL(r)
	if err != nil {
		return err
	}
	code, expiresAt, err := a.Service.CreateRecovery(r.Context(), request.Caller(r), in.UserID)
	if err != nil {
		return err
	}
	response.WriteSecret(w, r, http.StatusCreated, Link{recoverLink(base, code), expiresAt})
	return nil
}

// Use sets a new password, ends the user's sessions and creates a new one.
func (a Recoveries) Use(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Code     string `json:"code"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label, in.Cookie)
	user, created, err := a.Service.UseRecovery(r.Context(), request.Caller(r), in.Code, in.Password, session)
	if err != nil {
		return err
	}
	Sessions(a).answerNew(w, r, user, created, token, in.Cookie)
	return nil
}
