package main

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
)

// dayWithPushes is the scenario day with -push.
const dayWithPushes = "day-push"

// subscribers is one in how many people has a subscription, with -push.
const subscribers = 5

// pushService takes the pushes of a server in the place of all push services.
type pushService struct {
	address  string
	received atomic.Int64
	server   http.Server
	posted   []atomic.Int64 // when a direct message to each subscriber was due whose push did not come yet, in ns; 0: none
	direct   *latency       // from there to its push
}

// directWait is how long pushes of direct messages are waited for.
const directWait = 5 * time.Second

// startPushService starts a push service on loopback.
func startPushService() (*pushService, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &pushService{address: l.Addr().String(), direct: newLatency()}
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			s.received.Add(1)
			s.receive(r)
		}
		w.WriteHeader(http.StatusCreated)
	})
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

// receive measures the push of a direct message: nothing else in the scenario is urgent.
func (s *pushService) receive(r *http.Request) {
	person, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if i := person / subscribers; err == nil && r.Header.Get("Urgency") == "high" && i < len(s.posted) {
		if due := s.posted[i].Swap(0); due != 0 {
			s.direct.add(person, time.Since(time.Unix(0, due)))
		}
	}
}

// createDirects creates a direct chat between each subscriber and a user without a subscription.
func (s *pushService) createDirects(ctx context.Context, t *parley, p *process) ([]chat.ChatID, error) {
	chats := make([]chat.ChatID, len(t.tokens)/subscribers)
	s.posted = make([]atomic.Int64, len(chats))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range chats {
		g.Go(func() error {
			var out struct {
				Chat chat.Chat `json:"chat"`
			}
			person := i * subscribers
			err := call(ctx, p, t.tokens[person+1], "POST", "/api/chats",
				map[string]any{"clientId": chat.NewID[string](), "kind": chat.Direct, "members": []chat.UserID{t.users[person]}}, &out)
			chats[i] = out.Chat.ID
			return err
		})
	}
	return chats, g.Wait()
}

// subscribe subscribes the sessions of some people.
func (s *pushService) subscribe(ctx context.Context, t *parley, p *process) error {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	keys := map[string]string{"p256dh": base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(make([]byte, 16))}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for person := 0; person < len(t.tokens); person += subscribers {
		g.Go(func() error {
			return call(ctx, p, t.tokens[person], "PUT", "/api/push/subscription", map[string]any{"endpoint": fmt.Sprint("https://push.example.com/", person), "keys": keys}, nil)
		})
	}
	return g.Wait()
}

// watchQueue asks a server for the length of its queue until stop is called, which returns
// the longest.
func watchQueue(ctx context.Context, metrics string) (stop func() (longest float64, err error)) {
	ctx, cancel := context.WithCancel(ctx)
	longest, ended := 0.0, make(chan error, 1)
	go func() {
		for {
			n, err := counter(metrics, "parley_push_queued")
			if err != nil {
				ended <- err
				return
			}
			longest = max(longest, n)
			if sleep(ctx, time.Second) != nil {
				ended <- nil
				return
			}
		}
	}()
	return func() (float64, error) {
		cancel()
		err := <-ended
		return longest, err
	}
}
