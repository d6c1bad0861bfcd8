package service

import (
	"context"

	"parley/chat"
	"parley/wire"
)

// server are the operations on the server itself.
type server struct{ *core }

// Registration returns the policy for creating accounts.
func (s server) Registration() Registration { return s.registration }

// Limits returns the limits that clients are told.
func (s server) Limits() wire.Limits {
	return wire.Limits{
		Text:    int64(s.limits.Text),
		Body:    int64(s.limits.Body),
		Message: s.limits.Message,
		Page:    chat.MaxPage,
		Quote:   chat.MaxQuote,
		Readers: chat.SmallChat,
		Sockets: int64(s.limits.Sockets),
		Posts:   wire.Rate{N: int64(s.limits.Posts.N), PerMs: s.limits.Posts.Per.Milliseconds()},
		File:    int64(s.limits.File),
		Files:   chat.MaxFiles,
	}
}

// RenameServer renames the server; admins only.
func (s server) RenameServer(ctx context.Context, caller Caller, name string) error {
	if err := caller.CheckAdmin(); err != nil {
		return err
	}
	if err := chat.ServerTitle.CleanIn(&name); err != nil {
		return err
	}
	return s.Store.RenameServer(ctx, name)
}
