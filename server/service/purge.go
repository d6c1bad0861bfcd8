package service

import (
	"context"
	"log/slog"
	"time"
)

// purgeEvery is how often a server looks for deleted chats that are not purged: another
// replica may have been killed while it purged them.
const purgeEvery = time.Minute

// RunPurge purges deleted chats until ctx ends: at the start, after each deletion, and every
// purgeEvery.
func (s chats) RunPurge(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		more, err := s.Purge(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.LogAttrs(ctx, slog.LevelWarn, "purging a deleted chat failed and is tried again", slog.String("error", err.Error()))
		}
		if more && err == nil && ctx.Err() == nil {
			s.files.Wake()
			continue
		}
		select {
		case <-s.deleted:
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
