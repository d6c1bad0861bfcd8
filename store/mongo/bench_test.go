package mongo_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

// Each figure is a ratio to the bare driver on the same server in the same run, by turns:
// the server is a stand-in whose own speed is of no interest.

const turns = 5

// text has 150 bytes.
var text = strings.Repeat("Fifty bytes of a message that somebody has typed. ", 3)

// row is a post as the bare reader decodes it.
type row struct {
	ID       string `bson:"_id"`
	Chat     string
	Seq      uint64
	N        uint64
	Kind     string
	At       int64
	By       string
	ClientID string `bson:"clientId"`
	Text     string
}

// bench is a database with users, chats and a bare collection beside it that
// has the same indexes.
type bench struct {
	replicas []*mongo.DB
	users    []chat.UserID
	chats    []chat.ChatID
	client   *driver.Client
	events   *driver.Collection
	bare     *driver.Collection
}

func newBench(b *testing.B, replicas, users, chats int) *bench {
	b.Helper()
	ctx := context.Background()
	name := "b" + strconv.FormatInt(time.Now().UnixNano(), 36)
	must := func(err error) {
		b.Helper()
		if err != nil {
			b.Fatal(err)
		}
	}
	server := mongotest.Start(b) // an old one is slower
	s := &bench{}
	for range replicas {
		db, err := mongo.Open(ctx, server.URL(name), 50, slog.New(slog.DiscardHandler))
		must(err)
		b.Cleanup(func() { db.Close() })
		s.replicas = append(s.replicas, db)
	}
	db := s.replicas[0]
	for i := range users {
		u, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: "user" + strconv.Itoa(i), Name: "User", PasswordHash: "-",
			Session: chat.NewSession{TokenHash: chat.SecretHash(strconv.Itoa(i))}})
		must(err)
		s.users = append(s.users, u.ID)
	}
	for i := range chats {
		members := s.users[:1]
		if chats == 1 {
			members = s.users[1:]
		}
		made, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, Title: "Chat", By: s.users[i%users], ClientID: strconv.Itoa(i), Members: members})
		must(err)
		s.chats = append(s.chats, made.ID)
	}
	journaled := true
	var err error
	s.client, err = driver.Connect(options.Client().ApplyURI(mongotest.URL(server.Addr(), name)).SetMaxPoolSize(50).
		SetReadConcern(readconcern.Majority()).SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journaled}))
	must(err)
	b.Cleanup(func() { _ = s.client.Disconnect(ctx) })
	s.events = s.client.Database(name).Collection("events")
	s.bare = s.client.Database(name).Collection("bare")
	cur, err := s.events.Indexes().List(ctx)
	must(err)
	var indexes []struct {
		Key     bson.D
		Name    string
		Unique  bool
		Partial bson.D `bson:"partialFilterExpression"`
	}
	must(cur.All(ctx, &indexes))
	for _, i := range indexes {
		if i.Name == "_id_" {
			continue
		}
		o := options.Index().SetUnique(i.Unique)
		if i.Partial != nil {
			o.SetPartialFilterExpression(i.Partial)
		}
		_, err := s.bare.Indexes().CreateOne(ctx, driver.IndexModel{Keys: i.Key, Options: o})
		must(err)
	}
	return s
}

// doc is the document of a post, as the store writes it.
func (s *bench) doc(author, i int) bson.D {
	c, u, id := s.chats[author%len(s.chats)], s.users[author%len(s.users)], strconv.Itoa(author)+"-"+strconv.Itoa(i)
	return bson.D{{Key: "_id", Value: string(c) + " p " + string(u) + " " + id}, {Key: "chat", Value: c}, {Key: "seq", Value: int64(author)<<32 + int64(i)},
		{Key: "n", Value: int64(i)}, {Key: "kind", Value: chat.Posted}, {Key: "at", Value: chat.Now()}, {Key: "by", Value: u}, {Key: "clientId", Value: id}, {Key: "text", Value: text}}
}

