package server

import (
	"cmp"
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
)

// listInvites gives one's own invites, to an admin everybody's.
func (s *Server) listInvites(w http.ResponseWriter, r *http.Request) error {
	invites, err := s.Store.Invites(r.Context(), ownOrAll(r))
	if err != nil {
		return err
	}
	who := people{}
	for _, i := range invites {
		who.add(i.By)
	}
	users, err := s.Store.Users(r.Context(), who.list())
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, struct {
		Invites []chat.Invite `json:"invites" msgpack:"invites"`
		Users   []chat.User   `json:"users" msgpack:"users"`
	}{invites, users})
	return nil
}

// maxInvites bounds the invites of one user, those that are over included: they
// are listed unpaged, to an admin everybody's.
const maxInvites = 500

// createInvite is open to everybody, as a chat's members may bring others. An
// invite that names no chat would open nothing while registration is closed.
func (s *Server) createInvite(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ChatID    *chat.ChatID `json:"chatId"`
		Uses      *int64       `json:"uses"`
		ExpiresAt *int64       `json:"expiresAt"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	now := chat.Now()
	invite := chat.Invite{By: me(r), Uses: chat.DefaultInviteUses, ExpiresAt: now + chat.DefaultInviteLife}
	switch {
	case in.ChatID != nil:
		if err := chat.CheckID("chatId", *in.ChatID); err != nil {
			return err
		}
		invite.ChatID = *in.ChatID
	case s.Registration == Closed:
		return chat.FailField(chat.RegistrationClosed, "chatId", "this server takes no new accounts, so an invite must name a chat")
	}
	if in.Uses != nil {
		if *in.Uses < 1 || *in.Uses > chat.MaxInviteUses {
			return chat.FailField(chat.BadInput, "uses", "uses must be 1 to %d", chat.MaxInviteUses)
		}
		invite.Uses = int(*in.Uses)
	}
	if in.ExpiresAt != nil {
		if *in.ExpiresAt <= now || *in.ExpiresAt > now+chat.MaxInviteLife {
			return chat.FailField(chat.BadInput, "expiresAt", "expiresAt must be a time within the next 365 days, in milliseconds")
		}
		invite.ExpiresAt = *in.ExpiresAt
	}
	base, err := s.base(r)
	if err != nil {
		return err
	}
	leave, err := s.inviting.enter(r.Context(), string(invite.By)) // no two are made under one count
	if err != nil {
		return err
	}
	defer leave()
	own, err := s.Store.Invites(r.Context(), invite.By)
	if err != nil {
		return err
	}
	if len(own) >= maxInvites {
		return chat.Fail(chat.Conflict, "you have %d invites: end some of them first", len(own))
	}
	code := chat.NewSecret()
	invite, err = s.Store.CreateInvite(r.Context(), invite, chat.SecretHash(code))
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
	if err := chat.CheckID("inviteId", id); err != nil {
		return err
	}
	if err := s.Store.EndInvite(r.Context(), ownOrAll(r), id); err != nil {
		return err
	}
	return done(w)
}

// ownOrAll is whose invites the caller may see and end: "" for an admin.
func ownOrAll(r *http.Request) chat.UserID {
	if caller(r).User.Role == chat.RoleAdmin {
		return ""
	}
	return me(r)
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
	hash := chat.SecretHash(code)
	invite, err := s.Store.PeekInvite(r.Context(), hash)
	if chat.Is(err, chat.NotFound) {
		return cmp.Or(s.attempts.failed(middleware.AddressKey(r.Context()), byCode), err)
	}
	if err != nil {
		return err
	}
	if err := take(s.attempts.peeks, s.attempts.key(string(hash[:]))); err != nil {
		return err
	}
	server, err := s.Store.Server(r.Context())
	if err != nil {
		return err
	}
	out := peeked{Server: server.Name, Valid: invite.Open(chat.Now())}
	makers, err := s.Store.Users(r.Context(), []chat.UserID{invite.By})
	if err != nil {
		return err
	}
	for _, u := range makers {
		out.By = peekedUser{u.ID, u.Handle, u.Name}
	}
	if invite.ChatID != "" {
		c, err := s.Store.Chat(r.Context(), invite.By, invite.ChatID)
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
	id, err := s.Store.AcceptInvite(r.Context(), chat.SecretHash(code), me(r), chat.ChatLimit(s.Limits.Chats, "code"))
	if chat.Is(err, chat.InviteSpent) {
		return cmp.Or(s.attempts.failed(middleware.AddressKey(r.Context()), byCode), err)
	}
	if err != nil {
		return err
	}
	s.revocations.remove(revocation{user: me(r), chat: id})
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
