//go:build !linux

package sqlite

import "os"

// allocate returns the bytes of f from one offset to another their place on the disk.
func allocate(f *os.File, from, to int64) error { return fill(f, from, to) }
