package e2e

import (
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"parley/chat"
	"parley/internal/mongotest"
)

// If MongoDB is down at the start, the server logs it once, answers requests with
// 503 and becomes ready when MongoDB is up. A later outage makes it unready.
func TestMongoDBDownAtStartAndLater(t *testing.T) {
	t.Parallel() // it mostly waits
	db := mongotest.Start(t)
	db.Kill()
	s := newMongoServer(t, db.URL("parley"))
	ready, links := s.launch()
	t.Cleanup(s.kill)

	s.waitStatus(200, "/healthz")
	for _, path := range []string{"/readyz", "/api/server", "/"} {
		if status, e := s.getStatus(path); status != 503 || e.Code != chat.Unavailable || e.RetryAfterMs != 1000 {
			t.Errorf("GET %s while the server waits: %d, %+v", path, status, e)
		}
	}
	if _, stderr, code := runParley(t, "health", "--listen", s.addr); code != 1 || !strings.Contains(stderr, "503") {
		t.Errorf("health while the server waits: exit %d, %q", code, stderr)
	}
	if _, stderr, code := runParley(t, "owner-link", "--store", s.store); code != 1 || !strings.Contains(stderr, "could not be reached") {
		t.Errorf("owner-link while MongoDB is down: exit %d, %q", code, stderr)
	}
	if err := db.Restart(); err != nil {
		t.Fatal(err)
	}
	s.waitReady(ready)
	s.waitStatus(200, "/readyz")
	if link := <-links; !strings.HasPrefix(link, s.url+"/#setup=") {
		t.Errorf("owner link %q", link)
	}
	if log := s.logText(); strings.Count(log, "waiting for the store") != 1 || !strings.Contains(log, db.Addr()) {
		t.Errorf("the log is:\n%s", log)
	}

	db.Kill()
	if e := s.waitStatus(503, "/readyz"); e.Code != chat.Unavailable {
		t.Errorf("/readyz in an outage: %+v", e)
	}
	if status, _ := s.getStatus("/healthz"); status != 200 {
		t.Errorf("/healthz in an outage: %d", status)
	}
	if err := db.Restart(); err != nil {
		t.Fatal(err)
	}
	s.waitStatus(200, "/readyz")
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.logText())
	}
}

// The server does not log every attempt to open the store.
func TestWaitIsLoggedOnce(t *testing.T) {
	t.Parallel()
	db := mongotest.Start(t)
	db.Fail(t, mongotest.Fault{Commands: []string{"createIndexes"}, Times: 3, Code: 112, AppName: "parley feed"})
	s := newMongoServer(t, db.URL("parley"))
	s.start()
	t.Cleanup(s.kill)
	if log := s.logText(); strings.Count(log, "waiting for the store") != 1 {
		t.Errorf("the log is:\n%s", log)
	}
}

// While indexes are built, for however long, the server is alive and not ready, and stops
// when it is told to.
func TestServerIsAliveWhileIndexesAreBuilt(t *testing.T) {
	t.Parallel()
	db := mongotest.Start(t)
	build := make(chan struct{})
	url := db.Proxy(t, func(c mongotest.Command) mongotest.Action {
		if c.Name == "createIndexes" {
			<-build
		}
		return mongotest.Pass
	}).URL("parley")
	stopped := newMongoServer(t, url)
	stopped.launch()
	t.Cleanup(stopped.kill)
	stopped.waitStatus(503, "/readyz")
	if code := stopped.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, stopped.logText())
	}
	s := newMongoServer(t, url)
	ready, _ := s.launch()
	t.Cleanup(s.kill)
	s.waitStatus(200, "/healthz")
	if status, e := s.getStatus("/readyz"); status != 503 || e.Code != chat.Unavailable {
		t.Errorf("/readyz: %d, %+v", status, e)
	}
	close(build)
	s.waitReady(ready)
	s.waitStatus(200, "/readyz")
}

// SIGTERM stops a server that waits for its store, before and after it logs the wait.
func TestStopWhileWaitingForTheStore(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, c := range []struct{ store, first string }{
		{"mongodb://127.0.0.1:1/parley", ""}, {"mongodb://127.0.0.1:1/parley", "/healthz"}, {"mongodb+srv://mongo.parley.invalid/parley", "/healthz"},
	} {
		s := newMongoServer(t, c.store)
		ready, _ := s.launch()
		t.Cleanup(s.kill)
		if c.first != "" {
			s.waitStatus(200, c.first)
		}
		for end := time.Now().Add(time.Minute); ; {
			conn, err := net.Dial("tcp", s.addr)
			if err == nil { // the server listens, so it handles signals
				_ = conn.Close()
				break
			}
			if time.Now().After(end) {
				t.Fatal("the server does not listen")
			}
		}
		if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-s.done:
		case <-time.After(4 * time.Second):
			t.Fatalf("the server did not stop:\n%s", s.logText())
		}
		if _, ok := <-ready; ok || s.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("exit %d\n%s", s.cmd.ProcessState.ExitCode(), s.logText())
		}
	}
}

// A MongoDB that hangs does not delay a stop longer than docs/operations.md says.
func TestStopWhileMongoDBHangs(t *testing.T) {
	t.Parallel() // it mostly waits
	db := mongotest.Start(t)
	var hanging atomic.Bool
	received := make(chan string, 1000)
	s := newMongoServer(t, db.Proxy(t, func(c mongotest.Command) mongotest.Action {
		if !hanging.Load() {
			return mongotest.Pass
		}
		received <- c.Name
		return mongotest.Hang
	}).URL("parley"))
	s.start()
	t.Cleanup(s.kill)
	ann := s.createOwner("ann")
	var c struct{ Chat chat.Chat }
	s.mustCall(201, ann.Token, "POST", "/api/chats", map[string]any{"kind": "group", "title": "garden", "clientId": "garden"}, &c)
	hanging.Store(true)
	var calls sync.WaitGroup
	calls.Go(func() { // a call that was not done is not acknowledged
		if got := s.call(ann.Token, "POST", "/api/chats/"+string(c.Chat.ID)+"/messages", map[string]any{"text": "hello", "clientId": "1"}, nil); got/100 == 2 {
			t.Errorf("a post was acknowledged: %d", got)
		}
	})
	calls.Go(func() { s.getStatus("/api/server") })
	for {
		if name := <-received; name == "insert" || name == "find" || name == "aggregate" {
			break
		}
	}
	began := time.Now()
	if code := s.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, s.logText())
	}
	if d := time.Since(began); d > 15*time.Second {
		t.Errorf("the stop took %v\n%s", d, s.logText())
	}
	calls.Wait()
}
