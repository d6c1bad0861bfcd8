package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// UserPage is the answer to GET /api/users.
type UserPage struct {
	Users []chat.User `json:"users" msgpack:"users"`
	Next  string      `json:"next,omitempty" msgpack:"next,omitempty"`
}

// Users has the handlers of users.
type Users struct{ *API }

// List answers with the users of the ids, or with those of whom a word of the name
// or the handle begins with q.
func (a Users) List(w http.ResponseWriter, r *http.Request) error {
	limit, err := request.Limit(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	var page UserPage
	if q.Has("ids") {
		ids, err := userIDs(q.Get("ids"))
		if err != nil {
			return err
		}
		page.Users, err = a.Service.Users(r.Context(), ids)
		if err != nil {
			return err
		}
	} else {
		if err := chat.CheckQuery(q.Get("q")); err != nil {
			return err
		}
		page.Users, page.Next, err = a.Service.FindUsers(r.Context(), q.Get("q"), q.Get("after"), limit)
		if err != nil {
			return err
		}
	}
	response.Write(w, r, http.StatusOK, page)
	return nil
}

func userIDs(list string) ([]chat.UserID, error) {
	parts := strings.Split(list, ",")
	if len(parts) > chat.MaxPage {
		return nil, chat.FailField(chat.BadInput, "ids", "ids must name at most %d users", chat.MaxPage)
	}
	ids := service.UserSet{}
	for _, p := range parts {
		id := chat.UserID(p)
		if err := chat.CheckID("ids", id); err != nil {
			return nil, err
		}
		ids.Add(id)
	}
	return ids.List(), nil
}

// Patch changes a user's role, or activates or deactivates them; admins only.
func (a Users) Patch(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Role   *chat.Role `json:"role"`
		Active *bool      `json:"active"`
	}
	if err := request.Caller(r).CheckAdmin(); err != nil {
		return err
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	user, err := a.Service.UpdateUser(r.Context(), request.Caller(r), chat.UserID(chi.URLParam(r, "userId")), in.Role, in.Active)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, UserAnswer{user})
	return nil
}
