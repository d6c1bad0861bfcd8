package main

import (
	"errors"
	"log/slog"
	"net"
	"os"
	"time"
)

// acceptLogInterval is the time between two log lines about failures of one listener.
const acceptLogInterval = time.Minute

// acceptLog is a listener that logs why it cannot accept connections, once a minute:
// above all that the process or the system has too many open files. net/http tries again
// up to 200 times a second and reports only to its debug log.
type acceptLog struct {
	net.Listener
	log *slog.Logger

	// Owned by the goroutine that calls Accept.
	logged time.Time // of the last line
	failed int       // failures since then
}

// Accept waits for the next connection.
func (l *acceptLog) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) { // the others mean a stop
		return conn, err
	}
	l.failed++
	if now := time.Now(); l.logged.IsZero() || now.Sub(l.logged) >= acceptLogInterval {
		l.log.Error("connections cannot be accepted", "address", l.Addr().String(), "error", err, "count", l.failed)
		l.logged, l.failed = now, 0
	}
	return conn, err
}
