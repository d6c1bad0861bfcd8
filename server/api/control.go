package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/audit"
	"parley/server/request"
	"parley/server/response"
)

// Link is an answer with a link that the caller passes on.
type Link struct {
	URL       string `json:"url" msgpack:"url"`
	ExpiresAt int64  `json:"expiresAt,omitempty" msgpack:"expiresAt,omitempty"`
}

// Control has the commands of the machine's administrator. They check no identity.
type Control struct {
	*API
	Listen *url.URL // address of the server, for links without a public URL
}

// Handler returns the handler of the commands to a running server. Serve it on a socket
// file that only its owner may open.
func (a Control) Handler() http.Handler {
	r := chi.NewRouter()
	r.Post("/recover", a.Handle(func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Handle string `json:"handle"`
		}
		if err := request.Decode(r, &in); err != nil {
			return err
		}
		url, expiresAt, err := a.RecoveryLink(r.Context(), in.Handle)
		if err != nil {
			return err
		}
		response.Write(w, r, http.StatusOK, Link{url, expiresAt})
		return nil
	}))
	r.Post("/owner-link", a.Handle(func(w http.ResponseWriter, r *http.Request) error {
		url, err := a.OwnerLink(r.Context())
		if err != nil {
			return err
		}
		response.Write(w, r, http.StatusOK, Link{URL: url})
		return nil
	}))
	r.Post("/backup", a.Handle(a.postBackup))
	r.NotFound(a.Handle(func(http.ResponseWriter, *http.Request) error {
		return chat.Fail(chat.NotFound, "there is nothing at this path")
	}))
	return r
}

// OwnerLink returns the link with which the first owner signs up, or conflict once it was
// used.
func (a Control) OwnerLink(ctx context.Context) (string, error) {
	server, err := a.Service.Server(ctx)
	if err != nil {
		return "", err
	}
	if server.Setup == "" {
		return "", chat.Fail(chat.Conflict, "this server has an owner already; parley recover HANDLE helps a user who lost their password")
	}
	a.Audit.Write(ctx, audit.Event{Kind: audit.OwnerLink, Actor: audit.Operator})
	return setupLink(a.base(), server.Setup), nil
}

// RecoveryLink creates a link with which the user of the handle sets a new password, once.
// It returns the link and when it expires.
func (a Control) RecoveryLink(ctx context.Context, handle string) (link string, expiresAt int64, err error) {
	handle, err = chat.ParseHandle(handle)
	if err != nil {
		return "", 0, err
	}
	users, err := a.Service.UsersByHandle(ctx, []string{handle})
	if err != nil {
		return "", 0, err
	}
	if len(users) == 0 {
		return "", 0, chat.NoHandle(handle)
	}
	code, expiresAt, err := a.Service.NewRecovery(ctx, users[0].ID)
	return recoverLink(a.base(), code), expiresAt, err
}

// base returns the URL with which links begin.
func (a Control) base() *url.URL { return cmp.Or(a.PublicURL, a.Listen) }
