package mongo

import (
	"context"
	"errors"

	"parley/chat"
)

// errPingSilent is the error of this store alone; those that both stores return are in chat.
func errPingSilent() error {
	return chat.Fail(chat.Unavailable, "the change stream is silent; it is opened again")
}

// storeError returns an error of the driver as a chat.Error: unavailable if a retry may
// help, else internal. A chat.Error is returned as it is. An ended context is no sign that
// the caller gave up, since the driver ends calls of its own: see readError.
func storeError(err error, doing string) error {
	var known *chat.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if retryable(err) {
		return chat.StoreUnavailable(err, doing)
	}
	return chat.StoreFailed(err, doing)
}

// readError returns the error of the caller's context if that ended, else storeError.
func readError(ctx context.Context, err error, doing string) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return storeError(err, doing)
}
