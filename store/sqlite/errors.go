package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"parley/chat"
)

// The errors of this store alone; those that both stores return are in chat.

// errFull is the error of a write that a full disk does not allow (reserve.go).
func errFull() error {
	return chat.FailAfter(chat.Unavailable, 5*time.Second, "the server's disk is full: nothing new can be saved until it has room; deleting and signing out work")
}

func errExists(file string) error {
	return chat.FailField(chat.Conflict, "file", "%s exists already: a backup overwrites nothing", file)
}

func errInterrupted() error { return chat.Fail(chat.Unavailable, "the backup was interrupted") }

// errNotWritten includes the cause: the caller of a backup is an administrator of the
// machine.
func errNotWritten(cause error) error {
	return chat.Fail(chat.Unavailable, "the backup could not be written: %s", fmt.Sprint(cause))
}

// storeError returns an error of SQLite as a chat.Error: unavailable if a retry may help,
// else internal. A chat.Error, and the error of a context, is returned as it is. doing
// completes "the store could not …".
func storeError(err error, doing string) error {
	var known *chat.Error
	if err == nil || errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var e *driver.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			return errFull()
		case lib.SQLITE_IOERR, lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_NOMEM,
			lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PROTOCOL, lib.SQLITE_INTERRUPT:
			return chat.StoreUnavailable(err, doing)
		}
	}
	return chat.StoreFailed(err, doing)
}
