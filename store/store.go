// Package store opens a store by its URL.
package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"parley/chat"
	"parley/store/sqlite"
)

// Open opens the store that url names: sqlite:PATH is one file on this machine.
func Open(ctx context.Context, url string, log *slog.Logger) (chat.Store, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok || path == "" {
		return nil, fmt.Errorf("the store must be sqlite:PATH, for example sqlite:./parley-data/parley.db, not %q", url)
	}
	return sqlite.Open(ctx, path, log)
}
