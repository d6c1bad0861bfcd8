package mongo

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
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
// network, a primary that steps down or is missing, a server that is overloaded, a conflict
// with another write.
func retryable(err error) bool {
	var selection topology.ServerSelectionError
	var pool driver.RetryablePoolError
	switch {
	case outcomeUnknown(err), hasLabel(err), writeNotConfirmed(err):
		return true
	case mongo.IsNetworkError(err), mongo.IsTimeout(err), errors.As(err, &selection), errors.As(err, &pool),
		errors.Is(err, mongo.ErrClientDisconnected), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return true
	}
	var server mongo.ServerError
	return errors.As(err, &server) && slices.ContainsFunc(retryableCodes, server.HasErrorCode) || isConflict(err)
}

// retryableLabels are the labels of errors that pass, by the server or the driver.
// https://github.com/mongodb/specifications/blob/master/source/client-backpressure/client-backpressure.md
var retryableLabels = []string{"TransientTransactionError", "RetryableWriteError", "UnknownTransactionCommitResult", "NetworkError",
	"SystemOverloadedError", "RetryableError"}

func hasLabel(err error) bool {
	var labeled mongo.LabeledError
	return errors.As(err, &labeled) && slices.ContainsFunc(retryableLabels, labeled.HasErrorLabel)
}

// writeNotConfirmed reports whether the server did what was asked, but not yet as the write
// concern demands: it may still reach a majority, whatever the code is.
func writeNotConfirmed(err error) bool {
	var one mongo.WriteException
	var many mongo.BulkWriteException
	return errors.As(err, &one) && one.WriteConcernError != nil || errors.As(err, &many) && many.WriteConcernError != nil
}

// unanswered reports whether a call found a server, which gave no answer in time.
func unanswered(err error) bool {
	var selection topology.ServerSelectionError
	return mongo.IsTimeout(err) && !errors.As(err, &selection)
}

// retryableCodes are those of the driver's specification of retryable reads and
// writes, for servers and fail points that give no label, and others that pass.
// https://github.com/mongodb/specifications/blob/master/source/retryable-writes/retryable-writes.md
// https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
var retryableCodes = []int{
	6, 7, 64, 89, 91, 112, 134, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436,
	24,    // LockTimeout
	46,    // LockBusy
	50,    // MaxTimeMSExpired
	117,   // ConflictingOperationInProgress
	133,   // FailedToSatisfyReadPreference
	175,   // QueryPlanKilled
	202,   // NetworkInterfaceExceededTimeLimit
	216,   // ElectionInProgress
	237,   // CursorKilled
	246,   // SnapshotUnavailable
	264,   // TooManyFilesOpen
	276,   // IndexBuildAborted
	285,   // IndexBuildAlreadyInProgress
	290,   // TransactionExceededLifetimeLimitSeconds
	355,   // InterruptedDueToStorageChange
	365,   // TemporarilyUnavailable
	371,   // UserWritesBlocked
	462,   // IngressRequestRateLimitExceeded
	11601, // Interrupted
	14031, // OutOfDiskSpace
	codeNoCursor,
}

// isConflict reports whether another write changed the key or the document first: the
// caller reads and judges again.
func isConflict(err error) bool {
	var server mongo.ServerError
	return isDuplicate(err) || errors.As(err, &server) && server.HasErrorCode(codeConflict)
}

func isDuplicate(err error) bool {
	var server mongo.ServerError
	return errors.As(err, &server) && server.HasErrorCode(codeDuplicate)
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
// be committed: only the server can know. Errors of the driver, which have no code, and
// other ones of the server leave it open.
// https://github.com/mongodb/specifications/blob/master/source/transactions/transactions.md
func aborted(err error) bool {
	var answer mongo.CommandError
	return errors.As(err, &answer) && answer.Code != 0 && answer.HasErrorLabel("TransientTransactionError") && !answer.HasErrorLabel("UnknownTransactionCommitResult")
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

// commit is sent as a command, for each attempt: the driver's CommitTransaction sends a retry
// without the wait for the journal.
var commit = bson.D{{Key: "commitTransaction", Value: 1}, {Key: "writeConcern", Value: bson.D{{Key: "w", Value: "majority"}, {Key: "j", Value: true}}}}

// transaction runs f in the only transaction of the session. A commit is sent again until
// its outcome is known or ctx ends. The session must end with an ended context, since the
// driver does not know of the commit and would abort the transaction.
func (db *DB) transaction(ctx context.Context, s *mongo.Session, f func() error) error {
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
		attempt, end := context.WithTimeout(ctx, db.attemptTimeout)
		err := db.client.Database("admin").RunCommand(attempt, commit).Err()
		end()
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
			attempt, end := context.WithTimeout(ctx, db.attemptTimeout)
			defer end()
			return db.transaction(ctx, s, func() error { return f(db.tx(attempt)) })
		})
		if err == nil || !retryable(err) || outcomeUnknown(err) || !backoff(ctx, n) {
			return err
		}
	}
}
