// Parley is a chat server in one binary. This file starts and stops its parts.
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
	"parley/store"
)

const (
	headerTimeout = 10 * time.Second // for the header of a request to arrive
	bodyTimeout   = 30 * time.Second // for the whole request to arrive
	writeTimeout  = 75 * time.Second // longer than the longest long poll
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 6 * time.Second // for requests and sockets to end in an orderly stop; the store then has 5 s
	logTimeout    = 2 * time.Second // for the rest of the log to be written
	maxHeader     = 32 << 10
)

func main() {
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // nohup, and shells that start it in the background
			signal.Notify(signals, s)
		}
	}
	go func() {
		first := <-signals
		stop()
		for second := range signals {
			if second == syscall.SIGHUP && first == syscall.SIGHUP {
				continue // a terminal that closes sends it more than once
			}
			os.Exit(1) // does not wait for the orderly stop
		}
	}()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs a command and returns the exit code.
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
	signal.Ignore(syscall.SIGPIPE) // otherwise a write to a closed stdout or stderr would end the process
	log := slog.New(c.handler(stderr))
	slog.SetDefault(log) // libraries use package log
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
			return nil // stopped before the store was open
		}
		return fmt.Errorf("--store: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	blobs, closeBlobs, err := store.OpenBlobs(ctx, c.Store, c.Files, db)
	if err != nil {
		return fmt.Errorf("--files: %w", errors.Join(err, listener.Close()))
	}
	defer func() { err = errors.Join(err, closeBlobs()) }()
	localURL := &url.URL{Scheme: "http", Host: reachable(listener.Addr().String())}
	cfg := c.server(db, log)
	cfg.Blobs, cfg.LostLines, cfg.Listen = blobs, stderr.Lost, listener.Addr()
	s := server.New(cfg)

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
			log.Warn("the commands recover, owner-link and backup cannot reach this server", "error", err)
		} else {
			// A backup has no timeout, so a stop interrupts it.
			control := &http.Server{Handler: s.Control(localURL).Handler(), BaseContext: func(net.Listener) context.Context { return ctx }}
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
			if err := h.Serve(&acceptLog{Listener: listeners[i], log: log}); !errors.Is(err, http.ErrServerClosed) {
				return err
			}
			return nil
		})
	}
	if err := announce(ctx, s, db, log, localURL, out); err != nil {
		log.Error("not ready", "error", err)
	}
	select {
	case <-ctx.Done():
	case <-failed.Done():
	}

	log.Info("stopping")
	stopCtx, cancelStop := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancelStop()
	var stops errgroup.Group // concurrent: a long poll ends when the hub is closed
	for _, h := range servers {
		stops.Go(func() error { return h.Shutdown(stopCtx) })
	}
	stops.Go(func() error { return s.Stop(stopCtx) })
	err = stops.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		log.Warn("stopping before everything was answered", "error", err)
		err = nil // what is left was not acknowledged
	}
	cancel()
	return errors.Join(err, g.Wait())
}

// announce waits until the server is ready and logs its URL. If the server has no
// owner, it prints the owner link on a line of its own.
func announce(ctx context.Context, s *server.Server, db chat.Store, log *slog.Logger, localURL *url.URL, stdout io.Writer) error {
	if err := s.Await(ctx); err != nil {
		return err
	}
	info, err := db.Server(ctx)
	if err != nil {
		return err
	}
	log.Info("ready", "url", localURL.String(), "version", version())
	if info.Setup == "" {
		return nil
	}
	link, err := s.Control(localURL).OwnerLink(ctx)
	if err == nil {
		fmt.Fprintf(stdout, "Open this link to become the owner of this server:\n%s\n", link)
	}
	return err
}
