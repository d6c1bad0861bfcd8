package service

import (
	"context"

	"parley/chat"
)

// blocks are the operations of blocks.
type blocks struct{ *core }

// Block blocks a user for the caller.
func (s blocks) Block(ctx context.Context, caller Caller, user chat.UserID) error {
	return s.Store.Block(ctx, caller.User.ID, user)
}

// Unblock ends a block of the caller.
func (s blocks) Unblock(ctx context.Context, caller Caller, user chat.UserID) error {
	return s.Store.Unblock(ctx, caller.User.ID, user)
}

// Blocked returns the users whom the caller blocked.
func (s blocks) Blocked(ctx context.Context, caller Caller) ([]chat.User, error) {
	ids, err := s.Store.Blocks(ctx, caller.User.ID)
	if err != nil {
		return nil, err
	}
	return s.Users(ctx, ids)
}
