package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"parley/chat"
)

// changed asserts that the log says of each event that the conversation shows as a line what
// the feed said: who came and went, what was pinned, and which names of the chat changed. Of
// those it has the values that are current: with the last event that changed each, and with
// the newest.
func changed(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	c := group(t, s, "garden", ann, bob)
	received := listen(t, s)
	post(t, s, ann, c, "one") // 3
	rename := func(title, topic string, group chat.GroupMentions) step {
		e := draft(chat.Renamed, ann, c, "")
		if title != "" {
			e.Title = &title
		}
		if topic != "" {
			e.Topic = &topic
		}
		e.GroupMentions = group
		return step{e, chat.Rename}
	}
	of := func(kind chat.Kind, by, who chat.User) chat.Event {
		e := draft(kind, by, c, "")
		e.Users = []chat.UserID{who.ID}
		return e
	}
	run := func(steps ...step) {
		t.Helper()
		for _, o := range appendAll(t, s, steps...) {
			must(t, o.err)
		}
	}
	told := map[chat.Seq]chat.Event{}
	check := func(want string) {
		t.Helper()
		for _, n := range received() {
			if n.Event != nil {
				told[n.Event.Seq] = *n.Event
			}
		}
		events, _, err := s.After(context.Background(), bob.ID, c.ID, 3, 100, 1<<20)
		must(t, err)
		var got string
		for _, e := range events {
			live := told[e.Seq]
			if e.Kind == chat.Renamed {
				got += fmt.Sprintln(e.Seq, e.Changed, names(&e))
				live.Title, live.Topic, live.Picture = e.Title, e.Topic, e.Picture
			}
			if !reflect.DeepEqual(e, live) {
				t.Errorf("the log has %+v, the feed had %+v", e, live)
			}
		}
		equal(t, "the renamed events in the log", got, want)
	}
	run(
		rename("orchard", "", ""), // 4
		rename("", "apples", ""),  // 5
		rename("", "", chat.ByAdmins),
		step{of(chat.Joined, ann, cid), chat.Join},
		step{of(chat.RoleChanged, ann, cid), func(v chat.View, e *chat.Event) error { e.Role = chat.RoleAdmin; return chat.SetRole(v, e) }},
		step{of(chat.Left, ann, cid), chat.Leave},
		step{of(chat.Joined, ann, cid), chat.Join},
		step{of(chat.Left, cid, cid), chat.Leave},
		step{pinning(bob, c, 3, true), chat.Pin},
		step{pinning(ann, c, 3, false), chat.Pin},
	)
	check(`4 [title] orchard -
5 [topic] - apples
6 [groupMentions] orchard apples
`)
	run(rename("field", "pears", "")) // 14
	check(`4 [title] - -
5 [topic] - -
6 [groupMentions] - -
14 [title topic] field pears
`)
	must(t, try(t, s, picturing(ann, c, picture(t, s, ann))).err) // 15
	run(rename("meadow", "", ""))                                 // 16
	check(`4 [title] - -
5 [topic] - -
6 [groupMentions] - -
14 [title topic] - pears
15 [picture] - - picture
16 [title] meadow pears picture
`)
	must(t, try(t, s, picturing(ann, c, picture(t, s, ann))).err) // 17
	check(`4 [title] - -
5 [topic] - -
6 [groupMentions] - -
14 [title topic] - pears
15 [picture] - -
16 [title] meadow -
17 [picture] meadow pears picture
`)
	checkReplay(t, s, ann.ID, c)
}

// names returns the title and topic of a renamed event, and whether it has a picture; "-" is
// for what it does not have.
func names(e *chat.Event) string {
	text := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	line := text(e.Title) + " " + text(e.Topic)
	if e.Picture != nil && *e.Picture != "" {
		line += " picture"
	}
	return line
}
