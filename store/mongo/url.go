package mongo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/connstring"

	"parley/chat"
)

// resolve parses the URL and looks up a mongodb+srv:// name. It does not wait for the
// lookup, which takes no context, when ctx ends.
func resolve(ctx context.Context, url string) (*connstring.ConnString, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	type result struct {
		where *connstring.ConnString
		err   error
	}
	resolved := make(chan result, 1)
	go func() {
		where, err := connstring.ParseAndValidate(url)
		resolved <- result{where, err}
	}()
	select {
	case r := <-resolved:
		if r.err != nil {
			return nil, urlError(r.err)
		}
		return r.where, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// clientOptions returns the URL's options, except for those on which the store's guarantees
// depend.
func (db *DB) clientOptions(url, app string) *options.ClientOptions {
	journaled := true
	return options.Client().SetServerSelectionTimeout(selectTimeout).SetConnectTimeout(connectTimeout).ApplyURI(url).SetAppName(app).
		SetReadPreference(readpref.Primary()).SetReadConcern(readconcern.Majority()).
		SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled}).
		SetMonitor(db.monitor)
}

// quoted matches parts of the URL that the driver repeats in errors, and which may be of
// the password.
var quoted = regexp.MustCompile(`"[^"]*"`)

// urlError returns an error of a URL without the values that the driver quotes. A
// mongodb+srv:// name that does not resolve is like a host that cannot be reached yet.
func urlError(err error) error {
	var lookup *net.DNSError
	if errors.As(err, &lookup) {
		return chat.StoreUnavailable(err, "be reached")
	}
	return fmt.Errorf("the store's URL: %s", quoted.ReplaceAllString(err.Error(), "…"))
}
