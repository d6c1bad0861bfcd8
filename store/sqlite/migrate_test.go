package sqlite

import (
	"bytes"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

// first has the rows of a database in the first format: users with some of the words by
// which they were found, a chat, and one whose admin was deactivated.
const first = `
INSERT INTO meta VALUES ('epoch', '0123456789abcdef'), ('setup', ''), ('name', 'Parley');
INSERT INTO users VALUES ('-OLkfm9dZ1qV3x0A', 'ann', 'Ann', '', 'admin', 1, '', 1);
INSERT INTO users VALUES ('-OLkfm9dZ1qV3x0B', 'jg', 'José García', '', 'member', 1, '', 1), ('-OLkfm9dZ1qV3x0C', 'yil', 'YILMAZ', '', 'member', 1, '', 1);
INSERT INTO user_words VALUES ('ann', '-OLkfm9dZ1qV3x0A'), ('josé garcía', '-OLkfm9dZ1qV3x0B'), ('stale', '-OLkfm9dZ1qV3x0B');
INSERT INTO chats VALUES ('-OLkfmAaQ4wE8u6D', 'group', 0, 'Tea', '', '-OLkfm9dZ1qV3x0A', 'tea', NULL, 1, 0, 1, 1);
INSERT INTO members VALUES ('-OLkfmAaQ4wE8u6D', '-OLkfm9dZ1qV3x0A', 'admin', 1);
INSERT INTO events (chat, seq, n, at, kind, by, users) VALUES ('-OLkfmAaQ4wE8u6D', 1, 0, 1, 'joined', '-OLkfm9dZ1qV3x0A', '["-OLkfm9dZ1qV3x0A"]');
INSERT INTO sessions VALUES ('-OLkfm9dZ1qV3x0B', '-OLkfm9dZ1qV3x0A', x'00', '', '', '', 1, 4000000000000);
INSERT INTO messages (chat, seq, n, at, by, client_id, text, reactions) VALUES ('-OLkfmAaQ4wE8u6D', 2, 1, 1, '-OLkfm9dZ1qV3x0A', 'm', 'hello', '[{"emoji":"+","by":["-OLkfm9dZ1qV3x0A"]}]');
INSERT INTO events (chat, seq, n, at, kind, by, target, emoji, is_on) VALUES
	('-OLkfmAaQ4wE8u6D', 3, 1, 1, 'reacted', '-OLkfm9dZ1qV3x0A', 2, '+', 1), ('-OLkfmAaQ4wE8u6D', 4, 1, 1, 'reacted', '-OLkfm9dZ1qV3x0A', 2, '-', 1),
	('-OLkfmAaQ4wE8u6D', 5, 1, 1, 'reacted', '-OLkfm9dZ1qV3x0A', 2, '-', 0), ('-OLkfmAaQ4wE8u6D', 6, 1, 1, 'reacted', '-OLkfm9dZ1qV3x0B', 2, '+', 1);
INSERT INTO events (chat, seq, n, at, kind, by, title, topic) VALUES
	('-OLkfmAaQ4wE8u6D', 7, 1, 1, 'renamed', '-OLkfm9dZ1qV3x0A', 'Coffee', ''), ('-OLkfmAaQ4wE8u6D', 8, 1, 1, 'renamed', '-OLkfm9dZ1qV3x0A', 'Tea', '');
UPDATE chats SET head = 8, n = 1;
INSERT INTO users VALUES ('-OLkfm9eB7rT5y2C', 'bob', 'Bob', '', 'member', 0, '', 1);
INSERT INTO chats VALUES ('-OLkfmAbQ4wE8u6D', 'group', 0, 'Pot', '', '-OLkfm9eB7rT5y2C', 'pot', NULL, 2, 0, 2, 1);
INSERT INTO members VALUES ('-OLkfmAbQ4wE8u6D', '-OLkfm9eB7rT5y2C', 'admin', 1), ('-OLkfmAbQ4wE8u6D', '-OLkfm9dZ1qV3x0A', 'member', 2);
INSERT INTO events (chat, seq, n, at, kind, by, users, role) VALUES ('-OLkfmAbQ4wE8u6D', 1, 0, 1, 'joined', '-OLkfm9eB7rT5y2C', '["-OLkfm9eB7rT5y2C"]', 'admin'),
  ('-OLkfmAbQ4wE8u6D', 2, 0, 1, 'joined', '-OLkfm9eB7rT5y2C', '["-OLkfm9dZ1qV3x0A"]', 'member');
INSERT INTO users VALUES ('-OLkfm9dZ1qV3x0D', 'cid', 'Cid', '', 'member', 1, '', 1);
INSERT INTO chats VALUES ('-OLkfmAcQ4wE8u6D', 'group', 0, 'Talk', '', '-OLkfm9dZ1qV3x0A', 'talk', NULL, 8, 6, 2, 8);
INSERT INTO members VALUES ('-OLkfmAcQ4wE8u6D', '-OLkfm9dZ1qV3x0A', 'admin', 8), ('-OLkfmAcQ4wE8u6D', '-OLkfm9dZ1qV3x0D', 'member', 2);
INSERT INTO events (chat, seq, n, at, kind, by, users, role) VALUES ('-OLkfmAcQ4wE8u6D', 1, 0, 1, 'joined', '-OLkfm9dZ1qV3x0A', '["-OLkfm9dZ1qV3x0A"]', 'admin'),
  ('-OLkfmAcQ4wE8u6D', 2, 0, 1, 'joined', '-OLkfm9dZ1qV3x0A', '["-OLkfm9dZ1qV3x0D"]', 'member');
INSERT INTO messages (chat, seq, n, at, by, client_id, text, reply_to, mentions, deleted_at) VALUES
  ('-OLkfmAcQ4wE8u6D', 3, 1, 3, '-OLkfm9dZ1qV3x0A', 'a', 'one', NULL, NULL, NULL), ('-OLkfmAcQ4wE8u6D', 4, 2, 4, '-OLkfm9dZ1qV3x0D', 'b', 'two', 3, NULL, NULL),
  ('-OLkfmAcQ4wE8u6D', 5, 3, 5, '-OLkfm9dZ1qV3x0A', 'c', 'three @cid', 4, '["-OLkfm9dZ1qV3x0D"]', NULL), ('-OLkfmAcQ4wE8u6D', 6, 4, 6, '-OLkfm9dZ1qV3x0D', 'd', '', 5, NULL, 7),
  ('-OLkfmAcQ4wE8u6D', 7, 5, 7, '-OLkfm9dZ1qV3x0D', 'e', '@ann @cid', NULL, '["-OLkfm9dZ1qV3x0A","-OLkfm9dZ1qV3x0D"]', NULL), ('-OLkfmAcQ4wE8u6D', 8, 6, 8, '-OLkfm9dZ1qV3x0A', 'f', 'own', 3, NULL, NULL);
INSERT INTO mentions VALUES ('-OLkfm9dZ1qV3x0D', '-OLkfmAcQ4wE8u6D', 5), ('-OLkfm9dZ1qV3x0A', '-OLkfmAcQ4wE8u6D', 7), ('-OLkfm9dZ1qV3x0D', '-OLkfmAcQ4wE8u6D', 7);
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

	var lines bytes.Buffer
	db, err := Open(t.Context(), path, slog.New(slog.NewTextHandler(&lines, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(lines.String(), "migrating the database"); n != len(files)-1 || !strings.Contains(lines.String(), fmt.Sprint("format=2 of=", len(files))) {
		t.Errorf("logged %s", &lines)
	}
	for q, want := range map[string]int{"jose": 1, "garc": 1, "yılmaz": 1, "josé": 1, "stale": 0} {
		if found, _, err := db.FindUsers(t.Context(), q, "", 9); err != nil || len(found) != want {
			t.Errorf("%q finds %d users, %v", q, len(found), err)
		}
	}
	c, err := db.Chat(t.Context(), ann, tea)
	if err != nil || c.Title != "Tea" || c.Role != chat.RoleAdmin || c.Head != 8 || c.LastAt != 1 {
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
	// Replies have their roots, and inboxes what concerns their users.
	const talk chat.ChatID = "-OLkfmAcQ4wE8u6D"
	p, err := db.Thread(t.Context(), ann, talk, 6, 0, 50)
	if err != nil || fmt.Sprint(seqsOf(p.Messages)) != "[3 4 5 6 8]" {
		t.Errorf("the thread is %v, %v", seqsOf(p.Messages), err)
	}
	for u, want := range map[chat.UserID]string{ann: "[7 4]", "-OLkfm9dZ1qV3x0D": "[5]"} {
		if list, err := db.MentionsOf(t.Context(), u, chat.MentionPlace{}, 50); err != nil || fmt.Sprint(seqsOf(list)) != want {
			t.Errorf("what concerns %s: %v, %v, want %s", u, seqsOf(list), err, want)
		}
	}
	if c, err := db.Chat(t.Context(), ann, talk); err != nil || c.LastAt != 8 || c.GroupMentions != chat.ByEveryone {
		t.Errorf("%+v, %v", c, err)
	}
	// Reactions that were taken back and replaced titles leave the log.
	events, _, err := db.After(t.Context(), ann, tea, 2, 10, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, e := range events {
		switch {
		case e.Emoji != "":
			left = append(left, fmt.Sprint(e.Seq, e.Emoji))
		case e.Title != nil:
			left = append(left, fmt.Sprint(e.Seq, *e.Title))
		}
	}
	if want := []string{"3+", "8Tea"}; !slices.Equal(left, want) {
		t.Errorf("the log holds %q, want %q", left, want)
	}
	db.now = func() int64 { return chat.DefaultSessionLife }
	sessions, err := db.SessionsOf(t.Context(), ann)
	if err != nil || len(sessions) != 1 || sessions[0].ExpiresAt != 1+chat.DefaultSessionLife {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
	db.now = chat.Now
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

func seqsOf(messages []chat.Message) (seqs []chat.Seq) {
	for i := range messages {
		seqs = append(seqs, messages[i].Seq)
	}
	return seqs
}

// Words that the store holds of a user, whatever version made them, neither find the user
// nor stand in the way of a new name.
func TestStaleWords(t *testing.T) {
	db := opened(t, filepath.Join(t.TempDir(), "parley.db"))
	u, _, err := db.CreateAccount(t.Context(), chat.NewAccount{Handle: "ann", Name: "Ann Lee", PasswordHash: "x", Session: chat.NewSession{TokenHash: chat.SecretHash("x")}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.write(t.Context(), func(tx *tx) error {
		_, err := tx.exec(insertWord, "zoe", string(u.ID))
		if err == nil {
			_, err = tx.exec(insertWord, "berta", string(u.ID))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, _, err := db.FindUsers(t.Context(), "zo", "", 9); err != nil || len(found) > 0 {
		t.Errorf("a stale word finds %v, %v", found, err)
	}
	name := "Berta"
	if u, err = db.PatchUser(t.Context(), u.ID, chat.UserPatch{Name: &name}); err != nil || u.Name != name {
		t.Fatalf("renamed to %q, %v", u.Name, err)
	}
	var words int
	if err := db.row(t.Context(), "SELECT count(*) FROM user_words WHERE user = ?", string(u.ID)).Scan(&words); err != nil || words != 2 {
		t.Errorf("%d words, want ann and berta; %v", words, err)
	}
}
