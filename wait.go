package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"parley/chat"
	"parley/server"
	"parley/store"
)

const (
	openGrace       = time.Second      // until requests are answered while the store is opened
	openInterval    = time.Second      // between two attempts to open the store
	openLogInterval = 30 * time.Second // between two log lines about it
)

// open opens the store. While the store cannot be reached, open tries again until ctx
// ends. Meanwhile, and while the store takes long to open, because it is migrated, requests
// on the listener are answered with 503.
func (c *config) open(ctx context.Context, listener net.Listener, log *slog.Logger) (chat.Store, error) {
	waiting := newWaitingServer(listener, log)
	grace := time.AfterFunc(openGrace, waiting.start)
	db, err := store.Open(ctx, c.Store, c.StorePool, log)
	for logged := (time.Time{}); chat.Is(err, chat.Unavailable) && ctx.Err() == nil; db, err = store.Open(ctx, c.Store, c.StorePool, log) {
		waiting.start()
		if time.Since(logged) > openLogInterval {
			log.Warn("waiting for the store", "address", "http://"+reachable(listener.Addr().String()), "error", err)
			logged = time.Now()
		}
		select {
		case <-time.After(openInterval):
		case <-ctx.Done():
		}
	}
	grace.Stop()
	if stopErr := waiting.stop(ctx); err == nil && stopErr != nil {
		err = errors.Join(stopErr, db.Close())
	}
	return db, err
}

// waitingServer answers on a listener until the store is open, and leaves it open.
type waitingServer struct {
	listener keepOpen
	log      *slog.Logger
	http     *http.Server
	once     sync.Once
	served   chan struct{} // closed when Serve has returned; nil if it was not started
}

func newWaitingServer(listener net.Listener, log *slog.Logger) *waitingServer {
	return &waitingServer{
		listener: keepOpen{listener.(*net.TCPListener)},
		log:      log,
		http: &http.Server{Handler: server.Waiting(log), ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, WriteTimeout: bodyTimeout, MaxHeaderBytes: maxHeader,
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug)},
	}
}

// start begins to answer, unless stop was called.
func (w *waitingServer) start() {
	w.once.Do(func() {
		w.served = make(chan struct{})
		go func() {
			defer close(w.served)
			_ = w.http.Serve(&acceptLog{Listener: w.listener, log: w.log})
		}()
	})
}

// stop returns when all that was accepted is answered.
func (w *waitingServer) stop(ctx context.Context) error {
	w.once.Do(func() {})
	if w.served == nil {
		return nil
	}
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err := w.http.Shutdown(stopCtx)
	<-w.served
	_ = w.listener.SetDeadline(time.Time{})
	return err
}

// keepOpen is a listener that stays open: its Close only ends Accept, so that another
// server can use the listener afterwards.
type keepOpen struct{ *net.TCPListener }

// Close ends a pending and every later Accept until the deadline is reset.
func (l keepOpen) Close() error { return l.SetDeadline(time.Unix(1, 0)) }
