package e2e

import (
	"bufio"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// parleyCommand returns a command that runs the binary under test.
func parleyCommand(ctx context.Context, args ...string) *exec.Cmd {
	listSources()
	return exec.CommandContext(ctx, parleyBinary, args...)
}

// runParley runs a command to its end and returns its output and its exit code.
func runParley(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := parleyCommand(ctx, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("parley %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// testServer is a parley process and the store that it runs on. start and launch
// start it; it can be started again after kill or stop.
type testServer struct {
	t     testing.TB
	store string
	addr  string // host:port, the same after a restart
	url   string
	setup string // the owner link; "" if the server has an owner
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended

	mu  sync.Mutex
	log strings.Builder // guarded by mu
}

var urlField = regexp.MustCompile(`\burl=(\S+)`)

// newTestServer starts a server on an empty SQLite database, with further flags.
func newTestServer(t testing.TB, flags ...string) *testServer {
	s := &testServer{t: t, store: "sqlite:" + filepath.Join(t.TempDir(), "data", "parley.db"), addr: "127.0.0.1:0"}
	s.start(flags...)
	t.Cleanup(s.kill)
	return s
}

// newMongoServer returns a server on the MongoDB at url. It is not started yet.
func newMongoServer(t testing.TB, url string) *testServer {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // the kernel does not give the port to another process soon
	return &testServer{t: t, store: url, addr: l.Addr().String()}
}

// start starts the process and returns when the server is ready.
func (s *testServer) start(flags ...string) {
	s.t.Helper()
	ready, links := s.launch(flags...)
	s.waitReady(ready)
	if s.setup == "" {
		s.setup = <-links
	}
}

// launch starts the process. ready receives the URL from the log once the server
// is ready, links receives the links from stdout. Both are closed when it ends.
func (s *testServer) launch(flags ...string) (ready, links <-chan string) {
	s.t.Helper()
	args := append([]string{"--listen", s.addr, "--store", s.store,
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off"}, flags...)
	s.cmd = parleyCommand(context.Background(), args...)
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	urls, shown := make(chan string, 1), make(chan string, 1)
	var readers sync.WaitGroup
	readers.Go(func() {
		defer close(urls)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.mu.Lock()
			s.log.WriteString(lines.Text() + "\n")
			s.mu.Unlock()
			if m := urlField.FindStringSubmatch(lines.Text()); m != nil {
				urls <- m[1]
			}
		}
	})
	readers.Go(func() {
		defer close(shown)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			if strings.HasPrefix(lines.Text(), "http") {
				shown <- lines.Text()
			}
		}
	})
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		readers.Wait()
		_ = cmd.Wait()
		close(done)
	}(s.cmd, s.done)
	return urls, shown
}

// waitReady returns when the server is ready.
func (s *testServer) waitReady(ready <-chan string) {
	s.t.Helper()
	url, ok := <-ready
	if !ok {
		s.t.Fatalf("the server did not start:\n%s", s.logText())
	}
	if s.url == "" { // after a restart, clients may be reading url and addr
		s.url, s.addr = url, strings.TrimPrefix(url, "http://")
	}
}

// logText returns the log so far.
func (s *testServer) logText() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// kill ends the process with SIGKILL, as a power cut would.
func (s *testServer) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// stop sends SIGTERM, waits for the end and returns the exit code.
func (s *testServer) stop() int {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	<-s.done
	return s.cmd.ProcessState.ExitCode()
}

// restore replaces the stopped server's database with a backup, in the way that
// docs/operations.md describes.
func (s *testServer) restore(file string) {
	s.t.Helper()
	path := strings.TrimPrefix(s.store, "sqlite:")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !os.IsNotExist(err) {
			s.t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}
