package main

import (
	"bytes"
	"log/slog"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// brokenListener is a listener whose Accept fails.
type brokenListener struct {
	net.Listener
	err error
}

func (b *brokenListener) Accept() (net.Conn, error) {
	return nil, &net.OpError{Op: "accept", Net: "tcp", Err: b.err}
}
func (b *brokenListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func TestFailedAcceptsAreLogged(t *testing.T) {
	for name, err := range map[string]error{
		"process": os.NewSyscallError("accept4", syscall.EMFILE), "system": os.NewSyscallError("accept4", syscall.ENFILE),
		"memory": os.NewSyscallError("accept4", syscall.ENOMEM), "buffers": os.NewSyscallError("accept4", syscall.ENOBUFS),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out bytes.Buffer
				l := &acceptLog{Listener: &brokenListener{err: err}, log: slog.New(slog.NewTextHandler(&out, nil))}
				for range 3 * 60 * 10 { // ten a second for three minutes
					if _, err := l.Accept(); err == nil {
						t.Fatal("accepted")
					}
					time.Sleep(100 * time.Millisecond)
				}
				logs := out.String()
				if strings.Count(logs, "\n") != 3 || strings.Count(logs, "level=ERROR") != 3 || strings.Count(logs, err.Error()) != 3 ||
					!strings.Contains(logs, "count=600") || !strings.Contains(logs, "address=127.0.0.1:80") {
					t.Errorf("logged %s", logs)
				}
			})
		})
	}
	for name, err := range map[string]error{"closed": net.ErrClosed, "handed on": os.ErrDeadlineExceeded} {
		var out bytes.Buffer
		l := &acceptLog{Listener: &brokenListener{err: err}, log: slog.New(slog.NewTextHandler(&out, nil))}
		_, _ = l.Accept()
		if out.Len() > 0 {
			t.Errorf("%s: logged %s", name, out.String())
		}
	}
}
