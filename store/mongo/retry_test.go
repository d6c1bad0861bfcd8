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
