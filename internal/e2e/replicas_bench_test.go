package e2e

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/wire"
)

// BenchmarkToAnotherReplica measures the time from a post at one replica to its
// delivery on a socket at another one (socket), the time until a change stream of the
// driver alone has the same insert (stream), and the difference (over).
func BenchmarkToAnotherReplica(b *testing.B) {
	c := newCluster(b, "")
	ann := c.replicas[0].createOwner("ann")
	general := c.replicas[0].listChats(ann)[0].ID
	bob := c.replicas[1].openSocket(c.replicas[0].createUser(ann, general, "bob"))
	sending := c.replicas[0].openSocket(ann)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(c.db.URL("parley")))
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	bare, err := client.Database("parley").Collection("events").Watch(ctx, mongo.Pipeline{})
	if err != nil {
		b.Fatal(err)
	}
	defer bare.Close(context.WithoutCancel(ctx))
	const messages = 500
	var socket, stream, over []time.Duration
	sent := uint64(0)
	for b.Loop() {
		for range messages {
			sent++
			seen := make(chan time.Time, 1)
			go func() {
				if !bare.Next(ctx) {
					b.Error(bare.Err())
				}
				seen <- time.Now()
			}()
			id := fmt.Sprint(sent)
			began := time.Now()
			sending.send(wire.Command{ID: 10 + sent, Do: "post", ChatID: general, ClientID: id, Text: "How long does this take?"})
			bob.readUntil(func(v received) bool { return v.ClientID == id })
			delivered := time.Now()
			streamed := <-seen
			socket, stream, over = append(socket, delivered.Sub(began)), append(stream, streamed.Sub(began)), append(over, delivered.Sub(streamed))
			sending.readUntil(func(v received) bool { return v.Re == 10+sent })
		}
	}
	b.ReportMetric(0, "ns/op")
	for name, list := range map[string][]time.Duration{"socket": socket, "stream": stream, "over": over} {
		slices.Sort(list)
		for _, p := range []int{50, 99} {
			b.ReportMetric(float64(list[(len(list)-1)*p/100].Microseconds())/1000, fmt.Sprintf("%s-p%d-ms", name, p))
		}
	}
}

// BenchmarkIdleReplicas measures how many operations an idle replica causes on MongoDB
// per second. getMore is the change stream; command includes the heartbeats of the
// driver and the call of this benchmark.
func BenchmarkIdleReplicas(b *testing.B) {
	const wait = 30 * time.Second
	c := newCluster(b, "")
	client, err := mongo.Connect(options.Client().ApplyURI(c.db.URL("parley")))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	defer func() { _ = client.Disconnect(ctx) }()
	count := func() (ops map[string]int64) {
		var status struct{ Opcounters map[string]int64 }
		if err := client.Database("admin").RunCommand(ctx, bson.D{{Key: "serverStatus", Value: 1}}).Decode(&status); err != nil {
			b.Fatal(err)
		}
		return status.Opcounters
	}
	for b.Loop() {
		before := count()
		<-time.After(wait)
		for name, n := range count() {
			b.ReportMetric(float64(n-before[name])/wait.Seconds()/float64(len(c.replicas)), name+"/s")
		}
	}
	b.ReportMetric(0, "ns/op")
}
