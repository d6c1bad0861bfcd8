package sqlite_test

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

	"parley/chat"
	"parley/store/sqlite"
)

// crowd is a store with chats of twenty members each.
type crowd struct {
	*sqlite.DB
	users []chat.UserID
	chats []chat.ChatID
}

func newCrowd(b testing.TB, chats int) crowd {
	b.Helper()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, b.TempDir()+"/parley.db", slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	c := crowd{DB: db}
	for i := range 20 {
		u, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: "user" + strconv.Itoa(i), Name: "User", PasswordHash: "-",
			Session: chat.NewSession{TokenHash: chat.SecretHash(strconv.Itoa(i))}})
		if err != nil {
			b.Fatal(err)
		}
		c.users = append(c.users, u.ID)
	}
	for i := range chats {
		made, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, Title: "Chat", By: c.users[0], ClientID: strconv.Itoa(i), Members: c.users[1:]})
		if err != nil {
			b.Fatal(err)
		}
		c.chats = append(c.chats, made.ID)
	}
	return c
}

// text has 150 bytes.
var text = strings.Repeat("Fifty bytes of a message that somebody has typed. ", 3)

// load posts n messages from 64 callers, each with 64 in flight, by the given number of
// authors of each chat.
func (c crowd) load(b testing.TB, n, authors int) {
	var next atomic.Int64
	var callers sync.WaitGroup
	for caller := range 64 {
		callers.Add(1)
		go func() {
			defer callers.Done()
			slots := make(chan struct{}, 64)
			done := func(_ chat.Event, _ bool, err error) {
				if err != nil {
					b.Error(err)
				}
				<-slots
			}
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				slots <- struct{}{}
				draft := chat.Event{Kind: chat.Posted, ChatID: c.chats[int(i)%len(c.chats)], By: c.users[caller%authors],
					ClientID: fmt.Sprintf("%016x-%08x-benchmark", i, caller), Text: text}
				if err := c.Append(context.Background(), draft, chat.Post, done); err != nil {
					b.Error(err)
				}
			}
			for range cap(slots) {
				slots <- struct{}{}
			}
		}()
	}
	callers.Wait()
}

// Each author's read pointer is written once a batch: the more authors, the more
// of them.
func BenchmarkAppend(b *testing.B) {
	for _, authors := range []int{1, 20} {
		b.Run(fmt.Sprintf("authors=%d", authors), func(b *testing.B) {
			c := newCrowd(b, 100)
			b.ReportAllocs()
			b.ResetTimer()
			c.load(b, b.N, authors)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "posts/s")
		})
	}
}

func BenchmarkAppendOne(b *testing.B) {
	c := newCrowd(b, 1)
	took := make([]time.Duration, 0, b.N)
	acked := make(chan error)
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		draft := chat.Event{Kind: chat.Posted, ChatID: c.chats[0], By: c.users[0], ClientID: strconv.Itoa(i), Text: text}
		if err := c.Append(context.Background(), draft, chat.Post, func(_ chat.Event, _ bool, err error) { acked <- err }); err != nil {
			b.Fatal(err)
		}
		if err := <-acked; err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// A page of 50 out of 100,000 messages of one chat.
func BenchmarkPage(b *testing.B) {
	c := newCrowd(b, 1)
	c.load(b, 100_000, 20)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		p, err := c.Page(context.Background(), c.users[i%20], c.chats[0], chat.Window{Before: chat.Seq(100 + i*7919%99_900), Limit: 50})
		if err != nil || len(p.Messages) != 50 {
			b.Fatal(len(p.Messages), err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pages/s")
}

// A resume in a chat with ten events that the client lacks.
func BenchmarkAfter(b *testing.B) {
	c := newCrowd(b, 1)
	c.load(b, 10_000, 20)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		events, _, err := c.After(context.Background(), c.users[i%20], c.chats[0], chat.Seq(1+i*7919%9_900), 10, 256<<10)
		if err != nil || len(events) != 10 {
			b.Fatal(len(events), err)
		}
	}
}
