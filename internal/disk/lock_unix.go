//go:build unix

package disk

import (
	"errors"
	"os"
	"syscall"
)

// Lock locks f, or returns ErrHeld at once if another open file holds it (flock(2)).
func Lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrHeld
	}
	return err
}
