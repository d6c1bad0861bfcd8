package mongo_test

import (
	"fmt"
	"testing"

	"parley/chat"
	"parley/store/mongo"
)

// Posts that an older Parley wrote get the root of their thread and the inboxes of
// those whom they concern. Until then a new reply finds its root, and an edit or a deletion
// meanwhile stays.
func TestOldPosts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var people []chat.User
	for _, name := range []string{"ann", "bob"} {
		u, _, err := s.CreateAccount(t.Context(), chat.NewAccount{Handle: name, Name: name, PasswordHash: "x", Session: chat.NewSession{TokenHash: chat.SecretHash(name)}})
		if err != nil {
			t.Fatal(err)
		}
		people = append(people, u)
	}
	ann, bob := people[0], people[1]
	c, _, err := s.CreateChat(t.Context(), chat.NewChat{Kind: chat.Group, Title: "t", By: ann.ID, ClientID: "t", Members: []chat.UserID{bob.ID}}) // 1 and 2
	if err != nil {
		t.Fatal(err)
	}
	write := func(e chat.Event, rule chat.Rule) {
		t.Helper()
		e.ChatID = c.ID
		done := make(chan error, 1)
		if err := s.Append(t.Context(), e, rule, func(_ chat.Event, _ bool, err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	post := func(by chat.User, text string, replyTo chat.Seq) {
		t.Helper()
		n++
		e := chat.Event{Kind: chat.Posted, By: by.ID, ClientID: fmt.Sprint(n), Text: text}
		if replyTo != 0 {
			e.Reply = &chat.Quote{Seq: replyTo}
		}
		write(e, chat.Post)
	}
	post(ann, "one", 0)        // 3
	post(bob, "two", 3)        // 4
	post(ann, "@bob three", 4) // 5
	post(bob, "@ann", 0)       // 6
	post(bob, "@ann five", 5)  // 7
	mongo.SetOldPosts(t, s.(*mongo.DB))
	write(chat.Event{Kind: chat.Edited, By: bob.ID, Target: 6, Text: "nobody"}, chat.Edit)
	write(chat.Event{Kind: chat.Deleted, By: bob.ID, Target: 7}, chat.Delete)
	post(ann, "six", 5) // 10
	check := func() {
		t.Helper()
		p, err := s.Thread(t.Context(), ann.ID, c.ID, 5, 0, 50)
		if err != nil {
			t.Fatal(err)
		}
		var got []chat.Seq
		for _, m := range p.Messages {
			got = append(got, m.Seq)
			if m.Seq != 3 && m.Root != 3 {
				t.Errorf("the root of %d is %d", m.Seq, m.Root)
			}
		}
		if want := "[3 4 5 7 10]"; fmt.Sprint(got) != want {
			t.Errorf("the thread is %v, want %s", got, want)
		}
		for u, want := range map[chat.UserID]string{ann.ID: "[4]", bob.ID: "[5]"} {
			list, err := s.MentionsOf(t.Context(), u, chat.MentionPlace{}, 50)
			if err != nil {
				t.Fatal(err)
			}
			got = nil
			for _, m := range list {
				got = append(got, m.Seq)
			}
			if fmt.Sprint(got) != want {
				t.Errorf("what concerns %s: %v, want %s", u, got, want)
			}
		}
	}
	for range 2 { // the second time nothing is left to do
		mongo.Fill(t, s.(*mongo.DB))
		check()
	}
}
