package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/wire"
)

// hotel is a house whose store is a MongoDB; it is not started yet.
func hotel(t testing.TB, url string) *house {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // the port stays free: nobody was given it
	return &house{t: t, store: url, addr: l.Addr().String()}
}

// get gives the status and the error of a GET, 0 without an answer.
func (h *house) get(path string) (int, chat.Error) {
	res, err := (&http.Client{Timeout: 20 * time.Second}).Get("http://" + h.addr + path)
	if err != nil {
		return 0, chat.Error{}
	}
	defer res.Body.Close()
	var answer struct{ Error chat.Error }
	body, _ := io.ReadAll(res.Body)
	_ = json.Unmarshal(body, &answer)
	return res.StatusCode, answer.Error
}

// until asks until the answer has the status.
func (h *house) until(status int, path string) chat.Error {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if got, e := h.get(path); got == status {
			return e
		}
	}
	h.t.Fatalf("GET %s never gave %d\n%s", path, status, h.said())
	return chat.Error{}
}

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

// The commands need no socket file: they ask MongoDB, whether servers run or not.
func TestLinksFromMongoDB(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	asks := func(words ...string) string {
		t.Helper()
		out, stderr, code := parleySays(t, append(words, "--store", h.store, "--listen", h.addr)...)
		if code != 0 {
			t.Fatalf("%v: exit %d, %q", words, code, stderr)
		}
		return strings.TrimSpace(out)
	}
	before := asks("owner-link")
	h.start()
	t.Cleanup(h.kill)
	if now := asks("owner-link"); now != h.setup || before != h.setup {
		t.Errorf("the server shows %s, the command %s, and %s before", h.setup, now, before)
	}
	ann := h.owner("ann")
	for _, running := range []bool{true, false} {
		if !running {
			h.stop()
		}
		code, ok := strings.CutPrefix(asks("recover", "@ann"), h.url+"/#recover=")
		if !running {
			h.start()
		}
		var in person
		h.must(201, "", "POST", "/api/recoveries/use", map[string]any{"code": code, "password": "a new password"}, &in)
		if !ok || in.User.ID != ann.User.ID {
			t.Errorf("running: %t, the link let %s in", running, in.User.ID)
		}
	}
	if _, stderr, code := parleySays(t, "owner-link", "--store", h.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of an owned server: exit %d, %q", code, stderr)
	}
}

// A restored backup whose epoch was emptied, as docs/operations.md says, is
// another history: a number from before gets a reset.
func TestARestoredBackupIsAnotherHistory(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	var page struct{ Epoch string }
	h.must(200, ann.Token, "GET", "/api/chats/"+string(general.ID)+"/events?after=0", nil, &page)
	h.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(h.store))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	done, err := c.Database("parley").Collection("meta").UpdateOne(ctx, bson.D{{Key: "_id", Value: "server"}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "epoch", Value: ""}}}})
	if err != nil || done.ModifiedCount != 1 || c.Disconnect(ctx) != nil {
		t.Fatal(done, err)
	}

	h.start()
	events := "/api/chats/" + string(general.ID) + "/events?after=1&epoch="
	h.must(409, ann.Token, "GET", events+page.Epoch, nil, nil)
	before := page.Epoch
	h.must(200, ann.Token, "GET", events, nil, &page)
	if page.Epoch == "" || page.Epoch == before {
		t.Errorf("the epoch is %q, it was %q", page.Epoch, before)
	}
}

// Where nobody emptied the epoch of a restored copy, the time of what was seen
// tells that the history is another one.
func TestARestoredBackupWithItsEpoch(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	h.start()
	t.Cleanup(h.kill)
	ann := h.owner("ann")
	general := h.chats(ann)[0]
	kept := h.post(ann, general.ID, "kept")
	lost := h.post(ann, general.ID, "lost")
	h.stop()

	c, err := mongo.Connect(options.Client().ApplyURI(h.store))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	gone, err := c.Database("parley").Collection("events").DeleteOne(ctx, bson.D{{Key: "chat", Value: general.ID}, {Key: "seq", Value: lost.Seq}})
	if err != nil || gone.DeletedCount != 1 || c.Disconnect(ctx) != nil {
		t.Fatal(gone, err)
	}

	h.start()
	again := h.post(ann, general.ID, "another one")
	if again.Seq != lost.Seq || again.At == lost.At {
		t.Fatalf("the lost one is %d at %d, the other %d at %d", lost.Seq, lost.At, again.Seq, again.At)
	}
	at := func(m chat.Message) string {
		return fmt.Sprintf("/api/chats/%s/events?after=%d&at=%d", general.ID, m.Seq, m.At)
	}
	for _, next := range []string{"then", "at last"} { // at the head, and below it
		h.must(409, ann.Token, "GET", at(lost), nil, nil)
		h.must(200, ann.Token, "GET", at(again), nil, nil)
		h.must(200, ann.Token, "GET", at(kept), nil, nil)
		for _, codec := range wire.Codecs {
			var page struct{ Epoch string }
			h.must(200, ann.Token, "GET", at(kept), nil, &page)
			for _, seen := range []chat.Message{lost, again} {
				got := h.resumes(ann, codec, wire.Command{ID: 2, Do: "resume", Epoch: page.Epoch,
					Seen: map[chat.ChatID]chat.Seq{general.ID: seen.Seq}, At: map[chat.ChatID]int64{general.ID: seen.At}})
				reset := slices.ContainsFunc(got, func(v wire.Signal) bool { return v.Signal == wire.SignalReset })
				if reset != (seen.At == lost.At) {
					t.Errorf("codec %s, seen at %d: %+v", codec.Protocol, seen.At, got)
				}
			}
		}
		h.post(ann, general.ID, next)
	}
}
