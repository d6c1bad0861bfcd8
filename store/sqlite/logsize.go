package sqlite

import "os"

// WALBytes returns the size of SQLite's log in bytes. It grows while another program
// reads the database for long: what a reader may still need is not overwritten.
func (db *DB) WALBytes() int64 {
	info, err := os.Stat(db.walPath)
	if err != nil {
		return 0
	}
	return info.Size()
}

// checkLogSize logs that SQLite's log grows, at settings.longLog and at each doubling of
// it, and that it is short again. It is called after a checkpoint.
func (t *tx) checkLogSize() {
	size := t.db.WALBytes()
	switch {
	case size < t.db.longLog && t.warnedAt > 0:
		t.db.log.Info("SQLite's log is short again", "bytes", size)
		t.warnedAt = 0
	case size >= max(t.db.longLog, 2*t.warnedAt):
		t.db.log.Warn("SQLite's log grows: a long read holds it, mostly of another program that has the database open",
			"path", t.db.walPath, "bytes", size)
		t.warnedAt = size
	}
}
