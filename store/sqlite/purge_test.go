package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"parley/chat"
)

// A purge leaves no text, title or topic of the deleted chat in the database's files, also
// when the process ends in the middle of it.
func TestPurgeScrubs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	noIndex := func(o *settings) { o.indexWait = 0 }
	db := openedWith(t, path, noIndex)
	ann := account(t, db, "ann")
	c, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "SECRET000001", Topic: "SECRET000002", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	do := func(e chat.Event, rule chat.Rule) {
		t.Helper()
		came := make(chan error, 1)
		e.ChatID, e.By = c.ID, ann
		if err := db.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { came <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-came; err != nil {
			t.Fatal(err)
		}
	}
	title := "SECRET000003"
	do(chat.Event{Kind: chat.Renamed, Title: &title}, chat.Rename)
	for i := range 3 * purgeRows {
		do(chat.Event{Kind: chat.Posted, ClientID: fmt.Sprint("SECRET1", i+10_000), Text: fmt.Sprint("SECRET2", i+10_000, " and more")}, accept)
	}
	do(chat.Event{Kind: chat.Left}, chat.DeleteChat)
	checkpointNow(t, db)
	if n := len(secrets(t, path)); n < purgeRows {
		t.Fatalf("only %d secrets are there before the purge", n)
	}
	if _, err := db.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openedWith(t, path, noIndex)
	for more := true; more; {
		if more, err = db.Purge(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	checkpointNow(t, db)
	if found := secrets(t, path); len(found) > 0 {
		t.Fatalf("%d secrets are left: %v", len(found), found)
	}
}
