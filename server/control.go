package server

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

type link struct {
	URL       string `json:"url" msgpack:"url"`
	ExpiresAt int64  `json:"expiresAt,omitempty" msgpack:"expiresAt,omitempty"`
}

// Control serves what the machine's own administrator may ask of a running
// server. It asks nobody who they are: the caller serves it on a socket file
// that only its owner may open. here is where the server listens, for links
// when there is no public URL.
func (s *Server) Control(here *url.URL) http.Handler {
	r := chi.NewRouter()
	r.Post("/recover", s.handle(func(w http.ResponseWriter, r *http.Request) error {
		var in struct {
			Handle string `json:"handle"`
		}
		if err := read(r, &in); err != nil {
			return err
		}
		url, expiresAt, err := s.RecoveryLink(r.Context(), here, in.Handle)
		if err != nil {
			return err
		}
		s.answer(w, r, http.StatusOK, link{url, expiresAt})
		return nil
	}))
	r.Post("/owner-link", s.handle(func(w http.ResponseWriter, r *http.Request) error {
		url, err := s.OwnerLink(r.Context(), here)
		if err != nil {
			return err
		}
		s.answer(w, r, http.StatusOK, link{URL: url})
		return nil
	}))
	r.Post("/backup", s.handle(s.postBackup))
	r.NotFound(s.handle(func(http.ResponseWriter, *http.Request) error {
		return chat.Fail(chat.NotFound, "there is nothing here")
	}))
	return r
}
