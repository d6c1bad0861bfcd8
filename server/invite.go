package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/service"
)

// listInvites gives one's own invites, to an admin everybody's.
func (s *Server) listInvites(w http.ResponseWriter, r *http.Request) error {
	invites, err := s.service.Invites(r.Context(), who(r))
	if err != nil {
		return err
	}
	named := service.UserSet{}
	for _, i := range invites {
		named.Add(i.By)
	}
	users, err := s.service.Users(r.Context(), named.List())
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, struct {
		Invites []chat.Invite `json:"invites" msgpack:"invites"`
		Users   []chat.User   `json:"users" msgpack:"users"`
	}{invites, users})
	return nil
}

func (s *Server) createInvite(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ChatID    *chat.ChatID `json:"chatId"`
		Uses      *int64       `json:"uses"`
		ExpiresAt *int64       `json:"expiresAt"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	base, err := s.base(r)
	if err != nil {
		return err
	}
	invite, code, err := s.service.CreateInvite(r.Context(), who(r), service.NewInvite{ChatID: in.ChatID, Uses: in.Uses, ExpiresAt: in.ExpiresAt})
	if err != nil {
		return err
	}
	s.secret(w, r, http.StatusCreated, struct {
		Invite chat.Invite `json:"invite" msgpack:"invite"`
		URL    string      `json:"url" msgpack:"url"`
	}{invite, inviteLink(base, code)})
	return nil
}

func (s *Server) endInvite(w http.ResponseWriter, r *http.Request) error {
	id := chat.InviteID(chi.URLParam(r, "inviteId"))
	if err := s.service.EndInvite(r.Context(), who(r), id); err != nil {
		return err
	}
	return done(w)
}

// peeked is what somebody without an account learns of an invite they hold.
type peeked struct {
	Server string      `json:"server" msgpack:"server"`
	By     peekedUser  `json:"by" msgpack:"by"`
	Chat   *peekedChat `json:"chat,omitempty" msgpack:"chat,omitempty"`
	Valid  bool        `json:"valid" msgpack:"valid"`
}

type peekedUser struct {
	ID     chat.UserID `json:"id" msgpack:"id"`
	Handle string      `json:"handle" msgpack:"handle"`
	Name   string      `json:"name" msgpack:"name"`
}

type peekedChat struct {
	ID          chat.ChatID `json:"id" msgpack:"id"`
	Title       string      `json:"title" msgpack:"title"`
	MemberCount int         `json:"memberCount" msgpack:"memberCount"`
}

func (s *Server) peekInvite(w http.ResponseWriter, r *http.Request) error {
	code, err := readCode(r)
	if err != nil {
		return err
	}
	invite, err := s.service.PeekInvite(r.Context(), who(r), code)
	if err != nil {
		return err
	}
	server, err := s.service.Server(r.Context())
	if err != nil {
		return err
	}
	out := peeked{Server: server.Name, Valid: invite.Open(chat.Now())}
	makers, err := s.service.Users(r.Context(), []chat.UserID{invite.By})
	if err != nil {
		return err
	}
	for _, u := range makers {
		out.By = peekedUser{u.ID, u.Handle, u.Name}
	}
	if invite.ChatID != "" {
		c, err := s.service.Chat(r.Context(), invite.By, invite.ChatID)
		switch {
		case err == nil:
			out.Chat = &peekedChat{c.ID, c.Title, c.MemberCount}
		case !chat.Is(err, chat.NotFound): // the maker left: the title is no longer theirs to show
			return err
		}
	}
	s.secret(w, r, http.StatusOK, out)
	return nil
}

func (s *Server) acceptInvite(w http.ResponseWriter, r *http.Request) error {
	code, err := readCode(r)
	if err != nil {
		return err
	}
	id, err := s.service.AcceptInvite(r.Context(), who(r), code)
	if err != nil {
		return err
	}
	return s.answerChat(w, r, http.StatusOK, id)
}

func readCode(r *http.Request) (string, error) {
	var in struct {
		Code string `json:"code"`
	}
	if err := read(r, &in); err != nil {
		return "", err
	}
	if in.Code == "" {
		return "", chat.FailField(chat.BadInput, "code", "code must not be empty")
	}
	return in.Code, nil
}
