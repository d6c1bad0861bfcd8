package service

import (
	"context"

	"parley/chat"
	"parley/server/audit"
	"parley/server/budget"
)

// Profile is a change of a user's own account; nil fields stay.
type Profile struct {
	Name, Status              *string
	Password, CurrentPassword *string
	Picture                   *chat.FileID // of the caller's upload; empty: none
}

// users are the operations on existing accounts.
type users struct{ *core }

// UpdateProfile changes the caller's account. A new password ends their other sessions.
func (s users) UpdateProfile(ctx context.Context, caller Caller, p Profile) (user chat.User, err error) {
	patch := chat.UserPatch{Name: p.Name, Status: p.Status, Picture: p.Picture, Keep: caller.Session.ID}
	var cost budget.Price
	if p.Name != nil {
		if err := chat.UserName.CleanIn(p.Name); err != nil {
			return chat.User{}, err
		}
		cost.Posts = budget.TextCost // others are told
	}
	if p.Status != nil {
		if err := chat.UserStatus.CleanIn(p.Status); err != nil {
			return chat.User{}, err
		}
		cost.Posts = budget.TextCost
	}
	if p.Picture != nil {
		cost.Posts = budget.TextCost
	}
	if p.Password != nil {
		defer func() {
			s.audit.Write(ctx, audit.Event{Kind: audit.PasswordChanged, Actor: string(caller.User.ID), Target: string(caller.User.ID), Err: err})
		}()
		hash, err := s.newPassword(ctx, caller, p.CurrentPassword, *p.Password)
		if err != nil {
			return chat.User{}, err
		}
		patch.PasswordHash = &hash
	}
	if err := s.Charge(caller.User.ID, cost); err != nil {
		return chat.User{}, err
	}
	user, err = s.PatchUser(ctx, caller.User.ID, patch)
	if err != nil {
		s.Refund(caller.User.ID, cost)
		return user, err
	}
	if cost.Posts > 0 {
		s.signalUser(ctx, user.ID)
	}
	if p.Picture != nil {
		s.files.Wake() // the one before is removed
	}
	return user, nil
}

// newPassword returns the hash of next if current is the caller's current password.
func (s users) newPassword(ctx context.Context, caller Caller, current *string, next string) (string, error) {
	next, err := chat.NewPassword(next)
	if err != nil {
		return "", err
	}
	if err := s.checkWeakPassword(ctx, next, caller.User.Handle, caller.User.Name); err != nil {
		return "", err
	}
	given := ""
	if current != nil {
		given = *current
	}
	if err := s.confirm(ctx, caller, "currentPassword", given); err != nil {
		return "", err
	}
	return s.auth.Hash(ctx, caller.hashQueues(), next)
}

// confirm returns wrong_password, for the field, unless the password is the caller's.
func (s *core) confirm(ctx context.Context, caller Caller, field, password string) error {
	_, hash, err := s.Credentials(ctx, caller.User.Handle)
	if err != nil {
		return err
	}
	ok, err := s.auth.Verify(ctx, caller.attempt(caller.User.Handle, caller.User.ID, true), password, hash)
	if err == nil && !ok {
		err = chat.FailField(chat.WrongPassword, field, "that is not your current password")
	}
	return err
}

// UpdateUser changes a user's role, or activates or deactivates them; admins only. The
// store keeps the last active admin.
func (s users) UpdateUser(ctx context.Context, caller Caller, id chat.UserID, role *chat.Role, active *bool) (chat.User, error) {
	if err := caller.CheckAdmin(); err != nil {
		return chat.User{}, err
	}
	if err := chat.CheckID("userId", id); err != nil {
		return chat.User{}, err
	}
	if role != nil {
		if err := chat.CheckRole(*role); err != nil {
			return chat.User{}, err
		}
	}
	user, err := s.PatchUser(ctx, id, chat.UserPatch{Role: role, Active: active, By: caller.User.ID})
	if role != nil {
		s.writeAudit(ctx, caller, id, *role == chat.RoleAdmin, audit.AdminGranted, audit.AdminRevoked, err)
	}
	if active != nil {
		s.writeAudit(ctx, caller, id, *active, audit.UserEnabled, audit.UserDisabled, err)
	}
	if err == nil {
		s.signalUser(ctx, id)
	}
	return user, err
}

// writeAudit writes the change of a user: of kind on or off.
func (s users) writeAudit(ctx context.Context, caller Caller, id chat.UserID, is bool, on, off audit.Kind, err error) {
	kind := off
	if is {
		kind = on
	}
	s.audit.Write(ctx, audit.Event{Kind: kind, Actor: string(caller.User.ID), Target: string(id), Err: err})
}

// signalUser signals that a user's entry changed. A lost signal does not undo the
// change: clients see it with the next users list.
func (s users) signalUser(ctx context.Context, id chat.UserID) {
	_ = s.Tell(ctx, chat.Signal{Kind: chat.SignalUser, By: id})
}
