package storetest

import (
	"context"
	"fmt"
	"reflect"
	"testing"

	"parley/chat"
)

// kinds appends one event of each kind and asserts that the projections changed, and
// that After returns the event. A kind without an example here, and one that a store
// does not project, fails.
func kinds(t *testing.T, open opener) {
	s := open(t, t.TempDir())
	ann, bob, cid := account(t, s, "ann"), account(t, s, "bob"), account(t, s, "cid")
	text := func(e *chat.Event) {
		e.Target, e.Text, e.ClientID, e.MentionsAll = 3, "another text @here", "", chat.MentionHere
	}
	member := func(u chat.User, r chat.Role) func(*chat.Event) {
		return func(e *chat.Event) { e.Users, e.Role = []chat.UserID{u.ID}, r }
	}
	on, title, topic, none := true, "orchard", "apples", chat.FileID("")
	examples := map[chat.Kind]func(*chat.Event){
		chat.Posted: func(e *chat.Event) {
			e.Text, e.ClientID, e.MentionsAll, e.Silent = "a text @all", "post", chat.MentionAll, true
		},
		chat.Edited:      text,
		chat.Deleted:     func(e *chat.Event) { e.Target = 3 },
		chat.Reacted:     func(e *chat.Event) { e.Target, e.Emoji, e.On = 3, "👍", &on },
		chat.Joined:      member(cid, chat.RoleMember),
		chat.Left:        member(bob, ""),
		chat.RoleChanged: member(bob, chat.RoleAdmin),
		chat.Pinned:      func(e *chat.Event) { e.Target, e.On = 3, &on },
		chat.Renamed: func(e *chat.Event) {
			e.Title, e.Topic, e.Picture, e.GroupMentions, e.Changed = &title, &topic, &none, chat.ByAdmins, []string{"title", "topic", "groupMentions"}
		},
	}
	for _, kind := range chat.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			fill := examples[kind]
			if fill == nil {
				t.Fatal("there is no example of this kind: add one")
			}
			c := group(t, s, string(kind), ann, bob)
			equal(t, "number of the message", post(t, s, ann, c, "the first text"), 3)
			before := projections(t, s, ann, c)
			e := draft(kind, ann, c, "")
			fill(&e)
			ev, _, err := do(t, s, e, func(chat.View, *chat.Event) error { return nil })
			must(t, err)
			if after := projections(t, s, ann, c); after == before {
				t.Errorf("no projection changed:\n%s", after)
			}
			list, head, err := s.After(context.Background(), ann.ID, c.ID, ev.Seq-1, 10, 1<<20)
			must(t, err)
			equal(t, "head", head, ev.Seq)
			if len(list) != 1 || !reflect.DeepEqual(list[0], ev) {
				t.Errorf("After returns %+v, want %+v", list, ev)
			}
		})
	}
}

// projections returns what a member reads of a chat besides its log, without the
// number and time that every event changes.
func projections(t *testing.T, s chat.Store, viewer chat.User, c chat.Chat) string {
	t.Helper()
	ctx := context.Background()
	now, err := s.Chat(ctx, viewer.ID, c.ID)
	must(t, err)
	members, err := s.Members(ctx, viewer.ID, c.ID, "", 10)
	must(t, err)
	page, err := s.Page(ctx, viewer.ID, c.ID, chat.Window{Limit: 10})
	must(t, err)
	for i := range members {
		members[i].ReadUpTo = 0
	}
	return fmt.Sprint(now.Title, now.Topic, now.MemberCount, now.Role, members, page.Messages)
}
