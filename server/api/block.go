package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
)

// BlockList is the answer to GET /api/blocks.
type BlockList struct {
	Users []chat.User `json:"users" msgpack:"users"`
}

// Blocks has the handlers of blocks.
type Blocks struct{ *API }

// List handles GET /api/blocks.
func (a Blocks) List(w http.ResponseWriter, r *http.Request) error {
	users, err := a.Service.Blocked(r.Context(), request.Caller(r))
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, BlockList{users})
	return nil
}

// Put handles PUT /api/blocks/{userId}.
func (a Blocks) Put(w http.ResponseWriter, r *http.Request) error {
	user := chat.UserID(chi.URLParam(r, "userId"))
	if err := chat.CheckID("userId", user); err != nil {
		return err
	}
	if err := a.Service.Block(r.Context(), request.Caller(r), user); err != nil {
		return err
	}
	return response.NoContent(w)
}

// Delete handles DELETE /api/blocks/{userId}.
func (a Blocks) Delete(w http.ResponseWriter, r *http.Request) error {
	user := chat.UserID(chi.URLParam(r, "userId"))
	if err := chat.CheckID("userId", user); err != nil {
		return err
	}
	if err := a.Service.Unblock(r.Context(), request.Caller(r), user); err != nil {
		return err
	}
	return response.NoContent(w)
}
