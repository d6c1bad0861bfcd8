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

// logged is a server whose output goes to pipes that a test reads, or does not.
type logged struct {
	*house
	metrics        string   // their URL
	stdout, stderr *os.File // the ends to read from
}

// openLogged starts a server and reads its log until it is ready. With full set
// nobody ever takes anything from its stdout.
func openLogged(t *testing.T, full bool) (*logged, *bufio.Reader) {
	t.Helper()
	h := &house{t: t, store: "sqlite:" + filepath.Join(t.TempDir(), "data", "parley.db"), addr: "127.0.0.1:0", done: make(chan struct{})}
	l := &logged{house: h}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = free.Close()
	l.metrics = "http://" + free.Addr().String() + "/metrics"
	h.cmd = parleyCommand(context.Background(), "--listen", h.addr, "--store", h.store, "--metrics-listen", free.Addr().String(),
		"--limit-anonymous", "off", "--limit-user", "off", "--limit-posts", "off")
	l.stdout, l.stderr = attach(t, &h.cmd.Stdout, full), attach(t, &h.cmd.Stderr, false)
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, w := range []io.Writer{h.cmd.Stdout, h.cmd.Stderr} {
		_ = w.(*os.File).Close()
	}
	go func(cmd *exec.Cmd) {
		defer close(h.done)
		_ = cmd.Wait()
	}(h.cmd)
	t.Cleanup(h.kill)
	lines := bufio.NewReader(l.stderr)
	for h.url == "" {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if m := urlField.FindStringSubmatch(line); m != nil {
			h.url, h.addr = m[1], strings.TrimPrefix(m[1], "http://")
		}
	}
	return l, lines
}

// attach makes the pipe that a stream of the server goes to, full or empty.
func attach(t *testing.T, stream *io.Writer, full bool) *os.File {
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
	w.Fd() // blocking, as a shell hands it on
	*stream = w
	return r
}

// ends sends SIGTERM and wants an orderly end within the time.
func (l *logged) ends(within time.Duration) {
	l.t.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Fatal(err)
	}
	select {
	case <-l.done:
		if code := l.cmd.ProcessState.ExitCode(); code != 0 {
			l.t.Errorf("exit %d", code)
		}
	case <-time.After(within):
		l.t.Fatalf("no end %v after SIGTERM", within)
	}
}

// gets sends a request that must be answered while the log waits.
func (l *logged) gets(url, token string) string {
	l.t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := (&http.Client{Timeout: 20 * time.Second}).Do(r)
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		l.t.Fatalf("GET %s: %s, %v", url, res.Status, err)
	}
	return string(b)
}

var lostLines = regexp.MustCompile(`(?m)^parley_log_lines_lost_total (\S+)`)

// Nobody reads the log: all is answered, the metrics tell how many lines were
// lost, and the stop does not wait. Whoever reads again is told as well.
func TestALogThatNobodyReads(t *testing.T) {
	l, lines := openLogged(t, false)
	l.setup = firstLink(t, l.stdout)
	ann := l.owner("ann")
	sent := 0
	ask := func() {
		for range 400 {
			l.gets(l.url+"/api/me", ann.Token)
			sent++
		}
	}
	for lostLines.FindStringSubmatch(l.gets(l.metrics, ""))[1] == "0" {
		ask()
	}
	l.gets(l.url+"/readyz", "")
	seen, told := 0, 0
	for told == 0 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, "route=/api/me ") {
			seen++
		}
		if _, after, ok := strings.Cut(line, `msg="log lines were lost" lines=`); ok {
			_, err = fmt.Sscan(after, &told)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen+told != sent {
		t.Errorf("%d lines and %d lost ones for %d requests", seen, told, sent)
	}
	ask()
	l.ends(10 * time.Second)
}

// A reader that went away ends nothing.
func TestALogWhoseReaderWentAway(t *testing.T) {
	l, _ := openLogged(t, false)
	_, _ = l.stdout.Close(), l.stderr.Close()
	for range 50 {
		l.gets(l.url+"/api/server", "")
	}
	l.ends(10 * time.Second)
}

// The owner's link is not waited for: the server is ready and can be stopped.
func TestAnOutputThatNobodyReads(t *testing.T) {
	l, _ := openLogged(t, true)
	l.gets(l.url+"/readyz", "")
	l.ends(10 * time.Second)
}

// An orderly stop loses no line that somebody reads.
func TestAStopWritesTheWholeLog(t *testing.T) {
	l, lines := openLogged(t, false)
	rest := make(chan string)
	go func() {
		b, _ := io.ReadAll(lines)
		rest <- string(b)
	}()
	l.setup = firstLink(t, l.stdout)
	ann := l.owner("ann")
	for range 300 {
		l.must(200, ann.Token, "GET", "/api/me", nil, nil)
	}
	l.ends(20 * time.Second)
	said := <-rest
	if n := strings.Count(said, "route=/api/me "); n != 300 || !strings.Contains(said, "msg=stopping") {
		t.Errorf("%d lines of 300, the last of them %q", n, said[max(0, len(said)-300):])
	}
}

func firstLink(t *testing.T, stdout io.Reader) string {
	t.Helper()
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "http") {
			return lines.Text()
		}
	}
	t.Fatal("no owner's link")
	return ""
}
