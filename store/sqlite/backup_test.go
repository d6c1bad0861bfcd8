package sqlite

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"parley/chat"
)

// alone asserts that a folder holds these files and no others.
func alone(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		t.Fatalf("the folder holds %q, want %q", names, want)
	}
}

// fullLog returns the log of a chat.
func fullLog(t *testing.T, db *DB, id chat.ChatID) []chat.Event {
	t.Helper()
	events, head, err := db.After(context.Background(), "", id, 0, 100_000, 1<<30)
	if err != nil || chat.Seq(len(events)) != head {
		t.Fatal(len(events), head, err)
	}
	return events
}

// A copy has all but the epoch and the texts that were deleted or edited away, and starts
// another history.
func TestBackup(t *testing.T) {
	db, path, ann, id := garden(t)
	post(t, db, ann, id, "SECRET deleted", "SECRET edited", "stays")
	for _, draft := range []chat.Event{{Kind: chat.Deleted, Target: 2}, {Kind: chat.Edited, Target: 3, Text: "harmless"}} {
		rule, done := chat.Delete, make(chan error, 1)
		if draft.Kind == chat.Edited {
			rule = chat.Edit
		}
		draft.ChatID, draft.By = id, ann
		if err := db.Append(t.Context(), draft, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if wal, err := os.ReadFile(path + "-wal"); err != nil || !bytes.Contains(wal, []byte("SECRET")) {
		t.Fatalf("the texts are not where a copy by hand would have them (%v)", err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "copy é?#.db")
	if err := db.Backup(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	alone(t, dir, filepath.Base(file))
	b, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if err != nil || statErr != nil || info.Mode() != 0o600 || bytes.Contains(b, []byte("SECRET")) || !bytes.Contains(b, []byte("harmless")) {
		t.Fatalf("%v %v %v, %d bytes", err, statErr, info.Mode(), len(b))
	}
	if bytes.Contains(b, []byte(db.Epoch())) {
		t.Error("the copy has the epoch")
	}

	log := fullLog(t, db, id)
	post(t, db, ann, id, "only in the first")
	second := opened(t, file)
	if len(second.Epoch()) != chat.EpochLen || second.Epoch() == db.Epoch() {
		t.Fatalf("the epoch of the copy is %q, that of the database %q", second.Epoch(), db.Epoch())
	}
	if got := fullLog(t, second, id); fmt.Sprint(got) != fmt.Sprint(log) {
		t.Errorf("the copy has %v\nwant %v", got, log)
	}
	if u, _, err := second.Identify(t.Context(), chat.SecretHash("ann")); err != nil || u.ID != ann {
		t.Errorf("ann is %+v, %v", u, err)
	}
	if acked, failed := post(t, second, ann, id, "only in the second"); len(acked) != 1 {
		t.Fatal(failed)
	}
}

// A copy that is made while posts run has a prefix of the log, with every post that was
// acknowledged before.
func TestBackupWhilePostsRun(t *testing.T) {
	db, _, ann, id := garden(t)
	ctx, cancel := context.WithCancel(t.Context())
	var posting sync.WaitGroup
	defer posting.Wait()
	defer cancel()
	for writer := range 4 {
		posting.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				if _, failed := post(t, db, ann, id, fmt.Sprintf("%d of %d", i, writer)); len(failed) > 0 {
					t.Error(failed)
				}
			}
		})
	}
	for range 3 {
		acked, _ := post(t, db, ann, id, chat.NewID[string]())
		file := filepath.Join(t.TempDir(), "copy.db")
		if err := db.Backup(t.Context(), file); err != nil {
			t.Fatal(err)
		}
		copied := opened(t, file)
		log := fullLog(t, copied, id)
		for _, seq := range acked {
			if seq > chat.Seq(len(log)) {
				t.Errorf("%d was acknowledged, the copy ends at %d", seq, len(log))
			}
		}
		if truth := fullLog(t, db, id); fmt.Sprint(truth[:len(log)]) != fmt.Sprint(log) {
			t.Error("the copy is no beginning of the log")
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	db, path, _, _ := garden(t)
	dir := t.TempDir()
	there, link := filepath.Join(dir, "there"), filepath.Join(dir, "to nowhere")
	if err := errors.Join(os.WriteFile(there, []byte("mine"), 0o644), os.Symlink(filepath.Join(dir, "gone"), link)); err != nil {
		t.Fatal(err)
	}
	for file, says := range map[string]string{
		there: there + " exists already", link: link + " exists already", dir: dir + " exists already", path: path + " exists already",
		filepath.Join(dir, "no", "such"): "no such", filepath.Join(there, "x"): "not a directory",
		filepath.Join(dir, strings.Repeat("x", 300)): "name too long",
	} {
		if err := db.Backup(t.Context(), file); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", file, err, says)
		}
	}
	if b, err := os.ReadFile(there); err != nil || string(b) != "mine" {
		t.Errorf("the file that was there holds %q, %v", b, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := db.Backup(ended, filepath.Join(dir, "ended")); !chat.Is(err, chat.Unavailable) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("a context that ended: %v", err)
	}
	alone(t, dir, "there", "to nowhere")
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Backup(t.Context(), filepath.Join(dir, "closed")); !chat.Is(err, chat.Unavailable) {
		t.Errorf("a closed store: %v", err)
	}
	alone(t, dir, "there", "to nowhere")
}

// Close interrupts a backup and waits for it.
func TestBackupEndsWithTheStore(t *testing.T) {
	db, _, ann, id := garden(t)
	var texts []string
	for i := range 1000 {
		texts = append(texts, fmt.Sprint(i, strings.Repeat(" long", 2000)))
	}
	post(t, db, ann, id, texts...)
	dir := t.TempDir()
	ended := make(chan error, 1)
	go func() { ended <- db.Backup(context.Background(), filepath.Join(dir, "copy.db")) }()
	for begun := false; !begun; {
		select {
		case err := <-ended: // before anybody saw it
			ended <- err
			begun = true
		default:
			files, err := os.ReadDir(dir)
			begun = err != nil || len(files) > 0
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	// It may end before Close; then the copy is complete.
	if err := <-ended; err == nil {
		alone(t, dir, "copy.db")
	} else if !chat.Is(err, chat.Unavailable) || len(files) > 0 {
		t.Errorf("%v, and %d files", err, len(files))
	}
}
