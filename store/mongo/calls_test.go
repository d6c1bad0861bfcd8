package mongo

import (
	"slices"
	"sync"
	"testing"

	"parley/chat"
)

// calls are the commands sent to the server while a test counts them.
var calls struct {
	sync.Mutex
	names []string // guarded by the mutex
}

func counted(name string) {
	calls.Lock()
	defer calls.Unlock()
	calls.names = append(calls.names, name)
}

// Calls tests how many round trips a command takes in a chat that this replica wrote to
// before. Commands that are refused or change nothing need one more read than events.
func Calls(t *testing.T, db *DB) {
	ann, _, err := db.CreateAccount(t.Context(), chat.NewAccount{Handle: "ann", Name: "Ann", Session: chat.NewSession{TokenHash: chat.SecretHash("ann")}})
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := db.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "Tea", By: ann.ID, ClientID: "tea"})
	if err != nil {
		t.Fatal(err)
	}
	title, on := "Chai", true
	for _, row := range []struct {
		name  string
		draft chat.Event
		rule  chat.Rule
		want  []string
	}{
		{"the first post", chat.Event{Kind: chat.Posted, Text: "hello", ClientID: "1"}, chat.Post, nil},
		{"a post", chat.Event{Kind: chat.Posted, Text: "hello", ClientID: "2"}, chat.Post, []string{"insert"}},
		{"a known post", chat.Event{Kind: chat.Posted, Text: "hello", ClientID: "2"}, chat.Post, []string{"insert", "find", "find"}},
		{"a reaction", chat.Event{Kind: chat.Reacted, Target: 2, Emoji: "👍", On: &on, ClientID: "3"}, chat.React, []string{"find", "insert", "find", "update", "commitTransaction"}},
		{"the first name", chat.Event{Kind: chat.Renamed, Title: &title}, chat.Rename, nil},
		{"the same name, which reads the chat", chat.Event{Kind: chat.Renamed, Title: &title}, chat.Rename, nil},
		{"the same name again", chat.Event{Kind: chat.Renamed, Title: &title, ClientID: "4"}, chat.Rename, []string{"find", "insert", "find", "commitTransaction"}},
		{"a refusal", chat.Event{Kind: chat.Edited, Target: 99, Text: "x", ClientID: "5"}, chat.Edit, []string{"find", "find", "find", "commitTransaction"}},
		{"a refused post", chat.Event{Kind: chat.Posted, Text: "x", Reply: &chat.Quote{Seq: 99}, ClientID: "6"}, chat.Post, []string{"find", "find", "find"}},
	} {
		e := row.draft
		e.ChatID, e.By = c.ID, ann.ID
		calls.Lock()
		calls.names = nil
		calls.Unlock()
		over := make(chan struct{})
		if err := db.Append(t.Context(), e, row.rule, func(chat.Event, bool, error) { close(over) }); err != nil {
			t.Fatal(err)
		}
		<-over
		calls.Lock()
		if row.want != nil && !slices.Equal(calls.names, row.want) {
			t.Errorf("%s takes %v, want %v", row.name, calls.names, row.want)
		}
		calls.Unlock()
	}
}
