package mongo

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"
)

// Codes of the server for conflicts with another write, and for a closed cursor.
// https://www.mongodb.com/docs/manual/reference/error-codes/
const (
	codeDuplicate = 11000
	codeConflict  = 112
	codeNoCursor  = 43
)

// retryable reports whether the same call may succeed later: after an error of the
// network, a primary that steps down or is missing, a conflict with another write.
func retryable(err error) bool {
	var labeled mongo.LabeledError
	var selection topology.ServerSelectionError
	var pool driver.RetryablePoolError
	var server mongo.ServerError
	switch {
	case outcomeUnknown(err):
		return true
	case errors.As(err, &labeled) && (labeled.HasErrorLabel("TransientTransactionError") || labeled.HasErrorLabel("RetryableWriteError") ||
		labeled.HasErrorLabel("UnknownTransactionCommitResult") || labeled.HasErrorLabel("NetworkError")):
		return true
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), errors.As(err, &selection), errors.As(err, &pool),
		errors.Is(err, mongo.ErrClientDisconnected), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return true
	case errors.As(err, &server):
		for _, code := range retryableCodes {
			if server.HasErrorCode(code) {
				return true
			}
		}
	}
	return isConflict(err)
}

// retryableCodes are those of the driver's specification of retryable reads and
// writes, for servers and fail points that give no label.
// https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
var retryableCodes = []int{6, 7, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436}

// isConflict reports whether another write changed the key or the document first: the
// caller reads and judges again.
func isConflict(err error) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && (server.HasErrorCode(codeDuplicate) || server.HasErrorCode(codeConflict))
}

// unknownOutcomeError is the last error of a transaction that may be committed
// nevertheless: to run it again could do it twice. The caller gets unavailable, and finds
// the outcome by reading, or by the clientId.
type unknownOutcomeError struct{ error }

func (e unknownOutcomeError) Unwrap() error { return e.error }

func outcomeUnknown(err error) bool {
	var u unknownOutcomeError
	return errors.As(err, &u)
}

// aborted reports whether a commit's error means that the transaction is not and will not
// be committed. Other errors do not: the driver returns those of a timeout (such as no
// primary found) as they are.
// https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md
func aborted(err error) bool {
	var labeled mongo.LabeledError
	return errors.As(err, &labeled) && labeled.HasErrorLabel("TransientTransactionError") && !labeled.HasErrorLabel("UnknownTransactionCommitResult")
}

// backoff waits before attempt n (1, 2, …) after a retryable error: a few milliseconds,
// doubling to half a second, half of it random. It returns false if ctx ended.
func backoff(ctx context.Context, n int) bool {
	d := min(2*time.Millisecond<<min(n, 8), 500*time.Millisecond)
	timer := time.NewTimer(d/2 + rand.N(d/2))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// transaction runs f in the only transaction of the session: after a commit without an
// answer the driver treats the session's next statements as parts of the same transaction.
// A commit is sent again until its outcome is known or ctx ends.
func transaction(ctx context.Context, s *mongo.Session, f func() error) error {
	if err := s.StartTransaction(options.Transaction().SetReadConcern(readconcern.Snapshot())); err != nil {
		return err
	}
	err := f()
	if err == nil {
		err = ctx.Err() // no commit was tried yet: it can still be aborted for certain
	}
	if err != nil {
		abort(ctx, s)
		return err
	}
	for n := 1; ; n++ {
		err := s.CommitTransaction(ctx)
		if err == nil || aborted(err) {
			return err
		}
		if !backoff(ctx, n) {
			return unknownOutcomeError{err}
		}
	}
}

// abort aborts the transaction. If that fails, the server does so itself after a minute.
func abort(ctx context.Context, s *mongo.Session) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	_ = s.AbortTransaction(ctx)
}

// transact runs f in a transaction that extends no log, until it is committed, f returns
// an error that is not retryable, or writeTimeout is over. f may run several times, each
// on a newer snapshot; it must use t.ctx for its calls and keep nothing of t. It does not
// end with a caller's context, since the outcome would be unknown.
func (db *DB) transact(f func(t *tx) error) error {
	ctx, cancel := context.WithTimeout(db.ctx, writeTimeout)
	defer cancel()
	for n := 1; ; n++ {
		err := db.session(ctx, func(ctx context.Context, s *mongo.Session) error {
			return transaction(ctx, s, func() error { return f(db.tx(ctx)) })
		})
		if err == nil || !retryable(err) || outcomeUnknown(err) || !backoff(ctx, n) {
			return err
		}
	}
}
