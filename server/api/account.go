package api

import (
	"net/http"

	"parley/server/request"
	"parley/server/service"
)

// newAccount is the body of POST /api/accounts.
type newAccount struct {
	Handle     string `json:"handle"`
	Name       string `json:"name"`
	Password   string `json:"password"`
	Invite     string `json:"invite"`
	Setup      string `json:"setup"`
	ServerName string `json:"serverName"`
	Label      string `json:"label"`
	Cookie     bool   `json:"cookie"`
}

// Accounts has the handlers of new accounts.
type Accounts struct{ *API }

// Create handles POST /api/accounts.
func (a Accounts) Create(w http.ResponseWriter, r *http.Request) error {
	var in newAccount
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label, in.Cookie)
	user, created, err := a.Service.CreateAccount(r.Context(), request.Caller(r), service.NewAccount{Handle: in.Handle, Name: in.Name,
		Password: in.Password, Setup: in.Setup, Invite: in.Invite, ServerName: in.ServerName, Session: session})
	if err != nil {
		return err
	}
	Sessions(a).answerNew(w, r, user, created, token, in.Cookie)
	return nil
}
