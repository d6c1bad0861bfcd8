//go:build unix

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

// lock takes f for this process alone, or returns errHeld at once (flock(2)).
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errHeld
	}
	return err
}
