package api

import (
	"net/http"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
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

// Server has the handlers of the server itself.
type Server struct{ *API }

// Get handles GET /api/server.
func (a Server) Get(w http.ResponseWriter, r *http.Request) error {
	server, err := a.Service.Server(r.Context())
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, ServerInfo{Name: server.Name, Version: a.Version, API: 1, Setup: server.Setup != "",
		Registration: a.Service.Registration(), Now: chat.Now(), Limits: a.Service.Limits()})
	return nil
}

// Patch renames the server; admins only.
func (a Server) Patch(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name *string `json:"name"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if in.Name == nil {
		if err := request.Caller(r).CheckAdmin(); err != nil {
			return err
		}
	} else if err := a.Service.RenameServer(r.Context(), request.Caller(r), *in.Name); err != nil {
		return err
	}
	return a.Get(w, r)
}
