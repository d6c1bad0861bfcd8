package api

import (
	"net/http"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// UserAnswer is an answer with one user.
type UserAnswer struct {
	User chat.User `json:"user" msgpack:"user"`
}

// Me has the handlers of the caller's own account.
type Me struct{ *API }

// Get handles GET /api/me.
func (a Me) Get(w http.ResponseWriter, r *http.Request) error {
	response.Write(w, r, http.StatusOK, UserAnswer{request.Identity(r).User})
	return nil
}

// Patch changes the caller's account. A new password ends the user's other sessions.
func (a Me) Patch(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name            *string `json:"name"`
		Status          *string `json:"status"`
		Password        *string `json:"password"`
		CurrentPassword *string `json:"currentPassword"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	user, err := a.Service.UpdateProfile(r.Context(), request.Caller(r), service.Profile{Name: in.Name, Status: in.Status,
		Password: in.Password, CurrentPassword: in.CurrentPassword})
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, UserAnswer{user})
	return nil
}
