package service

import (
	"context"
	"slices"

	"parley/chat"
	"parley/server/audit"
)

// blocks are the operations of blocks.
type blocks struct{ *core }

// Block blocks a user for the caller.
func (s blocks) Block(ctx context.Context, caller Caller, user chat.UserID) error {
	err := s.Store.Block(ctx, caller.User.ID, user)
	s.audit.Write(ctx, audit.Event{Kind: audit.UserBlocked, Actor: string(caller.User.ID), Target: string(user), Err: err})
	return err
}

// Unblock ends a block of the caller.
func (s blocks) Unblock(ctx context.Context, caller Caller, user chat.UserID) error {
	err := s.Store.Unblock(ctx, caller.User.ID, user)
	s.audit.Write(ctx, audit.Event{Kind: audit.UserUnblocked, Actor: string(caller.User.ID), Target: string(user), Err: err})
	return err
}

// Blocked returns the users whom the caller blocked.
func (s blocks) Blocked(ctx context.Context, caller Caller) ([]chat.User, error) {
	ids, err := s.Store.Blocks(ctx, caller.User.ID)
	if err != nil {
		return nil, err
	}
	return s.Users(ctx, ids)
}

// eitherBlocked reports whether one of two users blocked the other.
func (c *core) eitherBlocked(ctx context.Context, a, b chat.UserID) (bool, error) {
	for by, user := range map[chat.UserID]chat.UserID{a: b, b: a} {
		if list, err := c.Store.Blocks(ctx, by); err != nil || slices.Contains(list, user) {
			return err == nil, err
		}
	}
	return false, nil
}
