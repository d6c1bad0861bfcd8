package server

import (
	"net/http"

	"parley/chat"
	"parley/server/service"
)

type oneUser struct {
	User chat.User `json:"user" msgpack:"user"`
}

func (s *Server) getMe(w http.ResponseWriter, r *http.Request) error {
	s.answer(w, r, http.StatusOK, oneUser{caller(r).User})
	return nil
}

// patchMe changes what one says of oneself. A new password ends all other
// sessions of the user; this one goes on.
func (s *Server) patchMe(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name            *string `json:"name"`
		Status          *string `json:"status"`
		Password        *string `json:"password"`
		CurrentPassword *string `json:"currentPassword"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	user, err := s.service.UpdateProfile(r.Context(), who(r), service.Profile{Name: in.Name, Status: in.Status,
		Password: in.Password, CurrentPassword: in.CurrentPassword})
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, oneUser{user})
	return nil
}
