package mongo_test

import (
	"context"
	"hash/fnv"
	"log/slog"
	"os"
	"strconv"
	"testing"

	"parley/chat"
	"parley/internal/mongotest"
	"parley/store/mongo"
	"parley/store/storetest"
)

// where is the address of the server for a process that Crash kills.
const where = "PARLEY_CRASH_MONGO"

var server *mongotest.Server

func TestMain(m *testing.M) {
	storetest.Main(m, open, func() (end func(), err error) {
		if server, err = mongotest.Launch(); err != nil {
			return nil, err
		}
		return server.Stop, os.Setenv(where, server.Addr())
	})
}

func TestStore(t *testing.T) { storetest.Run(t, open) }

func TestCrash(t *testing.T) { storetest.Crash(t, open) }

// open opens the database that dir stands for; t is nil in a process that will
// be killed.
func open(t testing.TB, dir string) chat.Store {
	h := fnv.New64a()
	_, _ = h.Write([]byte(dir))
	name := "t" + strconv.FormatUint(h.Sum64(), 36)
	s, err := mongo.Open(context.Background(), mongotest.URL(os.Getenv(where), name), 50, slog.New(slog.DiscardHandler))
	if t == nil {
		if err != nil {
			panic(err)
		}
		return s
	}
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
