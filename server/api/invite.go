package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// Invites has the handlers of invites.
type Invites struct{ *API }

// List answers with the caller's invites, to an admin with those of all users.
func (a Invites) List(w http.ResponseWriter, r *http.Request) error {
	invites, err := a.Service.Invites(r.Context(), request.Caller(r))
	if err != nil {
		return err
	}
	named := service.UserSet{}
	for _, i := range invites {
		named.Add(i.By)
	}
	users, err := a.Service.Users(r.Context(), named.List())
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, struct {
		Invites []chat.Invite `json:"invites" msgpack:"invites"`
		Users   []chat.User   `json:"users" msgpack:"users"`
	}{invites, users})
	return nil
}

// Create handles POST /api/invites.
func (a Invites) Create(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ChatID    *chat.ChatID `json:"chatId"`
		Uses      *int64       `json:"uses"`
		ExpiresAt *int64       `json:"expiresAt"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	base, err := a.baseURL(r)
	if err != nil {
		return err
	}
	invite, code, err := a.Service.CreateInvite(r.Context(), request.Caller(r), service.NewInvite{ChatID: in.ChatID, Uses: in.Uses, ExpiresAt: in.ExpiresAt})
	if err != nil {
		return err
	}
	out := struct {
		Invite chat.Invite `json:"invite" msgpack:"invite"`
		URL    string      `json:"url" msgpack:"url"`
		LANURL string      `json:"lanUrl,omitempty" msgpack:"lanUrl,omitempty"`
	}{Invite: invite, URL: inviteLink(base, code)}
	if lan := a.lanURL(r, base); lan != nil {
		out.LANURL = inviteLink(lan, code)
	}
	response.WriteSecret(w, r, http.StatusCreated, out)
	return nil
}

// End handles DELETE /api/invites/{inviteId}.
func (a Invites) End(w http.ResponseWriter, r *http.Request) error {
	id := chat.InviteID(chi.URLParam(r, "inviteId"))
	if err := a.Service.EndInvite(r.Context(), request.Caller(r), id); err != nil {
		return err
	}
	return response.NoContent(w)
}

// InvitePreview is the answer to POST /api/invites/peek, which needs no identity.
type InvitePreview struct {
	Server string             `json:"server" msgpack:"server"`
	By     InvitePreviewUser  `json:"by" msgpack:"by"`
	Chat   *InvitePreviewChat `json:"chat,omitempty" msgpack:"chat,omitempty"`
	Valid  bool               `json:"valid" msgpack:"valid"`
}

// InvitePreviewUser is the user who created an invite.
type InvitePreviewUser struct {
	ID     chat.UserID `json:"id" msgpack:"id"`
	Handle string      `json:"handle" msgpack:"handle"`
	Name   string      `json:"name" msgpack:"name"`
}

// InvitePreviewChat is the chat to which an invite leads.
type InvitePreviewChat struct {
	ID          chat.ChatID `json:"id" msgpack:"id"`
	Title       string      `json:"title" msgpack:"title"`
	MemberCount int         `json:"memberCount" msgpack:"memberCount"`
}

// Peek handles POST /api/invites/peek.
func (a Invites) Peek(w http.ResponseWriter, r *http.Request) error {
	code, err := readCode(r)
	if err != nil {
		return err
	}
	invite, err := a.Service.PeekInvite(r.Context(), request.Caller(r), code)
	if err != nil {
		return err
	}
	server, err := a.Service.Server(r.Context())
	if err != nil {
		return err
	}
	out := InvitePreview{Server: server.Name, Valid: invite.Open(chat.Now())}
	creators, err := a.Service.Users(r.Context(), []chat.UserID{invite.By})
	if err != nil {
		return err
	}
	for _, u := range creators {
		out.By = InvitePreviewUser{u.ID, u.Handle, u.Name}
	}
	if invite.ChatID != "" {
		c, err := a.Service.Chat(r.Context(), invite.By, invite.ChatID)
		switch {
		case err == nil:
			out.Chat = &InvitePreviewChat{c.ID, c.Title, c.MemberCount}
		case !chat.Is(err, chat.NotFound): // not found: the creator has left, and the title is not shown
			return err
		}
	}
	response.WriteSecret(w, r, http.StatusOK, out)
	return nil
}

// Accept handles POST /api/invites/accept.
func (a Invites) Accept(w http.ResponseWriter, r *http.Request) error {
	code, err := readCode(r)
	if err != nil {
		return err
	}
	id, err := a.Service.AcceptInvite(r.Context(), request.Caller(r), code)
	if err != nil {
		return err
	}
	return Chats(a).answer(w, r, http.StatusOK, chat.Chat{ID: id, Kind: chat.Group})
}

// readCode returns the code of an invite in the request's body.
func readCode(r *http.Request) (string, error) {
	var in struct {
		Code string `json:"code"`
	}
	if err := request.Decode(r, &in); err != nil {
		return "", err
	}
	if in.Code == "" {
		return "", chat.FailField(chat.BadInput, "code", "code must not be empty")
	}
	return in.Code, nil
}
