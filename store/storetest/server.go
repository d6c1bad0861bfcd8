package storetest

import (
	"context"
	"testing"

	"parley/chat"
)

func server(t *testing.T, open opener) {
	ctx := context.Background()

	t.Run("name and epoch", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		before, err := s.Server(ctx)
		must(t, err)
		must(t, s.Ping(ctx))
		epoch := s.Epoch()
		equal(t, "length of the epoch", len(epoch), chat.EpochLen)
		must(t, s.RenameServer(ctx, "Our place"))
		must(t, s.Close())
		s = open(t, dir)
		after, err := s.Server(ctx)
		must(t, err)
		equal(t, "server", after, chat.Server{Name: "Our place", Setup: before.Setup})
		equal(t, "epoch", s.Epoch(), epoch)
		if other := open(t, t.TempDir()); other.Epoch() == epoch {
			t.Fatal("two stores with one epoch")
		}
	})

	t.Run("refused after Close", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		must(t, s.Close())
		must(t, s.Close()) // again is nothing
		_, _, err := s.Identify(ctx, chat.SecretHash("token of ann"))
		wantError(t, err, chat.Unavailable)
		_, err = s.ChatsOf(ctx, ann.ID, chat.ChatList{WithLast: 1})
		wantError(t, err, chat.Unavailable)
		_, _, err = s.CreateChat(ctx, newGroup("g", ann))
		wantError(t, err, chat.Unavailable)
		wantError(t, s.EndOthers(ctx, ann.ID, ""), chat.Unavailable)
		wantError(t, s.Ping(ctx), chat.Unavailable)
		_, err = s.OpenFeed(ctx)
		wantError(t, err, chat.Unavailable)
	})

	t.Run("a caller whose context ended", func(t *testing.T) {
		s := open(t, t.TempDir())
		account(t, s, "ann")
		gone, cancel := context.WithCancel(ctx)
		cancel()
		if _, _, err := s.Identify(gone, chat.SecretHash("token of ann")); err == nil || chat.Is(err, chat.NoIdentity) {
			t.Fatalf("a live session, no time to look: %v", err)
		}
		if err := s.Ping(gone); err == nil {
			t.Fatal("no time to look, and yet well")
		}
	})
}
