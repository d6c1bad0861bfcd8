package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
)

func TestOpenRefuses(t *testing.T) {
	open := func(path string) (*DB, error) { return Open(t.Context(), path, slog.New(slog.DiscardHandler)) }

	t.Run("a database that is in use", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		db := opened(t, path)
		if _, err := open(path); err == nil || !strings.Contains(err.Error(), path+".lock") || strings.Contains(err.Error(), "\n") {
			t.Fatalf("the second one got %v", err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		opened(t, path)
	})

	t.Run("a newer database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		db := opened(t, path)
		if err := db.write(t.Context(), func(t *tx) error {
			_, err := t.conn.ExecContext(context.Background(), "PRAGMA user_version = 99")
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := open(path); err == nil || !strings.Contains(err.Error(), "format 99") {
			t.Fatalf("got %v", err)
		}
		if _, err := open(path); err == nil || strings.Contains(err.Error(), "in use") {
			t.Fatalf("the refusal kept the lock: %v", err)
		}
	})

	t.Run("a database with other pages", func(t *testing.T) {
		for _, layout := range []string{"PRAGMA page_size = 1024", "PRAGMA auto_vacuum = FULL"} {
			path := filepath.Join(t.TempDir(), "parley.db")
			opened(t, path).Close()
			run := func(script string) {
				other, err := sql.Open("sqlite", path)
				if err != nil {
					t.Fatal(err)
				}
				defer other.Close()
				other.SetMaxOpenConns(1)
				if _, err := other.Exec(script); err != nil {
					t.Fatal(err)
				}
			}
			run("PRAGMA journal_mode = DELETE; " + layout + "; VACUUM")
			_, err := open(path)
			if err == nil || !strings.Contains(err.Error(), "VACUUM INTO 'FILE'") {
				t.Fatalf("%s: got %v", layout, err)
			}
			_, advice, _ := strings.Cut(err.Error(), "sqlite3 and ")
			run(strings.Replace(advice, "FILE", path+".copy", 1))
			opened(t, path+".copy")
		}
	})

	t.Run("a folder, and a link to nowhere", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		if err := os.Symlink(path+".gone", path); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{path, filepath.Dir(path)} {
			if _, err := open(path); err == nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("got %v", err)
			}
		}
	})

	t.Run("a file that is no database", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := open(path); err == nil {
			t.Fatal("opened")
		}
	})
}

