package mongo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	monitoring "go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// MongoDB 5.0 is the first in which $lookup takes a localField together with a pipeline
// (members.go).
const (
	minVersion     = "5.0"
	minWireVersion = 13
)

// probeTimeout bounds the questions to the hosts of a URL that gave no primary.
const probeTimeout = 2 * time.Second

// hello has the fields of a server's answer by which it is accepted or refused.
// https://www.mongodb.com/docs/manual/reference/command/hello/
type hello struct {
	SetName        string `bson:"setName"`
	NotInitiated   bool   `bson:"isreplicaset"` // a member of a set before rs.initiate()
	Msg            string `bson:"msg"`
	MaxWireVersion int    `bson:"maxWireVersion"`
}

var errSharded = errors.New("the MongoDB server is the router of a sharded cluster, which Parley does not support: use a replica set")

// refusal returns why Parley cannot use a server, nil if it can or if waiting may help. set
// is the name of the replica set in the URL; it may be empty.
func (h *hello) refusal(set string) error {
	switch {
	case h.Msg == "isdbgrid":
		return errSharded
	case h.MaxWireVersion < minWireVersion:
		return tooOld(h.MaxWireVersion)
	case h.NotInitiated:
		return nil
	case h.SetName == "":
		return errors.New("the MongoDB server is standalone and has no change streams: " +
			"start it with --replSet NAME and run rs.initiate() once, one member is enough")
	case set != "" && set != h.SetName:
		return fmt.Errorf("the replica set of the MongoDB server is %q, the store's URL has replicaSet=%s", h.SetName, set)
	}
	return nil
}

func tooOld(wireVersion int) error {
	return fmt.Errorf("the MongoDB server is too old: Parley needs MongoDB %s or newer (wire version %d, the server has %d)", minVersion, minWireVersion, wireVersion)
}

// checkServer refuses deployments on which Parley cannot run. The driver ignores a server
// that does not fit the URL, for example a standalone one with replicaSet=, and finds no
// primary: then each host is asked by itself, and the deployment refused if all of them
// are.
func (db *DB) checkServer(ctx context.Context, o *options.ClientOptions) error {
	bounded, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	set := ""
	if o.ReplicaSet != nil {
		set = *o.ReplicaSet
	}
	var h hello
	err := sayHello(bounded, db.client, &h)
	if err == nil {
		return h.refusal(set)
	}
	probing, end := context.WithTimeout(ctx, probeTimeout)
	defer end()
	refusals := make([]error, len(o.Hosts))
	var asking sync.WaitGroup
	for i, host := range o.Hosts {
		asking.Go(func() { refusals[i] = probe(probing, host, o.TLSConfig, set) })
	}
	asking.Wait()
	if len(refusals) == 0 || slices.Contains(refusals, nil) {
		return storeError(err, "be reached")
	}
	return refusals[0]
}

// probe asks one host, without a password, and returns why it is refused. The driver sends
// nothing but the handshake to a server that is too old for it.
func probe(ctx context.Context, host string, secure *tls.Config, set string) error {
	var wireVersion atomic.Int32
	handshakes := &monitoring.ServerMonitor{ServerDescriptionChanged: func(e *monitoring.ServerDescriptionChangedEvent) {
		wireVersion.Store(e.NewDescription.MaxWireVersion)
	}}
	client, err := mongo.Connect(options.Client().SetHosts([]string{host}).SetDirect(true).SetTLSConfig(secure).SetAppName("parley").
		SetServerSelectionTimeout(probeTimeout).SetServerMonitor(handshakes))
	if err != nil {
		return nil
	}
	defer func() { _ = client.Disconnect(ctx) }() // the only error is that it is disconnected
	var h hello
	if err := sayHello(ctx, client, &h); err != nil {
		if v := wireVersion.Load(); v > 0 && v < minWireVersion {
			return tooOld(int(v))
		}
		return nil
	}
	return h.refusal(set)
}

func sayHello(ctx context.Context, client *mongo.Client, h *hello) error {
	return client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(h)
}
