// Package store opens a store by its URL.
package store

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"

	"parley/chat"
	"parley/store/folder"
	"parley/store/mongo"
	"parley/store/sqlite"
)

// Open opens the store that url names: sqlite:PATH is one file on this machine,
// mongodb://… a replica set that many servers share, over at most pool
// connections each. After an unavailable error a later call may succeed.
func Open(ctx context.Context, url string, pool int, log *slog.Logger) (chat.Store, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && path != "" {
		db, err := sqlite.Open(ctx, path, log)
		if err != nil {
			return nil, err
		}
		return db, nil
	}
	if strings.HasPrefix(url, "mongodb://") || strings.HasPrefix(url, "mongodb+srv://") {
		db, err := mongo.Open(ctx, url, pool, log)
		if err != nil {
			return nil, err
		}
		return db, nil
	}
	// The error does not repeat the URL, which may have a password.
	return nil, errors.New("the store must be sqlite:PATH, for example sqlite:./parley-data/parley.db, or mongodb://HOST/NAME?replicaSet=SET")
}

// OpenBlobs opens where the bytes of files are stored: the folder dir, or else "files" beside
// the file of an SQLite database, or the MongoDB database that db is open on. close closes it.
func OpenBlobs(ctx context.Context, url, dir string, db chat.Store) (blobs chat.Blobs, close func() error, err error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok && dir == "" {
		dir = filepath.Join(filepath.Dir(path), "files")
	}
	if db, ok := db.(*mongo.DB); ok && dir == "" {
		b, err := db.OpenBlobs(ctx)
		return b, func() error { return nil }, err
	}
	f, err := folder.Open(dir, folder.Kept)
	if err != nil {
		return nil, nil, err
	}
	return f, f.Close, nil
}
