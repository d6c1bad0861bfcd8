package sqlite

import (
	"database/sql"
	"path/filepath"
	"testing"

	"parley/chat"
)

// A database of the first format gets what came later, and keeps its rows.
func TestMigrate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	ann, _, err := db.CreateAccount(t.Context(), chat.NewAccount{Handle: "ann", Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "Tea", By: ann.ID, ClientID: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	old, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	if _, err := old.Exec("DROP TABLE unchanged; PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}

	db = opened(t, path)
	title := "Tea"
	for _, want := range []bool{false, true} {
		came := make(chan bool, 1)
		e := chat.Event{Kind: chat.Renamed, ChatID: c.ID, By: ann.ID, ClientID: "same", Title: &title}
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
