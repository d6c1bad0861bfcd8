package api

import (
	"net/http"

	"parley/chat"
	"parley/server/service"
)

type UserAnswer struct {
	User chat.User `json:"user" msgpack:"user"`
}

func (a *API) GetMe(w http.ResponseWriter, r *http.Request) error {
	a.Answer(w, r, http.StatusOK, UserAnswer{identity(r).User})
	return nil
}

// PatchMe changes what one says of oneself. A new password ends all other
// sessions of the user; this one goes on.
func (a *API) PatchMe(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name            *string `json:"name"`
		Status          *string `json:"status"`
		Password        *string `json:"password"`
		CurrentPassword *string `json:"currentPassword"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	user, err := a.Service.UpdateProfile(r.Context(), caller(r), service.Profile{Name: in.Name, Status: in.Status,
		Password: in.Password, CurrentPassword: in.CurrentPassword})
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, UserAnswer{user})
	return nil
}
