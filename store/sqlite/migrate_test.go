package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"parley/chat"
)

// first has the rows of a database in the first format: a user and her chat, and one whose
// admin was deactivated.
const first = `
INSERT INTO meta VALUES ('epoch', '0123456789abcdef'), ('setup', ''), ('name', 'Parley');
INSERT INTO users VALUES ('-OLkfm9dZ1qV3x0A', 'ann', 'Ann', '', 'admin', 1, '', 1);
INSERT INTO chats VALUES ('-OLkfmAaQ4wE8u6D', 'group', 0, 'Tea', '', '-OLkfm9dZ1qV3x0A', 'tea', NULL, 1, 0, 1, 1);
INSERT INTO members VALUES ('-OLkfmAaQ4wE8u6D', '-OLkfm9dZ1qV3x0A', 'admin', 1);
INSERT INTO events (chat, seq, n, at, kind, by, users) VALUES ('-OLkfmAaQ4wE8u6D', 1, 0, 1, 'joined', '-OLkfm9dZ1qV3x0A', '["-OLkfm9dZ1qV3x0A"]');
INSERT INTO users VALUES ('-OLkfm9eB7rT5y2C', 'bob', 'Bob', '', 'member', 0, '', 1);
INSERT INTO chats VALUES ('-OLkfmAbQ4wE8u6D', 'group', 0, 'Pot', '', '-OLkfm9eB7rT5y2C', 'pot', NULL, 2, 0, 2, 1);
INSERT INTO members VALUES ('-OLkfmAbQ4wE8u6D', '-OLkfm9eB7rT5y2C', 'admin', 1), ('-OLkfmAbQ4wE8u6D', '-OLkfm9dZ1qV3x0A', 'member', 2);
INSERT INTO events (chat, seq, n, at, kind, by, users, role) VALUES ('-OLkfmAbQ4wE8u6D', 1, 0, 1, 'joined', '-OLkfm9eB7rT5y2C', '["-OLkfm9eB7rT5y2C"]', 'admin'),
  ('-OLkfmAbQ4wE8u6D', 2, 0, 1, 'joined', '-OLkfm9eB7rT5y2C', '["-OLkfm9dZ1qV3x0A"]', 'member');
PRAGMA user_version = 1`

// A database of the first format gets what came later, and keeps its rows.
func TestMigrate(t *testing.T) {
	const (
		ann chat.UserID = "-OLkfm9dZ1qV3x0A"
		tea chat.ChatID = "-OLkfmAaQ4wE8u6D"
	)
	path := filepath.Join(t.TempDir(), "parley.db")
	old, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	schema, err := migrations.ReadFile("migrations/0001_first.sql")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Exec(string(schema) + first); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	db := opened(t, path)
	c, err := db.Chat(t.Context(), ann, tea)
	if err != nil || c.Title != "Tea" || c.Role != chat.RoleAdmin || c.Head != 1 {
		t.Fatalf("%+v, %v", c, err)
	}
	for range 2 { // the second start changes nothing
		log, head, err := db.After(t.Context(), ann, "-OLkfmAbQ4wE8u6D", 2, 10, 1<<20)
		if err != nil || head != 3 || log[0].Kind != chat.RoleChanged || log[0].Role != chat.RoleAdmin || log[0].By != ann || log[0].Users[0] != ann {
			t.Fatalf("the chat without an admin: head %d, %+v, %v", head, log, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = opened(t, path)
	}
	title := "Tea"
	for _, want := range []bool{false, true} {
		came := make(chan bool, 1)
		e := chat.Event{Kind: chat.Renamed, ChatID: tea, By: ann, ClientID: "same", Title: &title}
		err := db.Append(t.Context(), e, chat.Rename, func(ev chat.Event, again bool, err error) {
			if err != nil || ev.Seq != 0 {
				t.Errorf("event %d, %v", ev.Seq, err)
			}
			came <- again
		})
		if err != nil {
			t.Fatal(err)
		}
		if again := <-came; again != want {
			t.Errorf("again %v, want %v", again, want)
		}
	}
}
