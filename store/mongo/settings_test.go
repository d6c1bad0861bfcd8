package mongo

import "time"

// SetClock sets the store's clock, before its first use.
func SetClock(db *DB, now func() int64) { db.now = now }

// SetSilence sets how often a feed writes a marker, and for how long it waits
// for one; before the first feed.
func SetSilence(db *DB, every, limit time.Duration) { db.markEvery, db.silence = every, limit }
