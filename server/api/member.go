package api

import (
	"net/http"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// MemberPage is the answer to GET /api/chats/{chatId}/members.
type MemberPage struct {
	Members []chat.Member `json:"members" msgpack:"members"`
	Users   []chat.User   `json:"users" msgpack:"users"`
	Next    chat.UserID   `json:"next,omitempty" msgpack:"next,omitempty"`
}

// Members has the handlers of the members of a chat.
type Members struct{ *API }

// List handles GET /api/chats/{chatId}/members.
func (a Members) List(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	limit, err := request.Limit(r, chat.DefaultPage, chat.MaxPage)
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
	if page.Members, err = a.Service.ListMembers(r.Context(), request.CallerID(r), id, after, limit+1); err != nil {
		return err
	}
	if len(page.Members) > limit {
		page.Members = page.Members[:limit]
		page.Next = page.Members[limit-1].UserID
	}
	named := service.UserSet{}
	for _, m := range page.Members {
		named.Add(m.UserID)
	}
	if page.Users, err = a.Service.Users(r.Context(), named.List()); err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, page)
	return nil
}

// Put makes a user a member, if they are not one, and sets their role, if the body
// names one.
func (a Members) Put(w http.ResponseWriter, r *http.Request) error {
	id, user, err := request.Member(r)
	if err != nil {
		return err
	}
	var in struct {
		Role     *chat.Role `json:"role"`
		ClientID string     `json:"clientId"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if err := a.Service.PutMember(r.Context(), request.Caller(r), id, user, in.Role, in.ClientID); err != nil {
		return err
	}
	return response.NoContent(w)
}

// Delete handles DELETE /api/chats/{chatId}/members/{userId}.
func (a Members) Delete(w http.ResponseWriter, r *http.Request) error {
	id, user, err := request.Member(r)
	if err != nil {
		return err
	}
	clientID, err := request.ClientID(r)
	if err != nil {
		return err
	}
	if err := a.Service.RemoveMember(r.Context(), request.Caller(r), id, user, clientID); err != nil {
		return err
	}
	return response.NoContent(w)
}

// PutRead handles PUT /api/chats/{chatId}/read.
func (a Members) PutRead(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Seq chat.Seq `json:"seq"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if err := a.Service.MarkRead(r.Context(), request.CallerID(r), id, in.Seq); err != nil {
		return err
	}
	return response.NoContent(w)
}
