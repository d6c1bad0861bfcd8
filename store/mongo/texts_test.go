package mongo_test

import (
	"fmt"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
	"parley/store/mongo"
)

// oldTexts asserts that reactions that were taken back, or whose message was deleted, and
// replaced titles leave the logs that an older Parley wrote, after the store is open. There
// are more chats than one part reads, and more reactions to one post.
func oldTexts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	u, _, err := s.CreateAccount(t.Context(), chat.NewAccount{Handle: "ann", Name: "Ann", PasswordHash: "x", Session: chat.NewSession{TokenHash: chat.SecretHash("x")}})
	if err != nil {
		t.Fatal(err)
	}
	on, off := true, false
	var ids []chat.ChatID
	want := map[chat.ChatID]string{}
	for _, name := range []string{"a", "b", "c"} {
		c, _, err := s.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: name, By: u.ID, ClientID: name})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
		title := func(title string) chat.Event { return chat.Event{Kind: chat.Renamed, Title: &title} }
		react := func(target chat.Seq, emoji string, on *bool) chat.Event {
			return chat.Event{Kind: chat.Reacted, Target: target, Emoji: emoji, On: on}
		}
		for i, e := range []chat.Event{
			{Kind: chat.Posted, Text: "one"}, {Kind: chat.Posted, Text: "two"}, // 2, 3
			react(2, "👍", &on), react(2, "🎉", &on), react(2, "👍", &off), react(3, "👍", &on), // 4 to 7
			{Kind: chat.Deleted, Target: 3},                                     // 8
			title("Field"), title("Meadow"), {Kind: chat.Posted, Text: "three"}, // 9 to 11
			react(11, "👍", &on), // 12
		} {
			e.ChatID, e.By = c.ID, u.ID
			if e.Kind == chat.Posted {
				e.ClientID = fmt.Sprint(name, i)
			}
			rule := map[chat.Kind]chat.Rule{chat.Posted: chat.Post, chat.Reacted: chat.React, chat.Deleted: chat.Delete, chat.Renamed: chat.Rename}[e.Kind]
			result := make(chan error, 1)
			if err := s.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { result <- err }); err != nil {
				t.Fatal(err)
			}
			if err := <-result; err != nil {
				t.Fatalf("%s: %v", e.Kind, err)
			}
		}
		want[c.ID] = texts(t, s, u.ID, c.ID)
	}
	if got := want[ids[0]]; got != "5🎉 10Meadow 12👍 " {
		t.Fatalf("the log holds %q", got)
	}
	for _, id := range ids {
		mongo.SetOldTexts(t, s.(*mongo.DB), id, map[chat.Seq]bson.D{
			4: {{Key: "emoji", Value: "👍"}}, 6: {{Key: "emoji", Value: "👍"}}, 7: {{Key: "emoji", Value: "👍"}},
			9: {{Key: "title", Value: "Field"}, {Key: "topic", Value: ""}}})
		if got := texts(t, s, u.ID, id); got != "4👍 5🎉 6👍 7👍 9Field 10Meadow 12👍 " {
			t.Fatalf("the older log holds %q", got)
		}
	}
	if mongo.WaitUntilCleared(t, s.(*mongo.DB)) {
		t.Fatal("nothing is to be cleared")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	if !mongo.WaitUntilCleared(t, s.(*mongo.DB)) {
		t.Error("not all chats were cleared")
	}
	for _, id := range ids {
		if got := texts(t, s, u.ID, id); got != want[id] {
			t.Errorf("the log holds %q, want %q", got, want[id])
		}
	}
}

// texts returns the reactions and titles in a chat's log, with their numbers.
func texts(t *testing.T, s chat.Store, viewer chat.UserID, id chat.ChatID) (list string) {
	t.Helper()
	events, _, err := s.After(t.Context(), viewer, id, 0, 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		switch {
		case e.Emoji != "":
			list += fmt.Sprint(e.Seq, e.Emoji, " ")
		case e.Title != nil:
			list += fmt.Sprint(e.Seq, *e.Title, " ")
		}
	}
	return list
}
