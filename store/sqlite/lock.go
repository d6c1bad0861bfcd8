package sqlite

import (
	"errors"
	"fmt"
	"os"

	"parley/internal/disk"
)

// lockFile takes the lock that keeps a second process off the database. It is
// freed when the file is closed, also by the end of the process, and the empty
// file stays: removing it would let two processes lock two files of one name.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the store: %w", err)
	}
	if err := disk.Lock(f); err != nil {
		_ = f.Close()
		if errors.Is(err, disk.ErrHeld) {
			return nil, fmt.Errorf("the store is in use by another process, which holds %s", path)
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
