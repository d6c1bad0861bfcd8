package api

import (
	"net/http"
	"net/url"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/service"
)

// Config is the configuration of an API. Nothing in it changes afterwards.
type Config struct {
	Service   *service.Service
	Hub       *hub.Hub // for calls that wait for an event
	Errors    service.ErrorLog
	Audit     *audit.Log
	Version   string
	PublicURL *url.URL     // nil: links follow the Host header, see baseURL
	Ready     func() error // returns why the server is not ready, or nil
}

// API is what the handlers of all nouns share. Those of one noun are the methods of one
// type, such as [Chats]; the routes are in package server.
type API struct {
	Config
	hosts hosts
}

// New returns an API; it starts no goroutine.
func New(c Config) *API { return &API{Config: c} }

// identity returns the identity of the request.
func identity(r *http.Request) middleware.Caller { return middleware.CallerOf(r.Context()) }

// callerID returns the caller's user id.
func callerID(r *http.Request) chat.UserID { return identity(r).User.ID }

// caller returns the caller of the request.
func caller(r *http.Request) service.Caller {
	c := identity(r)
	return service.Caller{User: c.User, Session: c.Session, Address: middleware.AddressKey(r.Context())}
}
