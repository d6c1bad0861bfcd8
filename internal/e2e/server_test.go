package e2e

import (
	"bufio"
	"context"
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

func parleyCommand(ctx context.Context, args ...string) *exec.Cmd {
	listSources()
	return exec.CommandContext(ctx, parleyBinary, args...)
}

// parleySays runs a command to its end and gives what it printed.
func parleySays(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	cmd := parleyCommand(ctx, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !asExit(err, &exit) {
		t.Fatalf("parley %v: %v", args, err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}

// house is a running server on a folder of its own.
type house struct {
	t     testing.TB
	store string
	addr  string // host:port, the same after a restart
	url   string
	setup string // the owner's link, "" once used
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has ended

	mu  sync.Mutex
	log strings.Builder // guarded by mu
}

var urlField = regexp.MustCompile(`\burl=(\S+)`)

// openHouse starts a server on an empty store; flags come on top.
func openHouse(t testing.TB, flags ...string) *house {
	h := &house{t: t, store: "sqlite:" + filepath.Join(t.TempDir(), "data", "parley.db"), addr: "127.0.0.1:0"}
	h.start(flags...)
	t.Cleanup(h.kill)
	return h
}

// hotel is a house whose store is a MongoDB; it is not started yet.
func hotel(t testing.TB, url string) *house {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // the port stays free: nobody was given it
	return &house{t: t, store: url, addr: l.Addr().String()}
}

func (h *house) start(flags ...string) {
	h.t.Helper()
	ready, links := h.launch(flags...)
	h.await(ready)
	if h.setup == "" {
		h.setup = <-links
	}
}

// launch starts the process and gives its url= once it is ready, and its links.
// Both are closed when it ends.
func (h *house) launch(flags ...string) (ready, links <-chan string) {
	h.t.Helper()
	args := append([]string{"--listen", h.addr, "--store", h.store,
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off"}, flags...)
	h.cmd = parleyCommand(context.Background(), args...)
	stdout, err := h.cmd.StdoutPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	stderr, err := h.cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	urls, shown := make(chan string, 1), make(chan string, 1)
	var readers sync.WaitGroup
	readers.Go(func() {
		defer close(urls)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			h.mu.Lock()
			h.log.WriteString(lines.Text() + "\n")
			h.mu.Unlock()
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
	h.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		readers.Wait()
		_ = cmd.Wait()
		close(done)
	}(h.cmd, h.done)
	return urls, shown
}

// await returns once the server is ready.
func (h *house) await(ready <-chan string) {
	h.t.Helper()
	url, ok := <-ready
	if !ok {
		h.t.Fatalf("the server did not start:\n%s", h.said())
	}
	if h.url == "" { // a restart changes nothing that a story reads meanwhile
		h.url, h.addr = url, strings.TrimPrefix(url, "http://")
	}
}

func (h *house) said() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// kill ends the process with SIGKILL, as a power cut would.
func (h *house) kill() {
	_ = h.cmd.Process.Kill()
	<-h.done
}

// stop ends the process in order and gives its exit code.
func (h *house) stop() int {
	h.t.Helper()
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
	<-h.done
	return h.cmd.ProcessState.ExitCode()
}

// restore puts a copy in the place of the stopped server's database, as
// docs/operations.md says.
func (h *house) restore(file string) {
	h.t.Helper()
	path := strings.TrimPrefix(h.store, "sqlite:")
	for _, beside := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(path + beside); err != nil && !os.IsNotExist(err) {
			h.t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
}
