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
	waitRetry = time.Second      // between two attempts to open the store
	waitSay   = 30 * time.Second // between two lines that say so
)

// open opens the store. While it cannot be reached, whoever asks on the
// listener is told to come back; only ctx ends the wait.
func (c *config) open(ctx context.Context, listener net.Listener, log *slog.Logger) (chat.Store, error) {
	db, err := store.Open(ctx, c.Store, c.StorePool, log)
	if !chat.Is(err, chat.Unavailable) {
		return db, err
	}
	held := lent{listener.(*net.TCPListener)}
	waiting := &http.Server{Handler: server.Waiting(log), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout, MaxHeaderBytes: maxHeader,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = waiting.Serve(held)
	}()
	for said := (time.Time{}); chat.Is(err, chat.Unavailable); db, err = store.Open(ctx, c.Store, c.StorePool, log) {
		if time.Since(said) > waitSay {
			log.Warn("waiting for the store", "address", "http://"+reachable(listener.Addr().String()), "error", err)
			said = time.Now()
		}
		select {
		case <-time.After(waitRetry):
		case <-ctx.Done():
		}
	}
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	stopped := waiting.Shutdown(bounded)
	<-ended
	_ = held.SetDeadline(time.Time{})
	if err == nil && stopped != nil {
		err = errors.Join(stopped, db.Close())
	}
	return db, err
}

// lent is a listener that survives its Close, which only wakes its Accept.
type lent struct{ *net.TCPListener }

func (l lent) Close() error { return l.SetDeadline(time.Unix(1, 0)) }
