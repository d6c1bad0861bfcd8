package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"parley/chat"
	"parley/server"
	"parley/store"
)

const (
	openInterval    = time.Second      // between two attempts to open the store
	openLogInterval = 30 * time.Second // between two log lines about it
)

// open opens the store. While the store cannot be reached, open tries again until ctx
// ends, and requests on the listener are answered with 503.
func (c *config) open(ctx context.Context, listener net.Listener, log *slog.Logger) (chat.Store, error) {
	db, err := store.Open(ctx, c.Store, c.StorePool, log)
	if !chat.Is(err, chat.Unavailable) {
		return db, err
	}
	shared := keepOpen{listener.(*net.TCPListener)}
	waiting := &http.Server{Handler: server.Waiting(log), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = waiting.Serve(&acceptLog{Listener: shared, log: log})
	}()
	for logged := (time.Time{}); chat.Is(err, chat.Unavailable); db, err = store.Open(ctx, c.Store, c.StorePool, log) {
		if time.Since(logged) > openLogInterval {
			log.Warn("waiting for the store", "address", "http://"+reachable(listener.Addr().String()), "error", err)
			logged = time.Now()
		}
		select {
		case <-time.After(openInterval):
		case <-ctx.Done():
		}
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	stopErr := waiting.Shutdown(stopCtx)
	<-served
	_ = shared.SetDeadline(time.Time{})
	if err == nil && stopErr != nil {
		err = errors.Join(stopErr, db.Close())
	}
	return db, err
}

// keepOpen is a listener that stays open: its Close only ends Accept, so that another
// server can use the listener afterwards.
type keepOpen struct{ *net.TCPListener }

// Close ends a pending and every later Accept until the deadline is reset.
func (l keepOpen) Close() error { return l.SetDeadline(time.Unix(1, 0)) }
