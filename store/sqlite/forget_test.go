package sqlite

import (
	"path/filepath"
	"testing"

	"parley/chat"
)

// Titles, topics and reactions that left the log are in no file either.
func TestForgottenTextsLeaveTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parley.db")
	db := opened(t, path)
	ann := account(t, db, "ann")
	made, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "SECRET000001", By: ann, ClientID: "1"})
	if err != nil {
		t.Fatal(err)
	}
	act := func(kind chat.Kind, rule chat.Rule, change func(*chat.Event)) {
		t.Helper()
		e, done := chat.Event{Kind: kind, ChatID: made.ID, By: ann}, make(chan error, 1)
		change(&e)
		if err := db.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	post(t, db, ann, made.ID, "one", "two") // 2, 3
	react := func(target chat.Seq, emoji string, on bool) {
		act(chat.Reacted, func(chat.View, *chat.Event) error { return nil }, func(e *chat.Event) { e.Target, e.Emoji, e.On = target, emoji, &on })
	}
	rename := func(title, topic string) {
		act(chat.Renamed, chat.Rename, func(e *chat.Event) { e.Title, e.Topic = &title, &topic })
	}
	rename("SECRET000002", "SECRET000003")
	react(2, "SECRET000004", true)
	react(3, "SECRET000005", true)
	checkpointNow(t, db) // all are in the database, not in the log alone
	rename("SECRET000006", "")
	react(2, "SECRET000004", false)
	act(chat.Deleted, chat.Delete, func(e *chat.Event) { e.Target = 3 })
	if checkpointNow(t, db) {
		t.Fatal("there is no reader, and the log could not be emptied")
	}
	found := secrets(t, path)
	if len(found) != 1 || found["SECRET000006"] == "" {
		t.Errorf("the files hold %v, want the present title alone", found)
	}
}
