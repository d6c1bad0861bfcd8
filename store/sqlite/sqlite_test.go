package sqlite_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"parley/chat"
	"parley/store/sqlite"
	"parley/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, open) }

func TestStore(t *testing.T) {
	storetest.Run(t, open)
	t.Run("Plans", sqlite.Plans)
}

func TestCrash(t *testing.T) { storetest.Crash(t, open) }

// open opens the database in dir; t is nil in a process that will be killed.
func open(t testing.TB, dir string) chat.Store {
	s, err := sqlite.Open(context.Background(), filepath.Join(dir, "parley.db"), slog.New(slog.DiscardHandler))
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
	t.Cleanup(func() { s.Close() })
	return s
}
