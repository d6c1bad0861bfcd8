package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"parley/chat"
	"parley/store/sqlite"
	"parley/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m, open, nil) }

func TestStore(t *testing.T) {
	storetest.Run(t, open)
	t.Run("Plans", sqlite.Plans)
}

func TestClocks(t *testing.T) {
	storetest.Clocks(t, func(t testing.TB, dir string, now func() int64) chat.Store {
		s := open(t, dir)
		sqlite.SetClock(s.(*sqlite.DB), now)
		return s
	})
}

func TestCrash(t *testing.T) { storetest.Crash(t, 50, open) }

// open opens the database in dir and checks that it is intact and scrubbed after it is
// opened and closed. t is nil in a process that will be killed, which scrubs all the time.
func open(t testing.TB, dir string) chat.Store {
	path := filepath.Join(dir, "parley.db")
	if t == nil {
		s, err := sqlite.OpenForTest(path, sqlite.ScrubOften)
		if err != nil {
			panic(err)
		}
		return s
	}
	t.Helper()
	s, err := sqlite.OpenForTest(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.CheckIntegrity(t)
	t.Cleanup(func() {
		if s.Ping(context.Background()) == nil {
			s.CheckIntegrity(t)
		}
		s.Close()
		sqlite.CheckScrubbed(t, path)
	})
	return s
}
