package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/internal/mongotest"
	"parley/wire"
)

func TestStartStopAndOwnerLink(t *testing.T) {
	s := newTestServer(t)
	first := s.setup
	if !strings.HasPrefix(first, s.url+"/#setup=") {
		t.Fatalf("owner link %q", first)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200, "/api/server": 200, "/nothing.js": 404} {
		res, err := http.Get(s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("GET %s: %d, want %d", path, res.StatusCode, want)
		}
	}
	if out, _, code := runParley(t, "health", "--listen", s.addr); code != 0 || out != "ready\n" {
		t.Errorf("health: %q, exit %d", out, code)
	}
	if out, _, _ := runParley(t, "owner-link", "--store", s.store); out != first+"\n" {
		t.Errorf("owner-link while running: %q, want %q", out, first)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d after SIGTERM:\n%s", code, s.logText())
	}
	if out, _, _ := runParley(t, "owner-link", "--store", s.store, "--listen", s.addr); out != first+"\n" {
		t.Errorf("owner-link while stopped: %q, want %q", out, first)
	}
	if _, stderr, code := runParley(t, "health", "--listen", s.addr); code != 1 || !strings.Contains(stderr, "does not answer") {
		t.Errorf("health of a stopped server: exit %d, %q", code, stderr)
	}
	s.setup = ""
	s.start()
	if s.setup != first {
		t.Errorf("the link after a restart is %q, want %q", s.setup, first)
	}
}

// Links begin with the public URL. url= in the log is the address that the server
// listens on.
func TestPublicURLIsUsedInLinks(t *testing.T) {
	s := newTestServer(t, "--public-url", "https://chat.example/")
	if !strings.HasPrefix(s.url, "http://127.0.0.1:") || !strings.HasPrefix(s.setup, "https://chat.example/#setup=") {
		t.Errorf("url=%s, link %s", s.url, s.setup)
	}
}

// A database is used by one process at a time.
func TestSecondProcessOnOneDatabaseIsRefused(t *testing.T) {
	s := newTestServer(t)
	_, stderr, code := runParley(t, "--listen", "127.0.0.1:0", "--store", s.store)
	if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "parley.db") {
		t.Errorf("exit %d, %q", code, stderr)
	}
}

// An address or a store that the program cannot use stops the start with one line
// that names the flag.
func TestUnusableAddressStopsTheStart(t *testing.T) {
	for _, c := range []struct{ flag, value, want string }{
		{"--listen", "127.0.0.1:99999", "--listen"},
		{"--store", "postgres://x", "sqlite:"},
	} {
		store := "sqlite:" + filepath.Join(t.TempDir(), "parley.db")
		_, stderr, code := runParley(t, "--store", store, c.flag+"="+c.value)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, c.want) || !strings.Contains(stderr, c.flag) {
			t.Errorf("%s=%s: exit %d, %q", c.flag, c.value, code, stderr)
		}
	}
	if _, stderr, code := runParley(t, "recover", "ann", "--store", "sqlite:"+filepath.Join(t.TempDir(), "none.db")); code != 1 || !strings.Contains(stderr, "none.db") {
		t.Errorf("recover without a database: exit %d, %q", code, stderr)
	}
}

// An error of the store that waiting cannot resolve ends the start with one line,
// which does not contain the password.
func TestPermanentStoreErrorStopsTheStart(t *testing.T) {
	db, standalone := mongotest.Start(t), mongotest.Start(t, "--standalone")
	router := mongotest.StartFake(t, mongotest.Hello{Router: true}, nil)
	for url, want := range map[string]string{
		"mongodb://" + standalone.Addr() + "/parley":                                             "standalone",
		"mongodb://" + standalone.Addr() + "/parley?replicaSet=rs0&serverSelectionTimeoutMS=500": "standalone",
		"mongodb://" + db.Addr() + "/parley?replicaSet=other&serverSelectionTimeoutMS=500":       "replicaSet=other",
		"mongodb://" + router.Addr() + "/parley":                                                 "sharded",
		"mongodb://ann:hush@" + db.Addr() + "/parley":                                            "auth",
		"mongodb://ann:hush":                                       "port",
		"mongodb://ann:%hush@" + db.Addr() + "/parley":             "invalid password",
		"mongodb://ann:hush@@" + db.Addr() + "/parley":             "unescaped @",
		"mongodb://ann:hush@" + db.Addr() + "/?readPreference=any": "read preference",
		"mongodb+srv://ann:hush@" + db.Addr() + "/parley":          "port",
		"mongo://ann:hush@" + db.Addr():                            "mongodb://HOST",
	} {
		stdout, stderr, code := runParley(t, "--listen", "127.0.0.1:0", "--store", url)
		if code != 1 || strings.Count(stderr, "\n") != 1 || !strings.Contains(stderr, "--store") || !strings.Contains(stderr, want) {
			t.Errorf("%s: exit %d, %q", url, code, stderr)
		}
		if strings.Contains(stdout+stderr, "hush") || strings.Contains(stdout+stderr, "%hu") {
			t.Errorf("%s: %q", url, stdout+stderr)
		}
	}
}

// Every signal that asks a process to end stops the server in order: sockets get a close
// code. A terminal that closes sends SIGHUP twice.
func TestSignalsStopInOrder(t *testing.T) {
	// A process inherits the signals that are ignored, and the tests ignore some when nohup or
	// a script's "&" starts them. Those that are handled here have their default effect there.
	handled := make(chan os.Signal, 1)
	signal.Notify(handled, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(handled)
	for name, signals := range map[string][]os.Signal{
		"SIGTERM": {syscall.SIGTERM}, "SIGINT": {syscall.SIGINT}, "SIGHUP": {syscall.SIGHUP}, "SIGHUP twice": {syscall.SIGHUP, syscall.SIGHUP},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestServer(t)
			c := s.openSocket(s.createOwner("ann"))
			for _, signal := range signals {
				if err := s.cmd.Process.Signal(signal); err != nil {
					t.Fatal(err)
				}
			}
			if _, code := c.next(); code != 4000 {
				t.Errorf("close code %d", code)
			}
			<-s.done
			if code := s.cmd.ProcessState.ExitCode(); code != 0 {
				t.Errorf("exit %d:\n%s", code, s.logText())
			}
		})
	}
}

// A server that was started with nohup goes on when its terminal closes.
func TestIgnoredHangupIsIgnored(t *testing.T) {
	signal.Ignore(syscall.SIGHUP) // the process inherits it
	s := newTestServer(t)
	signal.Reset(syscall.SIGHUP)
	c := s.openSocket(s.createOwner("ann"))
	if err := s.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	c.send(wire.Command{ID: 3, Do: "ping"})
	c.readUntil(func(v received) bool { return v.Re == 3 })
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d", code)
	}
}

// After SIGTERM the server finishes accepted requests. A second SIGTERM ends it at
// once.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0]
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	// A request whose body never arrives delays the orderly stop.
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/chats/%s/messages HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n", general.ID, s.addr, ann.Token)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("%q, %v", line, err) // the handler is reading
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := net.Dial("tcp", s.addr); err != nil {
			break // the listener is closed: the stop has begun
		}
	}
	select {
	case <-s.done:
		t.Fatal("the stop did not wait for the request")
	default:
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.done:
	case <-time.After(5 * time.Second):
		t.Fatal("a second signal did not end the process")
	}
}
