package api

import (
	"net/url"

	"parley/hub"
	"parley/server/service"
)

// Config is the configuration of an API. Nothing in it changes afterwards.
type Config struct {
	Service   *service.Service
	Hub       *hub.Hub // for calls that wait for an event
	Errors    service.ErrorLog
	Version   string
	PublicURL *url.URL     // nil: links follow the Host header
	Ready     func() error // returns why the server is not ready, or nil
}

// API contains the HTTP handlers; the routes are in package server.
type API struct{ Config }

// New returns an API; it starts no goroutine.
func New(c Config) *API { return &API{c} }
