// Parley is a chat server in one binary. This file wires it: configuration,
// build, run, stop in reverse.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/internal/logging"
	"parley/server"
)

const (
	headerTimeout = 10 * time.Second // a peer has to send its request's head
	bodyTimeout   = 30 * time.Second // and its whole request
	writeTimeout  = 75 * time.Second // longer than the longest held call
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 6 * time.Second // for the calls and sockets of an orderly stop; the store then has 5 s
	logTimeout    = 2 * time.Second // for the end of the log to be read
	maxHeader     = 32 << 10
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals // a second one does not wait for the orderly stop
		os.Exit(1)
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: it returns the exit code. Tests call it too.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, command, err := parse(args, stdout, stderr)
	log := logging.NewWriter(stderr, c.handler)
	defer log.Close(logTimeout)
	if err == nil && command != nil {
		err = command(ctx, c, stdout, log)
	}
	if err != nil {
		fmt.Fprintln(log, "parley:", err)
		return 1
	}
	return 0
}

// serve runs the server until ctx ends, then stops it in order.
func serve(ctx context.Context, c *config, stdout io.Writer, stderr *logging.Writer) (err error) {
	signal.Ignore(syscall.SIGPIPE) // Go ends a process that writes to a stdout or stderr whose reader is gone
	log := slog.New(c.handler(stderr))
	slog.SetDefault(log) // for libraries that use package log
	out := logging.NewWriter(stdout, c.handler)
	defer out.Close(logTimeout)
	limitMemory(memlimit.FromCgroup, log)
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	db, err := c.open(ctx, listener, log)
	if err != nil {
		_ = listener.Close()
		if ctx.Err() != nil {
			return nil // stopped before it was ready
		}
		return fmt.Errorf("--store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	here := &url.URL{Scheme: "http", Host: reachable(listener.Addr().String())}
	built := c.server(db, log)
	built.LostLines = stderr.Lost
	s := server.New(built)

	servers := []*http.Server{{Handler: s.Handler()}}
	listeners := []net.Listener{listener}
	if c.MetricsListen != "" {
		l, err := net.Listen("tcp", c.MetricsListen)
		if err != nil {
			return errors.Join(fmt.Errorf("--metrics-listen: %w", err), listener.Close())
		}
		servers, listeners = append(servers, &http.Server{Handler: s.Metrics()}), append(listeners, l)
	}
	if path := c.controlPath(); path != "" {
		l, err := listenControl(path)
		if err != nil {
			log.Warn("recover, owner-link and backup cannot reach this server", "error", err)
		} else {
			// A stop interrupts a backup: it has no bound of its own.
			control := &http.Server{Handler: s.API.Control(here), BaseContext: func(net.Listener) context.Context { return ctx }}
			servers, listeners = append(servers, control), append(listeners, l)
		}
	}

	running, cancel := context.WithCancel(context.Background())
	defer cancel()
	g, failed := errgroup.WithContext(running)
	g.Go(func() error { return s.Run(running) })
	for i, h := range servers {
		h.ReadHeaderTimeout, h.ReadTimeout, h.WriteTimeout = headerTimeout, bodyTimeout, writeTimeout
		h.IdleTimeout, h.MaxHeaderBytes = idleTimeout, maxHeader
		h.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelDebug)
		g.Go(func() error {
			if err := h.Serve(listeners[i]); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	if err := announce(ctx, s, db, log, here, out); err != nil {
		log.Error("not ready", "error", err)
	}
	select {
	case <-ctx.Done():
	case <-failed.Done():
	}

	log.Info("stopping")
	bounded, release := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer release()
	var ending errgroup.Group // side by side: a held call ends when the hub does
	for _, h := range servers {
		ending.Go(func() error { return h.Shutdown(bounded) })
	}
	ending.Go(func() error { return s.Stop(bounded) })
	err = ending.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("stopping before everything was answered", "error", err)
		err = nil // nobody was told that it is done
	}
	cancel()
	return errors.Join(err, g.Wait())
}

// announce says where the server is, once it is ready, and shows the owner's
// link alone on its line until that is used.
func announce(ctx context.Context, s *server.Server, db chat.Store, log *slog.Logger, here *url.URL, stdout io.Writer) error {
	if err := s.Await(ctx); err != nil {
		return err
	}
	info, err := db.Server(ctx)
	if err != nil {
		return err
	}
	log.Info("ready", "url", here.String(), "version", version())
	if info.Setup == "" {
		return nil
	}
	owner, err := s.API.OwnerLink(ctx, here)
	if err == nil {
		fmt.Fprintf(stdout, "Open this link to become the owner of this server:\n%s\n", owner)
	}
	return err
}
