package server

import (
	"net/http"
	"strings"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
	"parley/wire"
)

type serverInfo struct {
	Name         string       `json:"name" msgpack:"name"`
	Version      string       `json:"version" msgpack:"version"`
	API          int          `json:"api" msgpack:"api"`
	Setup        bool         `json:"setup" msgpack:"setup"` // nobody is the owner yet
	Registration Registration `json:"registration" msgpack:"registration"`
	Now          int64        `json:"now" msgpack:"now"`
	Limits       wire.Limits  `json:"limits" msgpack:"limits"`
}

func (s *Server) getServer(w http.ResponseWriter, r *http.Request) error {
	server, err := s.service.Server(r.Context())
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, serverInfo{Name: server.Name, Version: s.Version, API: 1, Setup: server.Setup != "",
		Registration: s.Registration, Now: chat.Now(), Limits: s.service.Limits()})
	return nil
}

// patchServer renames the server; admins only.
func (s *Server) patchServer(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Name == nil {
		if err := s.service.Admin(who(r)); err != nil {
			return err
		}
	} else if err := s.service.RenameServer(r.Context(), who(r), *in.Name); err != nil {
		return err
	}
	return s.getServer(w, r)
}

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

func (s *Server) createAccount(w http.ResponseWriter, r *http.Request) error {
	var in newAccount
	if err := read(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label)
	user, made, err := s.service.CreateAccount(r.Context(), who(r), service.NewAccount{Handle: strings.ToLower(in.Handle), Name: in.Name,
		Password: in.Password, Setup: in.Setup, Invite: in.Invite, ServerName: in.ServerName, Session: session})
	if err != nil {
		return err
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}

// caller is who asks. Behind middleware.Require there is always somebody.
func caller(r *http.Request) middleware.Caller { return middleware.CallerOf(r.Context()) }

// me is the caller's id.
func me(r *http.Request) chat.UserID { return caller(r).User.ID }

// who is the caller as the service sees them.
func who(r *http.Request) service.Caller {
	c := caller(r)
	return service.Caller{User: c.User, Session: c.Session, Address: middleware.AddressKey(r.Context())}
}
