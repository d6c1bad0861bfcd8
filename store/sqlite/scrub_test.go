package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/chat"
)

// CheckIntegrity fails the test if SQLite finds a page that is wrong.
func (db *DB) CheckIntegrity(t testing.TB) {
	t.Helper()
	rows, err := db.reads.Query("PRAGMA integrity_check")
	found, err := collect(rows, err, func() (s string, err error) { return s, rows.Scan(&s) })
	if err != nil || len(found) != 1 || found[0] != "ok" {
		t.Fatalf("integrity_check: %q, %v", found, err)
	}
}

// CheckScrubbed fails the test if the unallocated space of a page of the file is not
// cleared: a copy of a deleted text could be there.
func CheckScrubbed(t testing.TB, path string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(file) / pageSize {
		if room := unallocated(uint32(i+1), file[i*pageSize:][:pageSize]); len(bytes.Trim(room, "\x00")) > 0 {
			t.Fatalf("the unallocated space of page %d of %d was not cleared", i+1, len(file)/pageSize)
		}
	}
}

// ScrubOften lets a process that will be killed die in the middle of a scrub.
func ScrubOften(o *settings) { o.scrubEvery, o.indexWait = 3*time.Millisecond, 0 }

// checkpointNow lets the writer run a checkpoint if a scrub is due, and reports whether it
// is due after it.
func checkpointNow(t *testing.T, db *DB) (due bool) {
	t.Helper()
	look := func(f func(*tx)) {
		if err := db.writeWhenFull(t.Context(), func(x *tx) error { f(x); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	look(func(x *tx) { x.checkpointed = time.Time{} })
	look(func(x *tx) { due = x.scrubDue })
	return due
}

var marker = regexp.MustCompile(`SECRET\d{6}`)

// secrets returns the markers in the database's files.
func secrets(t *testing.T, path string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	found := map[string]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marker.FindAll(b, -1) {
			found[string(m)] = filepath.Base(f)
		}
	}
	return found
}

// history posts, edits, deletes and reacts at random; each text holds a marker
// of its own, at its end, so that a long one has it on an overflow page.
type history struct {
	*rand.Rand
	db    *DB
	by    chat.UserID
	chats []chat.ChatID
	n     int
	now   []map[chat.Seq]string // the marker of each message, by chat
	heads []chat.Seq
}

func newHistory(t *testing.T, db *DB, seed uint64) *history {
	h := &history{Rand: rand.New(rand.NewPCG(seed, 0)), db: db, by: account(t, db, "ann")}
	for i := range 5 {
		c, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, By: h.by, ClientID: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		h.chats, h.now, h.heads = append(h.chats, c.ID), append(h.now, map[chat.Seq]string{}), append(h.heads, 1)
	}
	return h
}

func (h *history) step(t *testing.T, steps int) { h.play(t, steps, 6) }

// play does random steps; with one side of the dice they are all posts.
func (h *history) play(t *testing.T, steps, sides int) {
	t.Helper()
	failed := make(chan error, steps)
	for range steps {
		h.n++
		k := h.IntN(len(h.chats))
		mark := fmt.Sprintf("SECRET%06d", h.n)
		size := [...]int{10, 200, 400, 800, 800, 800, 800, 12000}[h.IntN(8)]
		e := chat.Event{Kind: chat.Posted, ChatID: h.chats[k], By: h.by, ClientID: fmt.Sprintf("%08x", h.Uint32()), Text: strings.Repeat("z", h.IntN(size)) + mark}
		rule := chat.Post
		for target := range h.now[k] {
			switch h.IntN(sides) {
			case 1, 2:
				e.Kind, e.Target, rule = chat.Edited, target, chat.Edit
				h.now[k][target] = mark
			case 3, 5:
				e.Kind, e.Target, e.Text, rule = chat.Deleted, target, "", chat.Delete
				delete(h.now[k], target)
			case 4:
				on := true
				e.Kind, e.Target, e.Text, e.Emoji, e.On, rule = chat.Reacted, target, "", fmt.Sprint(h.n), &on, accept
			}
			break
		}
		h.heads[k]++
		if e.Kind == chat.Posted {
			h.now[k][h.heads[k]] = mark
		}
		if err := h.db.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { failed <- err }); err != nil {
			t.Fatal(err)
		}
	}
	for range steps {
		if err := <-failed; err != nil {
			t.Fatal(err)
		}
	}
}

func accept(chat.View, *chat.Event) error { return nil }

// only fails the test unless the texts in the files are those that a reader sees.
func (h *history) only(t *testing.T, path string) {
	t.Helper()
	CheckScrubbed(t, path)
	found := secrets(t, path)
	for k := range h.now {
		for _, mark := range h.now[k] {
			if _, ok := found[mark]; !ok {
				t.Errorf("%s is lost", mark)
			}
			delete(found, mark)
		}
	}
	for mark, file := range found {
		t.Errorf("%s was deleted and is in %s", mark, file)
	}
}

// After random changes of pages, no text stays that was deleted or edited away, and
// scrubbed pages are intact.
func TestScrub(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	h := newHistory(t, db, seed)
	for range 12 {
		h.step(t, 150)
		if checkpointNow(t, db) {
			t.Fatal("there is no reader, and the log could not be emptied")
		}
		db.CheckIntegrity(t)
		h.only(t, path)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h.only(t, path)
}

// An edit alone makes a scrub due, too.
func TestScrubAfterEdit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	h := newHistory(t, db, 1)
	h.play(t, 50, 1)
	checkpointNow(t, db)
	h.play(t, 100, 3)
	checkpointNow(t, db)
	h.only(t, path)
}

// SQLite begins its log anew many times, sometimes while there is a reader, and the texts
// are scrubbed at the end.
func TestScrubAcrossLogs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := openedWith(t, path, func(o *settings) { o.checkpointEvery, o.scrubEvery = 60, time.Hour })
	h := newHistory(t, db, rand.Uint64())
	for range 25 {
		h.play(t, 20+h.IntN(150), 1+h.IntN(6))
		if h.IntN(4) > 0 {
			continue
		}
		reader, err := db.reads.Begin()
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := reader.QueryRow("SELECT count(*) FROM messages WHERE text <> ''").Scan(&n); err != nil {
			t.Fatal(err)
		}
		h.step(t, 100)
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	checkpointNow(t, db)
	db.CheckIntegrity(t)
	h.only(t, path)
}

// A reader keeps the log from being emptied; once it ends the log is emptied.
func TestScrubWithReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	h := newHistory(t, db, rand.Uint64())
	h.step(t, 200)
	for range 3 {
		reader, err := db.reads.Begin()
		if err != nil {
			t.Fatal(err)
		}
		var n, again int
		count := "SELECT count(*) FROM messages WHERE text <> ''"
		if err := reader.QueryRow(count).Scan(&n); err != nil {
			t.Fatal(err)
		}
		h.step(t, 200)
		if !checkpointNow(t, db) {
			t.Fatal("the log was emptied under a reader")
		}
		db.CheckIntegrity(t)
		h.step(t, 50)
		if err := reader.QueryRow(count).Scan(&again); err != nil || again != n {
			t.Fatalf("the reader's snapshot changed: %d, then %d, %v", n, again, err)
		}
		if err := reader.Rollback(); err != nil {
			t.Fatal(err)
		}
		if checkpointNow(t, db) {
			t.Fatal("the reader ended, and the log could not be emptied")
		}
		db.CheckIntegrity(t)
		h.only(t, path)
	}
}