// What is left of a lost database does not become a new server in silence.
func TestOpenRefusesRemains(t *testing.T) {
	open := func(path string) (*DB, error) { return Open(t.Context(), path, slog.New(slog.DiscardHandler)) }
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lost := func() string {
		path := filepath.Join(t.TempDir(), "parley.db")
		db := opened(t, path)
		account(t, db, "ann")
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("an empty file", func(t *testing.T) {
		path := lost()
		write(path, "")
		for range 2 {
			if _, err := open(path); err == nil || !strings.Contains(err.Error(), path+" is empty") {
				t.Fatalf("got %v", err)
			}
		}
		if info, err := os.Stat(path); err != nil || info.Size() != 0 {
			t.Errorf("the file was changed: %v, %v", info.Size(), err)
		}
	})
	t.Run("a log alone", func(t *testing.T) {
		path := lost()
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		write(path+"-wal", "the log")
		if _, err := open(path); err == nil || !strings.Contains(err.Error(), path+"-wal is there") {
			t.Fatalf("got %v", err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Error("the file was made")
		}
	})
	t.Run("a database of another program", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "other.db")
		other, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.Exec("CREATE TABLE invoices (id INTEGER PRIMARY KEY)"); err != nil {
			t.Fatal(err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := open(path); err == nil || !strings.Contains(err.Error(), "not Parley's") {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("a start that fails leaves no empty file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Open(gone, path, slog.New(slog.DiscardHandler)); err == nil {
			t.Fatal("opened")
		}
		opened(t, path)
	})
	tellsOnce := func(t *testing.T, path string) {
		t.Helper()
		var out strings.Builder
		for range 2 {
			db, err := Open(t.Context(), path, slog.New(slog.NewTextHandler(&out, nil)))
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Count(out.String(), "a new database is made") != 1 {
			t.Errorf("logged %s", out.String())
		}
	}
	t.Run("a new database is told", func(t *testing.T) { tellsOnce(t, filepath.Join(t.TempDir(), "parley.db")) })
	t.Run("so is one in a file of SQLite that holds nothing", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "parley.db")
		empty, err := sql.Open("sqlite", path)
		if err == nil {
			_, err = empty.ExecContext(t.Context(), "VACUUM")
			err = errors.Join(err, empty.Close())
		}
		if info, statErr := os.Stat(path); err != nil || statErr != nil || info.Size() == 0 {
			t.Fatal(info, err, statErr)
		}
		tellsOnce(t, path)
	})
}

// Only the user of the process can read the files, whatever characters the path has.
func TestOpenMakesFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new folder", "100% é?#")
	path := filepath.Join(dir, "parley ?mode=ro&#1.db")
	db := opened(t, path)
	account(t, db, "ann")
	for name, mode := range map[string]os.FileMode{dir: 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != mode {
			t.Errorf("%s has mode %v, want %v", name, info.Mode(), mode)
		}
	}
}

// A released migration must not change: corrections need a further one. A new one adds its
// hash here.
func TestMigrationsAreUnchanged(t *testing.T) {
	hashes := []string{
		"44a056913c039689ef505da002eb60b1caa782a3861fd89d386b7788009271fd",
		"f75f8c5021f813f668b4b2a4131f810c68b2ea76785b48198fc2f89af64b9312",
		"0c037c52353a18a35db9929cdeb810f91184f41010dfad48a737ca4c97366b03",
		"69d3122f4d3e9fafc57cdc0b6a04bfe90b3a98315c7e091c3195e9172a79637e",
		"b678da4ffe7f579d315884b7b067858eda0c6e1a5ae83b90c786ab61acaab5d2",
		"44b30c146390f23deb742d7b2be5e14da4c35c09058ac849181d31c8fe4ab891",
		"5950cb4aef844af48acdb3b904c91799ffd60bc32849e045c3fbe438903777eb",
		"0c0486846e48edc9cbf6c4a6484fc0d9f1624b729d00ea879bb2ebd140200bf8",
		"7a2d83ba24e108d4c0c04964135c812b9d626774d695de31274ec622323c0a35",
		"dc66975873219b5aacc1987bb823d8cf2cece17982aa83078b8468b17a74793c",
		"19d236a160df9b27e583f8e14f3466fd396cc1627ff6968171a7554b6c025cf4",
		"6fc7197b92afda373b98935fe65036cdd16329ab9cf7094d549944f3c2977b22",
		"b46afc19379aa9f4b85b7e7be459cf6dc692d2d665a8587c1b8f5a3e53e1a662",
		"61de225bd7215a9c23c3973ed363e6fdf56784eaf58511a189401928f2896906",
		"738f67f07eda5522a1e3572aa56c521b59b858c3c2ea90c9368b226400df10dd",
		"7af3568cb8a4cf3e0231b2df99249dd392f8cf295a482b3835f1839167019586",
		"a4e03a9993f483b7aca1b8c5340b5f6e966d9f7914cb89079d906fb72db3e614",
		"e53f356023170bcd17a39f619fe8461c6377b55a9f256ebfaeab8e0a2aed49a7",
		"a4785108466a7464b59995ab79f84bb28f5ae4c715c6909e33dc2959ca6cfd85",
		"ed9897b5e050d961cf8ecaad5fd9c2c58ac65af32dca5a2aac78747f7628c801",
		"5a603b2bc45ce3949fe016480114484fa55b67dc75a6743eaf556a78170f263c",
		"b9965bf63cf0b44ef9a6d0e2353f793d9aa3236d8addccbfb881c6bc432ce525",
		"d4bcf6bb3a493eb42743807b4057acded9c22e1655571457e9e5e0dfea0981bf",
	}
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < len(hashes) {
		t.Fatalf("there were %d migrations, now there are %q", len(hashes), files)
	}
	for i, file := range files {
		script, err := migrations.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprintf("%x", sha256.Sum256(script))
		switch {
		case !strings.HasPrefix(file, fmt.Sprintf("migrations/%04d_", i+1)):
			t.Errorf("migration %d is in %s", i+1, file)
		case i >= len(hashes):
			t.Errorf("%s is new: add its hash, %s", file, got)
		case got != hashes[i]:
			t.Errorf("%s was changed, it is %s now", file, got)
		}
	}
}

// A link opens the same database: it is locked, and scrubbed.
func TestOpenLink(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	opened(t, path).Close()
	db := opened(t, link)
	if _, err := Open(t.Context(), path, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("the second one got %v", err)
	}
	h := newHistory(t, db, 1)
	h.step(t, 100)
	checkpointNow(t, db)
	seen := false
	if err := db.write(t.Context(), func(x *tx) error { seen = x.scrubber.done > 0; return nil }); err != nil || !seen {
		t.Fatalf("the scrubber read no log, %v", err)
	}
}

// An epoch does not change; a copy without one gets its own, once, and is else unchanged.
func TestEpoch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	first, server := db.Epoch(), func(db *DB) chat.Server {
		s, err := db.Server(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	was := server(db)
	if len(first) != chat.EpochLen || was.Setup == "" || was.Name != chat.DefaultServer {
		t.Fatalf("epoch %q, server %+v", first, was)
	}
	again := func() *DB {
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		return opened(t, path)
	}
	if db = again(); db.Epoch() != first || server(db) != was {
		t.Fatal("another epoch or setup code for the same database")
	}
	if err := db.write(t.Context(), func(t *tx) error {
		_, err := t.exec("UPDATE meta SET value = '' WHERE key = 'epoch'")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	db = again()
	second := db.Epoch()
	if len(second) != chat.EpochLen || second == first || server(db) != was {
		t.Fatalf("epoch %q after %q", second, first)
	}
	if db = again(); db.Epoch() != second {
		t.Fatal("the new epoch was not kept")
	}
}

// The parts of a page in SQLite's file format.
func TestUnallocated(t *testing.T) {
	leaf := func(kind byte, at int) []byte {
		b := make([]byte, pageSize)
		b[at], b[at+4], b[at+5], b[at+6] = kind, 3, 0x0f, 0x00 // three cells, from 3840
		return b
	}
	for _, c := range []struct {
		page       uint32
		b          []byte
		start, end int
	}{
		{2, leaf(10, 0), 14, 3840}, {2, leaf(13, 0), 14, 3840}, {2, leaf(2, 0), 18, 3840}, {2, leaf(5, 0), 18, 3840},
		{1, leaf(13, 100), 114, 3840}, {2, leaf(0, 0), 0, 0}, {2, leaf(1, 0), 0, 0}, {2, nil, 0, 0}, {2, leaf(13, 0)[:100], 0, 0},
	} {
		for i := range c.b {
			if i >= c.start && i < c.end {
				c.b[i] = 0xee
			}
		}
		room := unallocated(c.page, c.b)
		if len(room) != c.end-c.start {
			t.Errorf("page %d of kind %v: %d unallocated bytes, want %d", c.page, c.b, len(room), c.end-c.start)
		}
		for _, x := range room {
			if x != 0xee {
				t.Fatal("the unallocated space is elsewhere")
			}
		}
	}
}

// The unallocated space lies inside the page, whatever its bytes.
func FuzzRoomOf(f *testing.F) {
	f.Add(uint32(2), []byte{10, 0, 0, 0xff, 0xff, 0, 1, 0})
	f.Add(uint32(1), []byte{13})
	f.Fuzz(func(t *testing.T, page uint32, head []byte) {
		b := make([]byte, pageSize)
		copy(b, head)
		clear(unallocated(page, b))
	})
}
