package mongo

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"parley/chat"
)

// cleared is the error of a call that waited for a connection while the pool was cleared.
type cleared struct{}

func (cleared) Error() string   { return "connection pool was cleared" }
func (cleared) Retryable() bool { return true }

// Callers try again after unavailable, and do not after internal.
func TestStoreError(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want chat.Code
	}{
		{"a step-down", mongo.CommandError{Code: 189}, chat.Unavailable},
		{"a shutdown", mongo.CommandError{Code: 91}, chat.Unavailable},
		{"a conflict", mongo.CommandError{Code: 112}, chat.Unavailable},
		{"a key that was taken", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 11000}}}, chat.Unavailable},
		{"a label", mongo.CommandError{Code: 1, Labels: []string{"TransientTransactionError"}}, chat.Unavailable},
		{"no primary", topology.ServerSelectionError{Wrapped: errors.New("none")}, chat.Unavailable},
		{"a pool that was cleared", cleared{}, chat.Unavailable},
		{"our own time is over", fmt.Errorf("wrapped: %w", context.DeadlineExceeded), chat.Unavailable},
		{"a client that is closed", mongo.ErrClientDisconnected, chat.Unavailable},
		{"a wrong password", mongo.CommandError{Code: 18}, chat.Internal},
		{"a right that is missing", mongo.CommandError{Code: 13}, chat.Internal},
		{"a document that does not suit", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 121}}}, chat.Internal},
		{"a call that the driver ended", context.Canceled, chat.Unavailable},
		{"a commit of which nothing is known", unknownOutcomeError{mongo.CommandError{Code: 13}}, chat.Unavailable},
		{"a server that is overloaded", mongo.CommandError{Code: 462, Labels: []string{"SystemOverloadedError", "RetryableError"}}, chat.Unavailable},
		{"an overload by its label", mongo.CommandError{Code: 1, Labels: []string{"SystemOverloadedError"}}, chat.Unavailable},
		{"an overload that may be retried", mongo.WriteException{Labels: []string{"RetryableError"}}, chat.Unavailable},
		{"an overload in a bulk", mongo.BulkWriteException{Labels: []string{"SystemOverloadedError"}}, chat.Unavailable},
		{"an overload by its code", mongo.CommandError{Code: 462}, chat.Unavailable},
		{"no room in the server's cache", mongo.CommandError{Code: 365}, chat.Unavailable},
		{"no room in the server's cache, of a write", mongo.BulkWriteException{WriteErrors: bulkErrors(365)}, chat.Unavailable},
		{"the time limit", mongo.CommandError{Code: 50}, chat.Unavailable},
		{"the time limit of a write", mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: 50}}}, chat.Unavailable},
		{"the time limit in a bulk", mongo.BulkWriteException{WriteErrors: bulkErrors(50)}, chat.Unavailable},
		{"the time limit of a write concern", mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 50}}, chat.Unavailable},
		{"the time limit of a write concern in a bulk", mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 50}}, chat.Unavailable},
		{"a write concern that was not met", mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, chat.Unavailable},
		{"too few members for a write concern", mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 100}}, chat.Unavailable},
		{"a write concern in a bulk that nobody knows", mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 99999}}, chat.Unavailable},
		{"a lock", mongo.CommandError{Code: 24}, chat.Unavailable},
		{"an operation that was killed", mongo.CommandError{Code: 11601}, chat.Unavailable},
		{"a cursor that is gone", mongo.CommandError{Code: 43}, chat.Unavailable},
		{"a snapshot that is gone", mongo.CommandError{Code: 246}, chat.Unavailable},
		{"a transaction that took too long", mongo.CommandError{Code: 290}, chat.Unavailable},
		{"writes that are blocked", mongo.CommandError{Code: 371}, chat.Unavailable},
		{"a full disk", mongo.CommandError{Code: 14031}, chat.Unavailable},
		{"a document that is too large", mongo.BulkWriteException{WriteErrors: bulkErrors(10334)}, chat.Internal},
		{"ours", chat.NoChat(), chat.NotFound},
	} {
		if got := chat.AsError(storeError(c.err, "write")); got == nil || got.Code != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	if got := readError(ctx, context.Canceled, "read"); !chat.Is(got, chat.Unavailable) {
		t.Errorf("a call that the driver ended: %v", got)
	}
	cancel()
	if got := readError(ctx, mongo.CommandError{Code: 189}, "read"); got != context.Canceled {
		t.Errorf("the caller's own error became %v", got)
	}
}

func bulkErrors(code int) []mongo.BulkWriteError {
	return []mongo.BulkWriteError{{WriteError: mongo.WriteError{Code: code}}}
}

// Only the server knows that a transaction is not committed.
func TestAborted(t *testing.T) {
	transient := []string{"TransientTransactionError"}
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"a transaction that is gone", mongo.CommandError{Code: 251, Labels: transient}, true},
		{"a connection that broke", mongo.CommandError{Labels: []string{"TransientTransactionError", "NetworkError"}}, false},
		{"no primary", mongo.CommandError{Labels: transient, Wrapped: topology.ServerSelectionError{}}, false},
		{"the time limit", mongo.CommandError{Code: 50}, false},
		{"a write concern that was not met", mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, false},
		{"both labels", mongo.CommandError{Code: 91, Labels: []string{"TransientTransactionError", "UnknownTransactionCommitResult"}}, false},
		{"a caller that gave up", context.Canceled, false},
	} {
		if got := aborted(c.err); got != c.want {
			t.Errorf("%s: aborted %v", c.name, got)
		}
	}
}

// A stream is resumed after its token, unless the server returns that it cannot be.
func TestLostFor(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"history lost", mongo.CommandError{Code: 286}, true},
		{"history lost, with a label", mongo.CommandError{Code: 286, Labels: []string{"NonResumableChangeStreamError"}}, true},
		{"an unusable token", mongo.CommandError{Code: 260}, true},
		{"a step-down", mongo.CommandError{Code: 189}, false},
		{"a cursor that is gone", mongo.CommandError{Code: 43}, false},
		{"a label", mongo.CommandError{Code: 1, Labels: []string{"ResumableChangeStreamError"}}, false},
		{"no primary", topology.ServerSelectionError{}, false},
		{"dropped", chat.ErrFeedLost, true},
	} {
		if got := lostFor(c.err); got != c.want {
			t.Errorf("%s: lost %v", c.name, got)
		}
	}
}
