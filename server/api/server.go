package api

import (
	"net/http"
	"strings"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
	"parley/wire"
)

// ServerInfo is the answer to GET /api/server.
type ServerInfo struct {
	Name         string               `json:"name" msgpack:"name"`
	Version      string               `json:"version" msgpack:"version"`
	API          int                  `json:"api" msgpack:"api"`
	Setup        bool                 `json:"setup" msgpack:"setup"` // there is no owner yet
	Registration service.Registration `json:"registration" msgpack:"registration"`
	Now          int64                `json:"now" msgpack:"now"`
	Limits       wire.Limits          `json:"limits" msgpack:"limits"`
}

// GetServer handles GET /api/server.
func (a *API) GetServer(w http.ResponseWriter, r *http.Request) error {
	server, err := a.Service.Server(r.Context())
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, ServerInfo{Name: server.Name, Version: a.Version, API: 1, Setup: server.Setup != "",
		Registration: a.Service.Registration(), Now: chat.Now(), Limits: a.Service.Limits()})
	return nil
}

// PatchServer renames the server; admins only.
func (a *API) PatchServer(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if in.Name == nil {
		if err := caller(r).CheckAdmin(); err != nil {
			return err
		}
	} else if err := a.Service.RenameServer(r.Context(), caller(r), *in.Name); err != nil {
		return err
	}
	return a.GetServer(w, r)
}

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

// CreateAccount handles POST /api/accounts.
func (a *API) CreateAccount(w http.ResponseWriter, r *http.Request) error {
	var in newAccount
	if err := decode(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label)
	user, created, err := a.Service.CreateAccount(r.Context(), caller(r), service.NewAccount{Handle: strings.ToLower(in.Handle), Name: in.Name,
		Password: in.Password, Setup: in.Setup, Invite: in.Invite, ServerName: in.ServerName, Session: session})
	if err != nil {
		return err
	}
	a.signIn(w, r, user, created, token, in.Cookie)
	return nil
}

// identity returns the identity of the request.
func identity(r *http.Request) middleware.Caller { return middleware.CallerOf(r.Context()) }

// callerID returns the caller's user id.
func callerID(r *http.Request) chat.UserID { return identity(r).User.ID }

// caller returns the caller of the request.
func caller(r *http.Request) service.Caller {
	c := identity(r)
	return service.Caller{User: c.User, Session: c.Session, Address: middleware.AddressKey(r.Context())}
}
