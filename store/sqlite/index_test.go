package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/chat"
)

const secretSeq = 2 // after the event that made the chat

// indexedSecret returns a store whose search index has a leaf with the word of a message,
// and both are in the database's file. remove removes the word from the leaf.
func indexedSecret(t *testing.T, change func(*settings)) (db *DB, path string, ann chat.UserID, c chat.ChatID, remove func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "parley.db")
	db = openedWith(t, path, change)
	ann = account(t, db, "ann")
	made, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "garden", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	c = made.ID
	acked, failed := post(t, db, ann, c, "SECRET000001")
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	leaf := chat.Leaf{Segment: 1, Key: "s", Data: []byte("SECRET000001")}
	head := acked["SECRET000001"]
	if head != secretSeq {
		t.Fatal(head)
	}
	covered := []chat.Indexed{{ChatID: c, First: 1, Last: head, Head: head}}
	if err := db.ChangeIndex(t.Context(), chat.IndexChange{Manifest: []byte("1"), Put: []chat.Leaf{leaf}, Chats: covered}); err != nil {
		t.Fatal(err)
	}
	if err := db.write(t.Context(), func(x *tx) error { x.scrubDue = true; return nil }); err != nil {
		t.Fatal(err)
	}
	checkpointNow(t, db)
	if n := inDatabase(t, path); n < 2 {
		t.Fatalf("the word is %d times in the database", n)
	}
	remove = func() {
		t.Helper()
		list, err := db.Replaced(t.Context(), 10)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		leaf.Data = []byte("empty")
		if err := db.ChangeIndex(t.Context(), chat.IndexChange{Manifest: []byte("2"), Revision: 1, Put: []chat.Leaf{leaf}, Forget: list}); err != nil {
			t.Fatal(err)
		}
	}
	return db, path, ann, c, remove
}

// inDatabase returns how often the secret is in the database's file.
func inDatabase(t *testing.T, path string) int {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(b, []byte("SECRET000001"))
}

// deleteSecret deletes the message, which is the only one, or edits it, or deletes its chat.
func deleteSecret(t *testing.T, db *DB, ann chat.UserID, c chat.ChatID, kind chat.Kind) {
	t.Helper()
	e, rule := chat.Event{Kind: kind, ChatID: c, By: ann}, chat.DeleteChat
	switch kind {
	case chat.Deleted:
		e.Target, rule = secretSeq, chat.Delete
	case chat.Edited:
		e.Target, e.ClientID, e.Text, rule = secretSeq, "2", "another", chat.Edit
	}
	came := make(chan error, 1)
	if err := db.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { came <- err }); err != nil {
		t.Fatal(err)
	}
	if err := <-came; err != nil {
		t.Fatal(err)
	}
}

// A checkpoint waits until the search index has removed the words of a text that was deleted
// or replaced: after each checkpoint they are in no file.
func TestCheckpointWaitsForTheIndex(t *testing.T) {
	for _, kind := range []chat.Kind{chat.Deleted, chat.Edited, chat.Left} {
		t.Run(fmt.Sprint(kind), func(t *testing.T) {
			db, path, ann, c, remove := indexedSecret(t, nil)
			deleteSecret(t, db, ann, c, kind)
			if !checkpointNow(t, db) {
				t.Fatal("a checkpoint did not wait for the index")
			}
			remove()
			if checkpointNow(t, db) {
				t.Fatal("no checkpoint was made after the index was changed")
			}
			if kind == chat.Left { // its texts are there until the purge
				for more := true; more; {
					var err error
					if more, err = db.Purge(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				checkpointNow(t, db)
			}
			if found := secrets(t, path); len(found) > 0 {
				t.Errorf("after the checkpoint: %v", found)
			}
		})
	}
}

// A database that was open when its process was killed gets no checkpoint either before
// the index has removed the words.
func TestFirstCheckpointWaitsForTheIndex(t *testing.T) {
	db, path, ann, c, _ := indexedSecret(t, nil)
	deleteSecret(t, db, ann, c, chat.Deleted)
	killed := filepath.Join(t.TempDir(), "parley.db")
	for _, end := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(killed+end, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db = opened(t, killed)
	if !checkpointNow(t, db) {
		t.Fatal("the first checkpoint did not wait for the index")
	}
}

// A checkpoint does not wait for long: an index that is not written holds up nothing.
func TestCheckpointWaitsForTheIndexNoLonger(t *testing.T) {
	t.Run("time", func(t *testing.T) {
		db, _, ann, c, _ := indexedSecret(t, func(o *settings) { o.indexWait = time.Nanosecond })
		deleteSecret(t, db, ann, c, chat.Deleted)
		if checkpointNow(t, db) {
			t.Error("a checkpoint still waits")
		}
	})
	t.Run("log", func(t *testing.T) {
		db, path, ann, c, _ := indexedSecret(t, func(o *settings) { o.checkpointEvery, o.indexWait = 10, time.Hour })
		deleteSecret(t, db, ann, c, chat.Deleted)
		if !checkpointNow(t, db) {
			t.Fatal("a checkpoint did not wait for the index")
		}
		for i := range 4 * longWait * 10 {
			post(t, db, ann, c, fmt.Sprint("more ", i))
		}
		if err := db.write(t.Context(), func(*tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path + "-wal"); err != nil || info.Size() > 4*longWait*10*frameSize {
			t.Errorf("the log has %d bytes, %v", info.Size(), err)
		}
	})
}
