package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/mongotest"
)

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

// What no waiting can help ends the start with one line, which has no password.
func TestAStoreThatNoWaitingHelps(t *testing.T) {
	db, alone := mongotest.Start(t), mongotest.Start(t, "--standalone")
	for url, says := range map[string]string{
		"mongodb://" + alone.Addr() + "/parley":                    "standalone",
		"mongodb://ann:hush@" + db.Addr() + "/parley":              "auth",
		"mongodb://ann:hush":                                       "port",
		"mongodb://ann:%hush@" + db.Addr() + "/parley":             "invalid password",
		"mongodb://ann:hush@@" + db.Addr() + "/parley":             "unescaped @",
		"mongodb://ann:hush@" + db.Addr() + "/?readPreference=any": "read preference",
		"mongodb+srv://ann:hush@" + db.Addr() + "/parley":          "port",
		"mongo://ann:hush@" + db.Addr():                            "mongodb://HOST",
	} {
		stdout, stderr, code := parleySays(t, "--listen", "127.0.0.1:0", "--store", url)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--store") || !strings.Contains(stderr, says) {
			t.Errorf("%s: exit %d, %q", url, code, stderr)
		}
		if strings.Contains(stdout+stderr, "hush") || strings.Contains(stdout+stderr, "%hu") {
			t.Errorf("%s: %q", url, stdout+stderr)
		}
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
