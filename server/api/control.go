package api

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

// Link is an answer with a link that the caller passes on.
type Link struct {
	URL       string `json:"url" msgpack:"url"`
	ExpiresAt int64  `json:"expiresAt,omitempty" msgpack:"expiresAt,omitempty"`
}

// Control returns the handler of the commands of the machine's administrator to a running
// server. It checks no identity: serve it on a socket file that only its owner may open.
// listen is the address of the server, for links without a public URL.
func (a *API) Control(listen *url.URL) http.Handler {
	r := chi.NewRouter()
	r.Post("/recover", a.Handle(func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Handle string `json:"handle"`
		}
		if err := decode(r, &in); err != nil {
			return err
		}
		url, expiresAt, err := a.RecoveryLink(r.Context(), listen, in.Handle)
		if err != nil {
			return err
		}
		a.Answer(w, r, http.StatusOK, Link{url, expiresAt})
		return nil
	}))
	r.Post("/owner-link", a.Handle(func(w http.ResponseWriter, r *http.Request) error {
		url, err := a.OwnerLink(r.Context(), listen)
		if err != nil {
			return err
		}
		a.Answer(w, r, http.StatusOK, Link{URL: url})
		return nil
	}))
	r.Post("/backup", a.Handle(a.postBackup))
	r.NotFound(a.Handle(func(http.ResponseWriter, *http.Request) error {
		return chat.Fail(chat.NotFound, "there is nothing at this path")
	}))
	return r
}
