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

// storeError turns an error of the driver into a chat.Error at the edge: unavailable
// when a retry may help, else internal. A chat.Error stays as it is. Whether the
// caller gave up only their context tells: the driver ends calls of its own, too.
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

// readError is fault, or the caller's own end.
func readError(ctx context.Context, err error, doing string) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return storeError(err, doing)
}