// race lets authors call f, each one call at a time, n calls in all, and returns the calls
// per second and their durations, sorted.
func (s *bench) race(b *testing.B, authors, n int, f func(author, i int) error) (rate float64, took []time.Duration) {
	took = make([]time.Duration, n)
	var next atomic.Int64
	var all sync.WaitGroup
	start := time.Now()
	for author := range authors {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				began := time.Now()
				if err := f(author, i); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(began)
			}
		})
	}
	all.Wait()
	rate = float64(n) / time.Since(start).Seconds()
	slices.Sort(took)
	return rate, took
}

// compare runs ours and the bare driver's turn by turn and reports the middle
// ratio of ours to it, with the extremes.
func (s *bench) compare(b *testing.B, authors, n int, ours, bare func(author, i int) error) {
	var ratios []float64
	var mine, theirs []time.Duration
	// Reads before the first message of a chat do not count.
	calls := 2 * authors
	s.race(b, authors, calls, ours)
	for b.Loop() {
		for range turns {
			base := calls
			theirRate, t := s.race(b, authors, n, func(author, i int) error { return bare(author, base+i) })
			myRate, m := s.race(b, authors, n, func(author, i int) error { return ours(author, base+i) })
			calls += n
			ratios = append(ratios, myRate/theirRate)
			mine, theirs = append(mine, m...), append(theirs, t...)
		}
	}
	slices.Sort(ratios)
	slices.Sort(mine)
	slices.Sort(theirs)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(ratios[0], "ratio-min")
	b.ReportMetric(ratios[len(ratios)-1], "ratio-max")
	for name, d := range map[string]time.Duration{"p50": at(mine, 50), "p99": at(mine, 99), "bare-p50": at(theirs, 50), "bare-p99": at(theirs, 99)} {
		b.ReportMetric(float64(d.Microseconds())/1000, name+"-ms")
	}
}

func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)-1)*percent/100]
}

// post posts through one of the replicas.
func (s *bench) post(author, i int) error {
	done := make(chan error, 1)
	u, c := s.users[author%len(s.users)], s.chats[author%len(s.chats)]
	err := s.replicas[author%len(s.replicas)].Append(context.Background(),
		chat.Event{Kind: chat.Posted, ChatID: c, By: u, ClientID: strconv.Itoa(author) + "-" + strconv.Itoa(i), Text: text}, chat.Post,
		func(_ chat.Event, _ bool, err error) { done <- err })
	if err != nil {
		return err
	}
	return <-done
}

func (s *bench) insert(author, i int) error {
	_, err := s.bare.InsertOne(context.Background(), s.doc(author, i))
	return err
}

// 100 authors in 100 chats: each post is an insert of its own.
func BenchmarkPosts(b *testing.B) {
	s := newBench(b, 1, 100, 100)
	s.compare(b, 100, 400, s.post, s.insert)
}

// 50 authors in one chat on three replicas, which race for its numbers.
func BenchmarkHotChat(b *testing.B) {
	s := newBench(b, 3, 50, 1)
	s.compare(b, 50, 300, s.post, s.insert)
}

// Pages of 50 messages from a chat of 1,000, beside a Find that knows its range
// and reads the same documents into structs.
func BenchmarkPage(b *testing.B) {
	s := newBench(b, 1, 1, 1)
	if _, took := s.race(b, 50, 1000, s.post); took == nil {
		b.Fatal("nothing was posted")
	}
	ctx := context.Background()
	s.compare(b, 1, 100, func(_, i int) error {
		p, err := s.replicas[0].Page(ctx, s.users[0], s.chats[0], chat.Window{Limit: 50})
		if err == nil && len(p.Messages) != 50 {
			err = fmt.Errorf("%d messages", len(p.Messages))
		}
		return err
	}, func(_, i int) error {
		var list []row
		cur, err := s.events.Find(ctx, bson.D{{Key: "chat", Value: s.chats[0]}, {Key: "kind", Value: chat.Posted},
			{Key: "n", Value: bson.D{{Key: "$gte", Value: 951}, {Key: "$lte", Value: 1000}}}}, options.Find().SetSort(bson.D{{Key: "n", Value: 1}}))
		if err == nil {
			err = cur.All(ctx, &list)
		}
		if err == nil && len(list) != 50 {
			err = fmt.Errorf("%d documents", len(list))
		}
		return err
	})
}
