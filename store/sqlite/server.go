package sqlite

import (
	"context"

	"parley/chat"
)

// Epoch is [chat.Store].Epoch.
func (db *DB) Epoch() string { return db.epoch }

// Server returns the server's name and the setup code.
func (db *DB) Server(ctx context.Context) (chat.Server, error) {
	var s chat.Server
	err := db.row(ctx, `SELECT (SELECT value FROM meta WHERE key = 'name'), (SELECT value FROM meta WHERE key = 'setup')`).Scan(&s.Name, &s.Setup)
	return s, storeError(err, "read the server's name")
}

// RenameServer sets the server's name.
func (db *DB) RenameServer(ctx context.Context, name string) error {
	return db.write(ctx, func(t *tx) error { return nameServer(t, name) })
}

func nameServer(t *tx, name string) error {
	_, err := t.exec(`UPDATE meta SET value = ? WHERE key = 'name'`, chat.ServerName(name))
	return err
}

// Ping reads, and writes a row through to the disk: a stuck writer is an error. After a
// batch that could not be written the row is as large as that, until it can be written:
// where no post fits, a short row may. While the store is Full it does not write. Unlike
// other writes it waits no longer than ctx.
func (db *DB) Ping(ctx context.Context) error {
	if _, err := db.Server(ctx); err != nil {
		return err
	}
	done, probe := make(chan error, 1), int64(0)
	err := db.put(ctx, &job{
		whenFull: true,
		run: func(t *tx) error {
			if db.full.Load() {
				return nil
			}
			probe = db.unwritten.Load()
			_, err := t.exec(`INSERT INTO meta (key, value) VALUES ('ping', CASE ?1 WHEN 0 THEN ?2 ELSE zeroblob(?1) END)
				ON CONFLICT (key) DO UPDATE SET value = excluded.value`, probe, t.now)
			return err
		},
		done: func(_ chat.Event, _ bool, err error) {
			if err == nil && probe > 0 {
				db.unwritten.CompareAndSwap(probe, 0)
			}
			done <- err
		},
	})
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// minProbe is what Ping writes at least after a batch that could not be written, in bytes:
// more than a post of the largest size needs.
const minProbe = 64 << 10

// probeSize returns how many bytes Ping has to write after a batch that could not be
// written: as many as the batch's texts.
func probeSize(batch []*job) (n int64) {
	for _, j := range batch {
		n += int64(len(j.draft.Text))
	}
	return min(max(n, minProbe), maxBatchBytes)
}
