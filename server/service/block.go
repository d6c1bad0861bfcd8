package service

import (
	"context"

	"parley/chat"
)

// Block blocks a user for the caller.
func (s *Service) Block(ctx context.Context, caller Caller, user chat.UserID) error {
	return s.Store.Block(ctx, caller.User.ID, user)
}

// Unblock ends a block of the caller.
func (s *Service) Unblock(ctx context.Context, caller Caller, user chat.UserID) error {
	return s.Store.Unblock(ctx, caller.User.ID, user)
}

// Blocked returns the users whom the caller blocked.
func (s *Service) Blocked(ctx context.Context, caller Caller) ([]chat.User, error) {
	ids, err := s.Store.Blocks(ctx, caller.User.ID)
	if err != nil {
		return nil, err
	}
	return s.Users(ctx, ids)
}
