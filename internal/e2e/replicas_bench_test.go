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

// How long after Ann sent a message at one replica Bob has it at another one,
// beside a bare change stream that sees the same insert.
func BenchmarkToAnotherReplica(b *testing.B) {
	f := openFleet(b, "")
	ann := f.replicas[0].owner("ann")
	general := f.replicas[0].chats(ann)[0].ID
	bob := f.replicas[1].line(f.replicas[0].guest(ann, general, "bob"))
	sending := f.replicas[0].line(ann)

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(f.db.URL("parley")))
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
			sending.say(wire.Command{ID: 10 + sent, Do: "post", ChatID: general, ClientID: id, Text: "How long does this take?"})
			bob.until(func(v received) bool { return v.ClientID == id })
			heard := time.Now()
			told := <-seen
			socket, stream, over = append(socket, heard.Sub(began)), append(stream, told.Sub(began)), append(over, heard.Sub(told))
			sending.until(func(v received) bool { return v.Re == 10+sent })
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

// What three replicas that nobody uses ask of MongoDB, a second and replica.
// getMore is the change stream's; command holds the driver's heartbeats, and the
// bench's own call.
func BenchmarkIdleReplicas(b *testing.B) {
	const wait = 30 * time.Second
	f := openFleet(b, "")
	client, err := mongo.Connect(options.Client().ApplyURI(f.db.URL("parley")))
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
			b.ReportMetric(float64(n-before[name])/wait.Seconds()/float64(len(f.replicas)), name+"/s")
		}
	}
	b.ReportMetric(0, "ns/op")
}
