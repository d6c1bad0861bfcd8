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

// MeAnswer is an answer with the caller's account and settings.
type MeAnswer struct {
	User     chat.User     `json:"user" msgpack:"user"`
	Settings chat.Settings `json:"settings" msgpack:"settings"`
}

// MineAnswer is an answer with the caller's settings of a chat.
type MineAnswer struct {
	Mine chat.Mine `json:"mine" msgpack:"mine"`
}

// Me has the handlers of the caller's own account.
type Me struct{ *API }

// Get handles GET /api/me.
func (a Me) Get(w http.ResponseWriter, r *http.Request) error {
	settings, err := a.Service.Settings(r.Context(), request.CallerID(r))
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, MeAnswer{request.Identity(r).User, settings})
	return nil
}

// Patch changes the caller's account and settings. A new password ends the user's other sessions.
func (a Me) Patch(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name            *string `json:"name"`
		Status          *string `json:"status"`
		Password        *string `json:"password"`
		CurrentPassword *string `json:"currentPassword"`

		Settings *chat.SettingsPatch `json:"settings"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	settings, err := a.Service.Settings(r.Context(), request.CallerID(r))
	if err == nil && in.Settings != nil {
		settings, err = in.Settings.Of(settings) // before anything is changed
	}
	if err != nil {
		return err
	}
	user, err := a.Service.UpdateProfile(r.Context(), request.Caller(r), service.Profile{Name: in.Name, Status: in.Status,
		Password: in.Password, CurrentPassword: in.CurrentPassword})
	if err != nil {
		return err
	}
	if in.Settings != nil {
		if settings, err = a.Service.SetSettings(r.Context(), request.Caller(r), *in.Settings); err != nil {
			return err
		}
	}
	response.Write(w, r, http.StatusOK, MeAnswer{user, settings})
	return nil
}

// PatchMine handles PATCH /api/chats/{chatId}/mine.
func (a Me) PatchMine(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Level      *chat.Level `json:"level"`
		MutedUntil *int64      `json:"mutedUntil"`
		Hidden     *bool       `json:"hidden"`
		Starred    *bool       `json:"starred"`
		UnreadFrom *chat.Seq   `json:"unreadFrom"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	mine, err := a.Service.SetMine(r.Context(), request.Caller(r), id, chat.MinePatch(in))
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, MineAnswer{mine})
	return nil
}
