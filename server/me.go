package server

import (
	"context"
	"net/http"

	"parley/chat"
)

type oneUser struct {
	User chat.User `json:"user" msgpack:"user"`
}

func (s *Server) getMe(w http.ResponseWriter, r *http.Request) error {
	s.answer(w, r, http.StatusOK, oneUser{caller(r).User})
	return nil
}

// patchMe changes what one says of oneself. A new password ends all other
// sessions of the user; this one goes on.
func (s *Server) patchMe(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Name            *string `json:"name"`
		Status          *string `json:"status"`
		Password        *string `json:"password"`
		CurrentPassword string  `json:"currentPassword"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	who := caller(r)
	patch := chat.UserPatch{Name: in.Name, Status: in.Status, Keep: who.Session.ID}
	if in.Name != nil {
		if err := chat.CheckName("name", *in.Name, chat.MaxName); err != nil {
			return err
		}
	}
	if in.Status != nil {
		if err := chat.CheckLine("status", *in.Status, chat.MaxStatus); err != nil {
			return err
		}
	}
	if in.Password != nil {
		hash, err := s.newPassword(r, in.CurrentPassword, *in.Password)
		if err != nil {
			return err
		}
		patch.PasswordHash = &hash
	}
	var cost price
	if in.Name != nil || in.Status != nil { // others are told
		cost.posts = textCost
	}
	if err := s.charge(who.User.ID, cost); err != nil {
		return err
	}
	user, err := s.Store.PatchUser(r.Context(), who.User.ID, patch)
	if err != nil {
		s.refund(who.User.ID, cost)
		return err
	}
	if in.Name != nil || in.Status != nil {
		s.tellUser(r.Context(), user.ID)
	}
	s.answer(w, r, http.StatusOK, oneUser{user})
	return nil
}

// newPassword hashes next for a caller who knows their current password.
func (s *Server) newPassword(r *http.Request, current, next string) (string, error) {
	if err := chat.CheckPassword(next); err != nil {
		return "", err
	}
	who := caller(r).User
	_, old, err := s.Store.Credentials(r.Context(), who.Handle)
	if err != nil {
		return "", err
	}
	ok, err := s.passwordIs(r, account{handle: who.Handle, user: who.ID, own: true}, current, old)
	if err != nil {
		return "", err
	}
	if !ok {
		return "", chat.FailField(chat.WrongPassword, "currentPassword", "this is not the current password")
	}
	return s.passwords.hash(r.Context(), lines(r), next)
}

// tellUser lets others know that a user's entry changed. A signal that is lost
// does not undo the change: clients see it with the next users table.
func (s *Server) tellUser(ctx context.Context, id chat.UserID) {
	_ = s.Store.Tell(ctx, chat.Signal{Kind: chat.SignalUser, By: id})
}
