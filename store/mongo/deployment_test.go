package mongo_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
)

// A deployment on which Parley cannot run ends the start with a line that says why. One that
// may come right is unavailable, so that the server waits.
func TestDeployments(t *testing.T) {
	const down = "127.0.0.1:1"
	set := mongotest.Hello{SetName: "rs0"}
	old := func(wire int) mongotest.Hello { return mongotest.Hello{SetName: "rs0", WireVersion: wire} }
	for _, c := range []struct {
		name  string
		hello mongotest.Hello
		url   string // HOST is the server
		want  string // in the refusal; empty: it waits
	}{
		{"a router", mongotest.Hello{Router: true}, "mongodb://HOST/", "sharded cluster"},
		{"a router as a replica set", mongotest.Hello{Router: true}, "mongodb://HOST/?replicaSet=rs0", "sharded cluster"},
		{"a router, connected to directly", mongotest.Hello{Router: true}, "mongodb://HOST/?directConnection=true", "sharded cluster"},
		{"routers behind a load balancer", mongotest.Hello{Router: true}, "mongodb://HOST/?loadBalanced=true", "sharded cluster"},
		{"MongoDB 4.4", old(9), "mongodb://HOST/?replicaSet=rs0", "needs MongoDB 5.0 or newer"},
		{"MongoDB 4.4 without the set's name", old(9), "mongodb://HOST/", "needs MongoDB 5.0 or newer"},
		{"MongoDB 4.2, which the driver refuses", old(8), "mongodb://HOST/?replicaSet=rs0", "needs MongoDB 5.0 or newer"},
		{"MongoDB 3.6", old(6), "mongodb://HOST/?replicaSet=rs0", "needs MongoDB 5.0 or newer"},
		{"a standalone server", mongotest.Hello{}, "mongodb://HOST/", "standalone"},
		{"a standalone server as a replica set", mongotest.Hello{}, "mongodb://HOST/?replicaSet=rs0", "standalone"},
		{"a standalone server twice", mongotest.Hello{}, "mongodb://HOST,HOST/?replicaSet=rs0", "standalone"},
		{"another set's name", set, "mongodb://HOST/?replicaSet=other", `replica set of the MongoDB server is "rs0"`},
		{"a standalone server, and one that is down", mongotest.Hello{}, "mongodb://HOST," + down + "/?replicaSet=rs0", ""},
		{"a member before rs.initiate", mongotest.Hello{NotInitiated: true}, "mongodb://HOST/?replicaSet=rs0", ""},
		{"the same, without the set's name", mongotest.Hello{NotInitiated: true}, "mongodb://HOST/", ""},
		{"a host that is down", set, "mongodb://" + down + "/?replicaSet=rs0", ""},
		{"a name that does not resolve", set, "mongodb://mongo.invalid/?replicaSet=rs0", ""},
		{"a mongodb+srv name that does not resolve", set, "mongodb+srv://db.mongo.invalid/", ""},
		{"a mongodb+srv name with a port", set, "mongodb+srv://db.mongo.invalid:27017/", "the store's URL"},
		{"an unknown option's value", set, "mongodb://HOST/?tls=perhaps", "the store's URL"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			url := strings.ReplaceAll(c.url, "HOST", mongotest.StartFake(t, c.hello, nil).Addr())
			if strings.Contains(url, "?") {
				url += "&serverSelectionTimeoutMS=300"
			} else {
				url += "?serverSelectionTimeoutMS=300"
			}
			db, err := mongo.Open(t.Context(), url, 10, slog.New(slog.DiscardHandler))
			if err == nil {
				_ = db.Close()
				t.Fatal("it was opened")
			}
			if waits := chat.Is(err, chat.Unavailable); waits != (c.want == "") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("waits: %v, %v", waits, err)
			}
		})
	}
}

