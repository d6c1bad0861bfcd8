package api

import (
	"context"
	"net"
	"net/http"
	"net/url"

	"parley/chat"
	"parley/hub"
	"parley/server/audit"
	"parley/server/drafts"
	"parley/server/request"
	"parley/server/service"
	"parley/wire"
)

// Config is the configuration of an API. Nothing in it changes afterwards.
type Config struct {
	Service   *service.Service
	Hub       *hub.Hub // for calls that wait for an event
	Errors    service.ErrorLog
	Audit     *audit.Log
	Version   string
	PublicURL *url.URL     // nil: links follow the Host header, see baseURL
	Listen    net.Addr     // address of the server, for links in its network; nil: not known
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

// Handle returns a handler of a function that returns its error.
func (a *API) Handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			a.Fail(w, r, err)
		}
	}
}

// appendWait queues a draft of the caller and waits for its outcome.
func (a *API) appendWait(r *http.Request, begin func(context.Context, chat.UserID, *wire.Command, drafts.Done) error, c *wire.Command) (chat.Event, bool, error) {
	return drafts.Wait(r.Context(), func(done drafts.Done) error { return begin(r.Context(), request.CallerID(r), c, done) })
}
