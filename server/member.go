package server

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

type memberPage struct {
	Members []chat.Member `json:"members" msgpack:"members"`
	Users   []chat.User   `json:"users" msgpack:"users"`
	Next    chat.UserID   `json:"next,omitempty" msgpack:"next,omitempty"`
}

func (s *Server) listMembers(w http.ResponseWriter, r *http.Request) error {
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
	var page memberPage
	if page.Members, err = s.Store.Members(r.Context(), me(r), id, after, most+1); err != nil {
		return err
	}
	if len(page.Members) > most {
		page.Members = page.Members[:most]
		page.Next = page.Members[most-1].UserID
	}
	who := people{}
	for _, m := range page.Members {
		who.add(m.UserID)
	}
	if page.Users, err = s.Store.Users(r.Context(), who.list()); err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, page)
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

// putMember makes somebody a member, if they are none, and gives them the role,
// if one is named: one command, and one event at most, so that its clientId
// stands for all of it.
func (s *Server) putMember(w http.ResponseWriter, r *http.Request) error {
	id, user, err := member(r)
	if err != nil {
		return err
	}
	var in struct {
		Role     *chat.Role `json:"role"`
		ClientID string     `json:"clientId"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if err := optionalClientID(in.ClientID); err != nil {
		return err
	}
	draft, rule := chat.Event{Kind: chat.Joined, ChatID: id, By: me(r), ClientID: in.ClientID, Users: []chat.UserID{user}}, chat.Join
	if in.Role != nil {
		if err := chat.CheckRole(*in.Role); err != nil {
			return err
		}
		draft.Role, rule = *in.Role, chat.PutMember
	}
	err = s.revocations.lift(revocation{user: user, chat: id}, func() error {
		_, _, err := s.appended(r.Context(), draft, chat.All(rule, chat.ChatLimit(s.Limits.Chats, "userId")))
		return err
	})
	if err != nil {
		return err
	}
	return done(w)
}

func (s *Server) deleteMember(w http.ResponseWriter, r *http.Request) error {
	id, user, err := member(r)
	if err != nil {
		return err
	}
	clientID, err := bodyClientID(r)
	if err != nil {
		return err
	}
	draft := chat.Event{Kind: chat.Left, ChatID: id, By: me(r), ClientID: clientID, Users: []chat.UserID{user}}
	if err := s.leave(r.Context(), draft); err != nil {
		return err
	}
	return done(w)
}

// leave takes somebody out of a chat: here at once, if the rule allows it and
// the store then fails to save it.
func (s *Server) leave(ctx context.Context, draft chat.Event) error {
	var allowed atomic.Bool
	_, _, err := s.appended(ctx, draft, func(v chat.View, e *chat.Event) error {
		err := chat.Leave(v, e)
		allowed.Store(err == nil)
		return err
	})
	if !allowed.Load() {
		return err
	}
	return s.revocations.settle(err, revocation{user: draft.Users[0], chat: draft.ChatID}, unsaved{by: draft.By,
		save: func(ctx context.Context) error {
			_, _, err := s.appended(ctx, draft, chat.Leave)
			return err
		}})
}
