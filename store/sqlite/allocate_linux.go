package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// allocate returns the bytes of f from one offset to another their place on the
// disk (fallocate(2)).
func allocate(f *os.File, from, to int64) error {
	err := unix.Fallocate(int(f.Fd()), 0, from, to-from)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENOSYS) {
		return fill(f, from, to)
	}
	return err
}
