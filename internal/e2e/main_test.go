package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
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

// root is the root of the module, relative to the folder that tests run in.
const root = "../.."

// parleyBinary is the program under test; TestMain builds it.
var parleyBinary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	parleyBinary = filepath.Join(dir, "parley")
	args := []string{"build", "-buildvcs=false", "-o", parleyBinary}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, root)...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// listSources lists the folders of the module. go test caches a result until
// something changes that the tests themselves have read, and the program is built
// by another process. It must be called by a test: earlier reads do not count.
var listSources = sync.OnceFunc(func() {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		if err == nil && d.IsDir() && (hidden || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		panic(err)
	}
})

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

func TestStartStopAndTheOwnersLink(t *testing.T) {
	h := openHouse(t)
	first := h.setup
	if !strings.HasPrefix(first, h.url+"/#setup=") {
		t.Fatalf("owner's link %q", first)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200, "/api/server": 200, "/nothing.js": 404} {
		res, err := http.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
	if out, _, code := parleySays(t, "health", "--listen", h.addr); code != 0 || out != "ready\n" {
		t.Errorf("health: %q, exit %d", out, code)
	}
	if out, _, _ := parleySays(t, "owner-link", "--store", h.store); out != first+"\n" {
		t.Errorf("owner-link while running: %q, want %q", out, first)
	}
	if code := h.stop(); code != 0 {
		t.Errorf("exit %d after SIGTERM:\n%s", code, h.said())
	}
	if out, _, _ := parleySays(t, "owner-link", "--store", h.store, "--listen", h.addr); out != first+"\n" {
		t.Errorf("owner-link while stopped: %q, want %q", out, first)
	}
	if _, stderr, code := parleySays(t, "health", "--listen", h.addr); code != 1 || !strings.Contains(stderr, "does not answer") {
		t.Errorf("health of a stopped server: exit %d, %q", code, stderr)
	}
	h.setup = ""
	h.start()
	if h.setup != first {
		t.Errorf("the link after a restart is %q, want %q", h.setup, first)
	}
}

func TestRecoverLetsSomebodyBackIn(t *testing.T) {
	h := openHouse(t)
	ann := h.owner("ann")
	for name, args := range map[string][]string{
		"running": {"recover", "@ann", "--store", h.store},
		"stopped": {"recover", "ann", "--store", h.store, "--listen", h.addr},
	} {
		if name == "stopped" {
			h.stop()
		}
		out, stderr, code := parleySays(t, args...)
		prefix := h.url + "/#recover="
		if code != 0 || !strings.HasPrefix(out, prefix) {
			t.Fatalf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if name == "stopped" {
			h.start()
		}
		var in person
		h.must(201, "", "POST", "/api/recoveries/use",
			map[string]any{"code": strings.TrimSpace(strings.TrimPrefix(out, prefix)), "password": "a new password"}, &in)
		if in.User.ID != ann.User.ID {
			t.Errorf("%s: the link let %s in", name, in.User.ID)
		}
		h.must(401, ann.Token, "GET", "/api/me", nil, nil) // earlier sessions ended
		ann = &in
	}
	if _, stderr, code := parleySays(t, "recover", "nobody", "--store", h.store); code != 1 || !strings.Contains(stderr, "nobody") {
		t.Errorf("an unknown handle: exit %d, %q", code, stderr)
	}
	if _, stderr, code := parleySays(t, "owner-link", "--store", h.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of an owned server: exit %d, %q", code, stderr)
	}
}

// url= tells where the server listens, whatever its public name is; links carry
// the public name.
func TestAPublicURLIsForLinks(t *testing.T) {
	h := openHouse(t, "--public-url", "https://chat.example/")
	if !strings.HasPrefix(h.url, "http://127.0.0.1:") || !strings.HasPrefix(h.setup, "https://chat.example/#setup=") {
		t.Errorf("url=%s, link %s", h.url, h.setup)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	h := openHouse(t)
	_, stderr, code := parleySays(t, "--listen", "127.0.0.1:0", "--store", h.store)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "parley.db") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// An address or a store that the program cannot use stops the start with one line
// that names the flag.
func TestUnusableAddresses(t *testing.T) {
	for _, c := range []struct{ flag, value, says string }{
		{"--listen", "127.0.0.1:99999", "--listen"},
		{"--store", "postgres://x", "sqlite:"},
	} {
		store := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
		_, stderr, code := parleySays(t, "--store", store, c.flag+"="+c.value)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.says) || !strings.Contains(stderr, c.flag) {
			t.Errorf("%s=%s: exit %d, %q", c.flag, c.value, code, stderr)
		}
	}
	if _, stderr, code := parleySays(t, "recover", "ann", "--store", "sqlite:"+filepath.Join(t.TempDir(), "none.db")); code != 1 || !strings.Contains(stderr, "none.db") {
		t.Errorf("recover without a database: exit %d, %q", code, stderr)
	}
}

// SIGTERM lets accepted work end; a second one does not wait for it.
func TestASecondSignalEndsAtOnce(t *testing.T) {
	h := openHouse(t)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// A request whose body never comes holds the orderly stop up.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/chats/%s/messages HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", general.ID, h.addr, ann.Token)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err) // the handler is reading
	}
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := net.Dial("tcp", h.addr); err != nil {
			break // the listener is closed: the stop is under way
		}
	}
	select {
	case <-h.done:
		t.Fatal("the stop did not wait for the request")
	default:
	}
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-h.done:
	case <-time.After(5 * time.Second):
		t.Fatal("a second signal did not end the process")
	}
}
