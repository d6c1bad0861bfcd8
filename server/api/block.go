package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

// BlockList is the answer to GET /api/blocks.
type BlockList struct {
	Users []chat.User `json:"users" msgpack:"users"`
}

// ListBlocks handles GET /api/blocks.
func (a *API) ListBlocks(w http.ResponseWriter, r *http.Request) error {
	users, err := a.Service.Blocked(r.Context(), caller(r))
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, BlockList{users})
	return nil
}

// PutBlock handles PUT /api/blocks/{userId}.
func (a *API) PutBlock(w http.ResponseWriter, r *http.Request) error {
	user := chat.UserID(chi.URLParam(r, "userId"))
	if err := chat.CheckID("userId", user); err != nil {
		return err
	}
	if err := a.Service.Block(r.Context(), caller(r), user); err != nil {
		return err
	}
	return noContent(w)
}

// DeleteBlock handles DELETE /api/blocks/{userId}.
func (a *API) DeleteBlock(w http.ResponseWriter, r *http.Request) error {
	user := chat.UserID(chi.URLParam(r, "userId"))
	if err := chat.CheckID("userId", user); err != nil {
		return err
	}
	if err := a.Service.Unblock(r.Context(), caller(r), user); err != nil {
		return err
	}
	return noContent(w)
}
