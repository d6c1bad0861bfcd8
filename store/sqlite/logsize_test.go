package sqlite

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
)

// A log that cannot be emptied, since another program reads, is reported once for each
// doubling, and so is its end.
func TestLongLogIsReported(t *testing.T) {
	var out strings.Builder
	opts := defaultSettings()
	opts.longLog, opts.checkpointEvery = 1<<20, 1<<30
	path := filepath.Join(t.TempDir(), "parley.db")
	db, err := open(t.Context(), path, slog.New(slog.NewTextHandler(&out, nil)), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	ann := account(t, db, "ann")
	made, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "garden", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(from, n int) {
		t.Helper()
		for i := range n {
			if _, failed := post(t, db, ann, made.ID, fmt.Sprint(from+i)+strings.Repeat("x", 15<<10)); len(failed) > 0 {
				t.Fatal(failed)
			}
		}
		if err := db.write(t.Context(), func(x *tx) error { x.scrubDue = true; return nil }); err != nil {
			t.Fatal(err)
		}
		checkpointNow(t, db)
	}
	lines := func(text string) int { return strings.Count(out.String(), text) }

	other, err := sql.Open("sqlite", db.name)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	reading, err := other.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := reading.QueryRow("SELECT count(*) FROM users").Scan(&n); err != nil {
		t.Fatal(err)
	}
	write(0, 100)
	write(100, 3)
	if lines("log grows") != 1 || db.WALBytes() < 1<<20 {
		t.Errorf("%d bytes, logged %s", db.WALBytes(), out.String())
	}
	write(200, 150)
	if lines("log grows") != 2 || lines("short again") != 0 {
		t.Errorf("%d bytes, logged %s", db.WALBytes(), out.String())
	}
	if err := reading.Rollback(); err != nil {
		t.Fatal(err)
	}
	write(400, 0)
	if lines("log grows") != 2 || lines("short again") != 1 {
		t.Errorf("%d bytes, logged %s", db.WALBytes(), out.String())
	}
}
