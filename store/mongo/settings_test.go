package mongo

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// SetClock sets the store's clock, before its first use.
func SetClock(db *DB, now func() int64) { db.now = now }

// SetSilence sets how often a feed writes a marker, and for how long it waits
// for one; before the first feed.
func SetSilence(db *DB, every, limit time.Duration) { db.markEvery, db.silence = every, limit }

// OpenWithAttempts is Open with another time that an attempt of a call may take.
func OpenWithAttempts(ctx context.Context, url string, log *slog.Logger, timeout time.Duration) (*DB, error) {
	o := defaultSettings()
	o.attemptTimeout = timeout
	return open(ctx, url, 10, log, o)
}

// OpenWithProgress is Open with another time between two log lines about a build of indexes.
func OpenWithProgress(ctx context.Context, url string, log *slog.Logger, every time.Duration) (*DB, error) {
	o := defaultSettings()
	o.progressEvery = every
	return open(ctx, url, 10, log, o)
}

// SetSchema writes the version of the database.
func SetSchema(t *testing.T, db *DB, version int) {
	t.Helper()
	if _, err := db.meta.UpdateOne(t.Context(), serverID, set(bson.E{Key: "schema", Value: version})); err != nil {
		t.Fatal(err)
	}
}