// Indexes are built for as long as it takes, whatever timeout the URL has, and the log shows
// that they are. The change stream's timeout is not that of the URL either.
func TestIndexBuildsHaveNoTimeout(t *testing.T) {
	var mu sync.Mutex
	limits := map[string][]int64{}
	logged := make(chan struct{})
	url := server.Proxy(t, func(m mongotest.Command) mongotest.Action {
		if m.Name == "createIndexes" && m.Body.Lookup("createIndexes").StringValue() == "events" {
			<-logged
		}
		if limit, ok := m.Body.Lookup("maxTimeMS").AsInt64OK(); ok {
			mu.Lock()
			defer mu.Unlock()
			if m.Name == "createIndexes" || m.App == feedApp && m.Name == "getMore" {
				limits[m.Name] = append(limits[m.Name], limit)
			}
		}
		return mongotest.Pass
	}).URL(database(t)) + "&timeoutMS=3000"
	lines := &lineSignal{want: `"building indexes; this server serves when they are complete" collection=events documents=0 elapsed=`, seen: logged}
	db, err := mongo.OpenWithProgress(t.Context(), url, slog.New(slog.NewTextHandler(lines, nil)), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ann, c := newChat(t, db)
	next := follow(t, limited(t), db)
	post(t, db, ann, c, "hello")
	if e := next(); e.ClientID != "hello" {
		t.Errorf("the feed yielded %+v", e)
	}
	mu.Lock()
	defer mu.Unlock()
	if list := limits["createIndexes"]; len(list) > 0 {
		t.Errorf("indexes are built within %v ms", list)
	}
	for _, ms := range limits["getMore"] {
		if ms != 10_000 {
			t.Errorf("a change is waited for within %d ms", ms)
		}
	}
	if len(limits["getMore"]) == 0 {
		t.Error("the stream did not wait for a change")
	}
}

// lineSignal closes seen when a line with want is written.
type lineSignal struct {
	want string
	seen chan struct{}
	once sync.Once
}

func (l *lineSignal) Write(line []byte) (int, error) {
	if bytes.Contains(line, []byte(l.want)) {
		l.once.Do(func() { close(l.seen) })
	}
	return len(line), nil
}

// A database that a newer Parley wrote is refused before it is changed.
func TestNewerDatabaseIsLeftAsItIs(t *testing.T) {
	url := server.URL(database(t))
	db, err := mongo.Open(t.Context(), url, 10, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mongo.SetSchema(t, db, 1000)
	proxied := server.Proxy(t, func(m mongotest.Command) mongotest.Action {
		switch m.Name {
		case "createIndexes", "insert", "update":
			t.Errorf("it was sent %s", m.Name)
		}
		return mongotest.Pass
	}).URL(database(t))
	other, err := mongo.Open(context.Background(), proxied, 10, slog.New(slog.DiscardHandler))
	if err == nil {
		_ = other.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "newer Parley") || chat.Is(err, chat.Unavailable) {
		t.Errorf("opened: %v", err)
	}
}

// A wrong password does not pass by waiting, and is not in the error.
func TestWrongPassword(t *testing.T) {
	fake := mongotest.StartFake(t, mongotest.Hello{SetName: "rs0"}, func(c mongotest.Command) bson.D {
		if c.Name == "saslStart" {
			return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 18}, {Key: "codeName", Value: "AuthenticationFailed"}, {Key: "errmsg", Value: "Authentication failed."}}
		}
		return nil
	})
	db, err := mongo.Open(t.Context(), "mongodb://ann:hunter2@"+fake.Addr()+"/?replicaSet=rs0", 10, slog.New(slog.DiscardHandler))
	if err == nil {
		_ = db.Close()
	}
	if err == nil || chat.Is(err, chat.Unavailable) || !strings.Contains(err.Error(), "Authentication") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("opened: %v", err)
	}
}

// The errors that a server returns as documents, as the driver reads them.
func TestServerErrors(t *testing.T) {
	concern := func(code int) bson.D {
		return bson.D{{Key: "ok", Value: 1}, {Key: "n", Value: 1}, {Key: "writeConcernError", Value: bson.D{{Key: "code", Value: code}, {Key: "errmsg", Value: "no majority"}}}}
	}
	failed := func(code int, labels ...string) bson.D {
		return bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: code}, {Key: "errmsg", Value: "failed"}, {Key: "errorLabels", Value: labels}}
	}
	for _, c := range []struct {
		name, command string
		reply         bson.D
		want          chat.Code
	}{
		{"the time limit of the write concern of an index", "createIndexes", concern(50), chat.Unavailable},
		{"a write concern of an index that was not met", "createIndexes", concern(64), chat.Unavailable},
		{"a build of an index that was ended", "createIndexes", failed(276), chat.Unavailable},
		{"an overload during the build of an index", "createIndexes", failed(462, "SystemOverloadedError", "RetryableError"), chat.Unavailable},
		{"the time limit of a write concern", "update", concern(50), chat.Unavailable},
		{"an overload", "find", failed(462, "SystemOverloadedError", "RetryableError"), chat.Unavailable},
		{"no room in the cache", "find", failed(365), chat.Unavailable},
		{"a build of an index that is under way", "createIndexes", failed(285), chat.Unavailable},
		{"two documents with one unique key", "createIndexes", failed(11000), chat.Internal},
		{"an index with other options", "createIndexes", failed(85), chat.Internal},
		{"no right to read", "find", failed(13), chat.Internal},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			fake := mongotest.StartFake(t, mongotest.Hello{SetName: "rs0"}, func(m mongotest.Command) bson.D {
				switch m.Name {
				case c.command:
					return c.reply
				case "find":
					return bson.D{{Key: "ok", Value: 1}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: "parley.meta"}, {Key: "firstBatch", Value: bson.A{}}}}}
				}
				return nil
			})
			db, err := mongo.Open(t.Context(), "mongodb://"+fake.Addr()+"/?replicaSet=rs0", 10, slog.New(slog.DiscardHandler))
			if err == nil {
				_ = db.Close()
			}
			if !chat.Is(err, c.want) {
				t.Errorf("opened: %v", err)
			}
		})
	}
}
