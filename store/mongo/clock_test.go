package mongo

// SetClock gives the store another clock; before its first use.
func SetClock(db *DB, now func() int64) { db.now = now }
