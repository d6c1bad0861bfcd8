// Package disk has what the operating systems do in different ways: locks on files, and
// the space on a disk.
package disk

import "errors"

// ErrHeld is the error of Lock if the file is locked already, here or by another process.
// The lock ends when the file is closed, also by the end of the process.
var ErrHeld = errors.New("the file is locked by another process")
