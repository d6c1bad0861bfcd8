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
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
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
}

// startPushService starts a push service on loopback.
func startPushService() (*pushService, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &pushService{address: l.Addr().String()}
	s.server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			s.received.Add(1)
		}
		w.WriteHeader(http.StatusCreated)
	})
	go func() { _ = s.server.Serve(l) }()
	return s, nil
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
