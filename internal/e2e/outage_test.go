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

// MongoDB is down when the server starts: it says so once, tells everybody to
// come back, and begins by itself. The same when MongoDB goes later.
func TestMongoDBIsDownAtStartAndLater(t *testing.T) {
	t.Parallel() // it mostly waits, too
	db := mongotest.Start(t)
	db.Kill()
	h := hotel(t, db.URL("parley"))
	ready, links := h.launch()
	t.Cleanup(h.kill)

	h.until(200, "/healthz")
	for _, path := range []string{"/readyz", "/api/server", "/"} {
		if status, e := h.get(path); status != 503 || e.Code != chat.Unavailable || e.RetryAfterMs != 1000 {
			t.Errorf("GET %s while it waits: %d, %+v", path, status, e)
		}
	}
	if _, stderr, code := parleySays(t, "health", "--listen", h.addr); code != 1 || !strings.Contains(stderr, "503") {
		t.Errorf("health while it waits: exit %d, %q", code, stderr)
	}
	if _, stderr, code := parleySays(t, "owner-link", "--store", h.store); code != 1 || !strings.Contains(stderr, "could not be reached") {
		t.Errorf("owner-link while MongoDB is down: exit %d, %q", code, stderr)
	}
	if err := db.Restart(); err != nil {
		t.Fatal(err)
	}
	h.await(ready)
	h.until(200, "/readyz")
	if link := <-links; !strings.HasPrefix(link, h.url+"/#setup=") {
		t.Errorf("owner's link %q", link)
	}
	if said := h.said(); strings.Count(said, "waiting for the store") != 1 || !strings.Contains(said, db.Addr()) {
		t.Errorf("it said:\n%s", said)
	}

	db.Kill()
	if e := h.until(503, "/readyz"); e.Code != chat.Unavailable {
		t.Errorf("/readyz in an outage: %+v", e)
	}
	if status, _ := h.get("/healthz"); status != 200 {
		t.Errorf("/healthz in an outage: %d", status)
	}
	if err := db.Restart(); err != nil {
		t.Fatal(err)
	}
	h.until(200, "/readyz")
	if code := h.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, h.said())
	}
}

// However often it has to try, it says so once in a while.
func TestTheWaitIsNotRepeated(t *testing.T) {
	t.Parallel()
	db := mongotest.Start(t)
	db.Fail(t, mongotest.Fault{Commands: []string{"createIndexes"}, Times: 3, Code: 112, AppName: "parley"})
	h := hotel(t, db.URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	if said := h.said(); strings.Count(said, "waiting for the store") != 1 {
		t.Errorf("it said:\n%s", said)
	}
}

// SIGTERM ends the wait in order, before and after the line that says so.
func TestStopsWhileItWaits(t *testing.T) {
	t.Parallel() // it mostly waits, too
	for _, first := range []string{"", "/healthz"} {
		h := hotel(t, "mongodb://127.0.0.1:1/parley")
		ready, _ := h.launch()
		t.Cleanup(h.kill)
		if first != "" {
			h.until(200, first)
		}
		for end := time.Now().Add(time.Minute); ; {
			conn, err := net.Dial("tcp", h.addr)
			if err == nil { // it listens: signals are caught
				_ = conn.Close()
				break
			}
			if time.Now().After(end) {
				t.Fatal("it does not listen")
			}
		}
		if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		select {
		case <-h.done:
		case <-time.After(4 * time.Second):
			t.Fatalf("it did not stop:\n%s", h.said())
		}
		if _, ok := <-ready; ok || h.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("exit %d\n%s", h.cmd.ProcessState.ExitCode(), h.said())
		}
	}
}

// A MongoDB that hangs keeps no stop for longer than operations.md says.
func TestStopsWhileMongoDBHangs(t *testing.T) {
	t.Parallel() // it mostly waits, too
	db := mongotest.Start(t)
	var hanging atomic.Bool
	asked := make(chan string, 1000)
	h := hotel(t, db.Proxy(t, func(c mongotest.Command) mongotest.Action {
		if !hanging.Load() {
			return mongotest.Pass
		}
		asked <- c.Name
		return mongotest.Hang
	}).URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	ann := h.owner("ann")
	var c struct{ Chat chat.Chat }
	h.must(201, ann.Token, "POST", "/api/chats", map[string]any{"kind": "group", "title": "garden", "clientId": "garden"}, &c)
	hanging.Store(true)
	var calls sync.WaitGroup
	calls.Go(func() { // none of them is told that it was done
		if got := h.call(ann.Token, "POST", "/api/chats/"+string(c.Chat.ID)+"/messages", map[string]any{"text": "hello", "clientId": "1"}, nil); got/100 == 2 {
			t.Errorf("a post was acknowledged: %d", got)
		}
	})
	calls.Go(func() { h.get("/api/server") })
	for {
		if name := <-asked; name == "insert" || name == "find" || name == "aggregate" {
			break
		}
	}
	began := time.Now()
	if code := h.stop(); code != 0 {
		t.Errorf("exit %d\n%s", code, h.said())
	}
	if d := time.Since(began); d > 15*time.Second {
		t.Errorf("it took %v\n%s", d, h.said())
	}
	calls.Wait()
}
