package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// pipedServer is a server whose output goes to pipes that a test may leave unread.
type pipedServer struct {
	*testServer
	metrics        string   // URL of the metrics
	stdout, stderr *os.File // the read ends of the pipes
}

// newPipedServer starts a server, reads its log until it is ready, and returns a
// reader of the rest. If full is set, the pipe of stdout is full from the start.
func newPipedServer(t *testing.T, full bool) (*pipedServer, *bufio.Reader) {
	t.Helper()
	s := &testServer{t: t, store: "sqlite:" + filepath.Join(t.TempDir(), "data", "parley.db"), addr: "127.0.0.1:0", done: make(chan struct{})}
	p := &pipedServer{testServer: s}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	p.metrics = "http://" + free.Addr().String() + "/metrics"
	s.cmd = parleyCommand(context.Background(), "--listen", s.addr, "--store", s.store, "--metrics-listen", free.Addr().String(),
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off")
	p.stdout, p.stderr = outputPipe(t, &s.cmd.Stdout, full), outputPipe(t, &s.cmd.Stderr, false)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.Writer{s.cmd.Stdout, s.cmd.Stderr} {
		_ = w.(*os.File).Close()
	}
	go func(cmd *exec.Cmd) {
		defer close(s.done)
		_ = cmd.Wait()
	}(s.cmd)
	t.Cleanup(s.kill)
	lines := bufio.NewReader(p.stderr)
	for s.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if m := urlField.FindStringSubmatch(line); m != nil {
			s.url, s.addr = m[1], strings.TrimPrefix(m[1], "http://")
		}
	}
	return p, lines
}

// outputPipe sets stream to the write end of a new pipe and returns the read end. If
// full is set, the pipe is full.
func outputPipe(t *testing.T, stream *io.Writer, full bool) *os.File {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	if full {
		if err := w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(make([]byte, 16<<20)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
	}
	w.Fd() // makes it blocking, like a pipe from a shell
	*stream = w
	return r
}

// terminate sends SIGTERM and checks that the process ends in order within the time.
func (p *pipedServer) terminate(within time.Duration) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
		if code := p.cmd.ProcessState.ExitCode(); code != 0 {
			p.t.Errorf("exit %d", code)
		}
	case <-time.After(within):
		p.t.Fatalf("the process still runs %v after SIGTERM", within)
	}
}

// mustGet sends a request that must be answered although the log is not read, and
// returns the body.
func (p *pipedServer) mustGet(url, token string) string {
	p.t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("GET %s: %s, %v", url, res.Status, err)
	}
	return string(b)
}

var lostLines = regexp.MustCompile(`(?m)^parley_log_lines_lost_total (\S+)`)

// If the log is not read, the server answers requests, counts lost lines in the
// metrics, and stops in time. When the log is read again, a line has the count.
func TestUnreadLog(t *testing.T) {
	p, lines := newPipedServer(t, false)
	p.setup = readOwnerLink(t, p.stdout)
	ann := p.createOwner("ann")
	sent := 0
	sendRequests := func() {
		for range 400 {
			p.mustGet(p.url+"/api/me", ann.Token)
			sent++
		}
	}
	for lostLines.FindStringSubmatch(p.mustGet(p.metrics, ""))[1] == "0" {
		sendRequests()
	}
	p.mustGet(p.url+"/readyz", "")
	seen, lost := 0, 0
	for lost == 0 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "route=/api/me ") {
			seen++
		}
		if _, after, ok := strings.Cut(line, `msg="log lines were lost" lines=`); ok {
			_, err = fmt.Sscan(after, &lost)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen+lost != sent {
		t.Errorf("%d lines and %d lost lines for %d requests", seen, lost, sent)
	}
	sendRequests()
	p.terminate(10 * time.Second)
}

// A closed stdout and stderr do not end the server.
func TestClosedOutput(t *testing.T) {
	p, _ := newPipedServer(t, false)
	_, _ = p.stdout.Close(), p.stderr.Close()
	for range 50 {
		p.mustGet(p.url+"/api/server", "")
	}
	p.terminate(10 * time.Second)
}

// A full stdout, which the owner link cannot be written to, delays neither the start
// nor the stop.
func TestFullOutput(t *testing.T) {
	p, _ := newPipedServer(t, true)
	p.mustGet(p.url+"/readyz", "")
	p.terminate(10 * time.Second)
}

// An orderly stop loses no log line.
func TestStopWritesTheWholeLog(t *testing.T) {
	p, lines := newPipedServer(t, false)
	rest := make(chan string)
	go func() {
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()
	p.setup = readOwnerLink(t, p.stdout)
	ann := p.createOwner("ann")
	for range 300 {
		p.mustCall(200, ann.Token, "GET", "/api/me", nil, nil)
	}
	p.terminate(20 * time.Second)
	log := <-rest
	if n := strings.Count(log, "route=/api/me "); n != 300 || !strings.Contains(log, "msg=stopping") {
		t.Errorf("%d lines of 300, the log ends with %q", n, log[max(0, len(log)-300):])
	}
}

// readOwnerLink returns the first link on stdout.
func readOwnerLink(t *testing.T, stdout io.Reader) string {
	t.Helper()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http") {
			return lines.Text()
		}
	}
	t.Fatal("no owner link")
	return ""
}
