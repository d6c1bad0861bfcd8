package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/service"
)

type MemberPage struct {
	Members []chat.Member `json:"members" msgpack:"members"`
	Users   []chat.User   `json:"users" msgpack:"users"`
	Next    chat.UserID   `json:"next,omitempty" msgpack:"next,omitempty"`
}

func (a *API) ListMembers(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	most, err := pageSize(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	after := chat.UserID(r.URL.Query().Get("after"))
	if after != "" {
		if err := chat.CheckID("after", after); err != nil {
			return err
		}
	}
	var page MemberPage
	if page.Members, err = a.Service.Members(r.Context(), me(r), id, after, most+1); err != nil {
		return err
	}
	if len(page.Members) > most {
		page.Members = page.Members[:most]
		page.Next = page.Members[most-1].UserID
	}
	named := service.UserSet{}
	for _, m := range page.Members {
		named.Add(m.UserID)
	}
	if page.Users, err = a.Service.Users(r.Context(), named.List()); err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, page)
	return nil
}

// member reads whom and where the path names; me is the caller.
func member(r *http.Request) (chat.ChatID, chat.UserID, error) {
	id, err := chatID(r)
	if err != nil {
		return "", "", err
	}
	user := chat.UserID(chi.URLParam(r, "userId"))
	if user == "me" {
		user = me(r)
	}
	return id, user, chat.CheckID("userId", user)
}

// PutMember makes a user a member, if they are none, and gives them the role, if one is
// named.
func (a *API) PutMember(w http.ResponseWriter, r *http.Request) error {
	id, user, err := member(r)
	if err != nil {
		return err
	}
	var in struct {
		Role     *chat.Role `json:"role"`
		ClientID string     `json:"clientId"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := a.Service.PutMember(r.Context(), caller(r), id, user, in.Role, in.ClientID); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) DeleteMember(w http.ResponseWriter, r *http.Request) error {
	id, user, err := member(r)
	if err != nil {
		return err
	}
	clientID, err := bodyClientID(r)
	if err != nil {
		return err
	}
	if err := a.Service.RemoveMember(r.Context(), caller(r), id, user, clientID); err != nil {
		return err
	}
	return noContent(w)
}
