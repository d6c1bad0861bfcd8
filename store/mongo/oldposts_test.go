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
	concerning := func(u chat.UserID) string {
		t.Helper()
		list, err := s.MentionsOf(t.Context(), u, chat.MentionPlace{}, 50)
		if err != nil {
			t.Fatal(err)
		}
		var got []chat.Seq
		for _, m := range list {
			got = append(got, m.Seq)
		}
		return fmt.Sprint(got)
	}
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
			if got := concerning(u); got != want {
				t.Errorf("what concerns %s: %s, want %s", u, got, want)
			}
		}
	}
	db := s.(*mongo.DB)
	for range 2 {
		mongo.Fill(t, db)
		check()
		if n := mongo.Unfilled(t, db); n != 0 {
			t.Errorf("%d posts are still found", n)
		}
	}
	// An older replica that still runs writes more, after this one has filled all.
	post(ann, "@ann", 0)        // 11, concerns nobody else
	post(ann, "@bob again", 0)  // 12
	post(bob, "to a reply", 10) // 13
	post(ann, "to a reply", 13) // 14
	post(ann, "to herself", 12) // 15
	mongo.SetOldPosts(t, db, 11, 12, 13, 14, 15)
	if n := mongo.Unfilled(t, db); n != 5 {
		t.Errorf("%d posts are found, want 5", n)
	}
	mongo.Fill(t, db)
	if n := mongo.Unfilled(t, db); n != 0 {
		t.Errorf("%d posts are still found", n)
	}
	p, err := s.Page(t.Context(), ann.ID, c.ID, chat.Window{After: 10, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var roots []chat.Seq
	for _, m := range p.Messages {
		roots = append(roots, m.Root)
	}
	if want := "[0 0 3 3 12]"; fmt.Sprint(roots) != want {
		t.Errorf("the roots are %v, want %s", roots, want)
	}
	if got, want := concerning(ann.ID), "[13 4]"; got != want {
		t.Errorf("what concerns ann: %s, want %s", got, want)
	}
	if got, want := concerning(bob.ID), "[14 12 5]"; got != want {
		t.Errorf("what concerns bob: %s, want %s", got, want)
	}
}