// copied copies the files of a database as a kill would leave them.
func copied(t *testing.T, path string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "parley.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// A process that is killed between a deletion and the scrub leaves the text in its log,
// followed by frames of an incomplete transaction. The next process scrubs.
func TestScrubAfterKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	h := newHistory(t, opened(t, path), rand.Uint64())
	checkpointNow(t, h.db)
	h.step(t, 300)
	path = copied(t, path)
	log, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	var salt [8]byte
	if _, err := log.ReadAt(salt[:], 16); err != nil {
		t.Fatal(err)
	}
	size, err := log.Seek(0, 2)
	if err != nil {
		t.Fatal(err)
	}
	torn := make([]byte, frameSize)
	binary.BigEndian.PutUint32(torn, 1_000_000) // a page that never was
	copy(torn[8:], salt[:])
	if _, err := log.WriteAt(torn, walHeader+(size-walHeader)/frameSize*frameSize); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	db, err := Open(context.Background(), path, slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for due := true; due; { // the writer's first round runs by itself
		if err := db.write(t.Context(), func(x *tx) error { due = x.scrubDue; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	h.only(t, path)
	db.CheckIntegrity(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if said.Len() > 0 {
		t.Fatalf("the log says %s", said.String())
	}
}

// The pages of a scrub that failed are scrubbed by the next one, though their log was moved
// into the database in between.
func TestScrubFails(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := openedWith(t, path, func(o *settings) { o.scrubEvery = time.Hour }) // no round but those that are asked for
	h := newHistory(t, db, rand.Uint64())
	for range 2 {
		h.play(t, 800, 3) // pages split
		var conn *sql.Conn
		if err := db.write(t.Context(), func(x *tx) error {
			conn = x.conn
			_, err := conn.ExecContext(context.Background(), "PRAGMA query_only = ON") // but for checkpoints
			x.scrubDue, x.checkpointed = true, time.Time{}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		// The round that is due comes before this.
		if err := db.write(t.Context(), func(*tx) error { return nil }); !chat.Is(err, chat.Unavailable) {
			t.Fatalf("a scrub could write: %v", err)
		}
		if _, err := conn.ExecContext(context.Background(), "PRAGMA query_only = OFF"); err != nil {
			t.Fatal(err)
		}
		left := 0
		if err := db.write(t.Context(), func(x *tx) error { left = len(x.scrubber.pending); return nil }); err != nil || left == 0 {
			t.Fatalf("%d pages are left for the next round, %v", left, err)
		}
		h.step(t, 40)
		if checkpointNow(t, db) {
			t.Fatal("the log could not be emptied")
		}
		db.CheckIntegrity(t)
		h.only(t, path)
	}
}
