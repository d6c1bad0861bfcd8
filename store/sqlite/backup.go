package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"parley/chat"
)

// Backup writes a copy of the database at one moment to a new file, while the store goes
// on. Only rows are copied: it has no deleted text. Its epoch is empty, so that the store
// that opens it starts a new history. The file appears complete and on disk, or not at
// all; an existing one is a conflict.
func (db *DB) Backup(ctx context.Context, file string) (err error) {
	db.sending.RLock() // while db.ended is raised, so that Close waits for this
	select {
	case <-db.stop:
		db.sending.RUnlock()
		return chat.StoreClosed(nil)
	default:
	}
	db.ended.Add(1)
	db.sending.RUnlock()
	defer db.ended.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-db.stop:
			cancel()
		case <-ctx.Done():
		}
	}()

	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return errNotWritten(err)
		}
		return errExists(file)
	}
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.part") // readable by its owner alone
	if err != nil {
		return errNotWritten(err)
	}
	defer func() {
		_ = os.Remove(part.Name()) // also after publish, which links it
		_ = os.Remove(part.Name() + "-journal")
	}()
	if err = part.Close(); err == nil {
		err = db.copyTo(ctx, part.Name())
	}
	if err == nil {
		err = publish(part.Name(), file)
	}
	var known *chat.Error
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case ctx.Err() != nil:
		return errInterrupted()
	}
	return errNotWritten(err)
}

// copyTo writes the copy into an empty file and empties its epoch.
func (db *DB) copyTo(ctx context.Context, file string) error {
	// A connection of its own: those of the read pool are few, and may not write.
	if err := run(ctx, db.name+"?_pragma=busy_timeout(1000)&_pragma=temp_store(MEMORY)", "VACUUM INTO ?", file); err != nil {
		return err
	}
	return run(ctx, address(file)+"?_pragma=journal_mode(MEMORY)&_pragma=secure_delete(ON)", "UPDATE meta SET value = '' WHERE key = 'epoch'")
}

// run runs one statement on a connection that it opens and closes.
func run(ctx context.Context, name, query string, args ...any) error {
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, query, args...)
	return errors.Join(err, db.Close())
}

// publish syncs a file to the disk and gives it its name, unless that is taken.
func publish(part, file string) error {
	if err := syncFile(part, os.O_RDWR); err != nil {
		return err
	}
	switch err := os.Link(part, file); {
	case errors.Is(err, fs.ErrExist):
		return errExists(file)
	case err != nil: // a file system without links
		if err := os.Rename(part, file); err != nil {
			return err
		}
	}
	if runtime.GOOS == "windows" { // it syncs no folders
		return nil
	}
	return syncFile(filepath.Dir(file), os.O_RDONLY)
}

func syncFile(path string, flag int) error {
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
