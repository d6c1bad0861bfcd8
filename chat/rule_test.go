package chat

import (
	"errors"
	"fmt"
	"testing"
)

func TestRules(t *testing.T) {
	const ok, same = Code(""), Code("no change")
	only := func(u UserID) []UserID { return []UserID{u} }
	for _, c := range []struct {
		name  string
		rule  Rule
		view  room
		draft Event
		want  Code
		field string
	}{
		{"a member posts", Post, tea(), Event{By: "bob"}, ok, ""},
		{"a non-member posts", Post, tea(), Event{By: "dan"}, NotFound, "chatId"},
		{"a non-member posts to an open chat", Post, with(open), Event{By: "dan"}, NotFound, "chatId"},
		{"a reply to nothing", Post, tea(), Event{By: "bob", Reply: &Quote{Seq: 7}}, NotFound, "replyTo"},
		{"a reply", Post, tea(), Event{By: "bob", Reply: &Quote{Seq: 1}}, ok, ""},

		{"pins", Pin, tea(), Event{By: "bob", Target: 1, On: on(true)}, ok, ""},
		{"unpins what is not pinned", Pin, tea(), Event{By: "bob", Target: 1, On: on(false)}, same, ""},
		{"pins what is pinned", Pin, with(pinned(1)), Event{By: "cleo", Target: 1, On: on(true)}, same, ""},
		{"unpins", Pin, with(pinned(1)), Event{By: "cleo", Target: 1, On: on(false)}, ok, ""},
		{"pins too many", Pin, with(manyPins), Event{By: "ann", Target: 1, On: on(true)}, Conflict, "target"},
		{"unpins one of many", Pin, with(manyPins), Event{By: "ann", Target: 100, On: on(false)}, ok, ""},
		{"pins a deleted message", Pin, tea(), Event{By: "ann", Target: 3, On: on(true)}, Conflict, "target"},
		{"pins nothing", Pin, tea(), Event{By: "ann", Target: 7, On: on(true)}, NotFound, "target"},
		{"a non-member pins", Pin, with(open), Event{By: "dan", Target: 1, On: on(true)}, NotFound, "chatId"},
		{"pins in a direct chat", Pin, with(direct), Event{By: "bob", Target: 1, On: on(true)}, ok, ""},
		{"pins for who blocked", Pin, with(func(r *room) { direct(r); r.silenced = true }), Event{By: "bob", Target: 1, On: on(true)}, Forbidden, ""},
		{"lets admins alone name all", Rename, tea(), Event{By: "ann", GroupMentions: ByAdmins}, ok, ""},
		{"lets everyone name all, as before", Rename, tea(), Event{By: "ann", GroupMentions: ByEveryone}, same, ""},
		{"a member says who names all", Rename, tea(), Event{By: "bob", GroupMentions: ByAdmins}, Forbidden, ""},
		{"who names all in a direct chat", Rename, with(direct), Event{By: "ann", GroupMentions: ByAdmins}, Forbidden, ""},

		{"with a file", Post, tea(), withFiles("whole"), ok, ""},
		{"with an unknown file", Post, tea(), withFiles("whole", "none"), BadInput, "files"},
		{"with another's file", Post, tea(), withFiles("ann's"), BadInput, "files"},
		{"with a file of another chat", Post, tea(), withFiles("other"), BadInput, "files"},
		{"with a file that is not whole", Post, tea(), withFiles("partial"), Conflict, "files"},
		{"with a file of another message", Post, tea(), withFiles("whole", "taken"), Conflict, "files"},
		{"a non-member posts with a file", Post, with(func(r *room) { delete(r.members, "bob") }), withFiles("whole"), NotFound, "chatId"},

		{"an edit to no text", Edit, tea(), Event{By: "bob", Target: 2}, BadInput, "text"},
		{"the author edits", Edit, tea(), Event{By: "bob", Target: 2, Text: "x"}, ok, ""},
		{"the same text", Edit, tea(), Event{By: "bob", Target: 2, Text: "hi"}, same, ""},
		{"an admin edits another's", Edit, tea(), Event{By: "ann", Target: 2, Text: "x"}, NotAuthor, ""},
		{"an edit after the deletion", Edit, tea(), Event{By: "bob", Target: 3, Text: "x"}, Conflict, "target"},
		{"an edit of nothing", Edit, tea(), Event{By: "bob", Target: 7, Text: "x"}, NotFound, "target"},
		{"the author has left", Edit, with(func(r *room) { delete(r.members, "bob") }), Event{By: "bob", Target: 2, Text: "x"}, NotFound, "chatId"},

		{"the author deletes", Delete, tea(), Event{By: "bob", Target: 2}, ok, ""},
		{"an admin deletes", Delete, tea(), Event{By: "ann", Target: 2}, ok, ""},
		{"another member deletes", Delete, tea(), Event{By: "cleo", Target: 2}, NotAuthor, ""},
		{"the admin of a direct chat deletes", Delete, with(direct), Event{By: "ann", Target: 2}, NotAuthor, ""},
		{"twice", Delete, tea(), Event{By: "bob", Target: 3}, same, ""},
		{"a non-member deletes", Delete, tea(), Event{By: "dan", Target: 2}, NotFound, "chatId"},

		{"a reaction", React, tea(), Event{By: "ann", Target: 1, Emoji: "👍", On: on(true)}, ok, ""},
		{"the same again", React, tea(), Event{By: "bob", Target: 1, Emoji: "👍", On: on(true)}, same, ""},
		{"off", React, tea(), Event{By: "bob", Target: 1, Emoji: "👍", On: on(false)}, ok, ""},
		{"off without", React, tea(), Event{By: "ann", Target: 1, Emoji: "👍", On: on(false)}, same, ""},
		{"on a deleted one", React, tea(), Event{By: "ann", Target: 3, Emoji: "👍", On: on(true)}, Conflict, "target"},
		{"one emoji too many", React, with(full), Event{By: "bob", Target: 2, Emoji: "new", On: on(true)}, Conflict, "emoji"},
		{"a known one on a full message", React, with(full), Event{By: "bob", Target: 2, Emoji: "3", On: on(true)}, ok, ""},
		{"off on a full message", React, with(full), Event{By: "ann", Target: 2, Emoji: "3", On: on(false)}, ok, ""},
		{"one reaction too many", React, with(crowded), Event{By: "bob", Target: 2, Emoji: "👍", On: on(true)}, Conflict, "emoji"},
		{"off among too many", React, with(crowded), Event{By: "ann", Target: 2, Emoji: "🎉", On: on(false)}, ok, ""},
		{"a non-member reacts", React, tea(), Event{By: "dan", Target: 1, Emoji: "👍", On: on(true)}, NotFound, "chatId"},

		{"a member adds", Join, tea(), Event{By: "bob", Users: only("dan")}, ok, ""},
		{"one who is in", Join, tea(), Event{By: "bob", Users: only("cleo")}, same, ""},
		{"an inactive one", Join, tea(), Event{By: "bob", Users: only("eve")}, NotFound, "userId"},
		{"an unknown one", Join, tea(), Event{By: "bob", Users: only("zoe")}, NotFound, "userId"},
		{"a non-member joins a closed chat", Join, tea(), Event{By: "dan", Users: only("dan")}, NotFound, "chatId"},
		{"a non-member joins an open chat", Join, with(open), Event{By: "dan", Users: only("dan")}, ok, ""},
		{"a non-member adds another to an open chat", Join, with(open), Event{By: "dan", Users: only("cleo")}, Forbidden, ""},
		{"a third one to a direct chat", Join, with(direct), Event{By: "ann", Users: only("dan")}, Forbidden, ""},

		{"an admin adds an admin", PutMember, tea(), Event{By: "ann", Users: only("dan"), Role: RoleAdmin}, ok, ""},
		{"a member adds an admin", PutMember, tea(), Event{By: "bob", Users: only("dan"), Role: RoleAdmin}, Forbidden, ""},
		{"a member adds a member", PutMember, tea(), Event{By: "bob", Users: only("dan"), Role: RoleMember}, ok, ""},
		{"a member promotes by adding", PutMember, tea(), Event{By: "bob", Users: only("cleo"), Role: RoleAdmin}, Forbidden, ""},
		{"an admin promotes by adding", PutMember, tea(), Event{By: "ann", Users: only("cleo"), Role: RoleAdmin}, ok, ""},
		{"one who is in, with their role", PutMember, tea(), Event{By: "ann", Users: only("cleo"), Role: RoleMember}, same, ""},
		{"the last admin is added as a member", PutMember, tea(), Event{By: "ann", Users: only("ann"), Role: RoleMember}, LastOwner, ""},
		{"a non-member adds themself", PutMember, tea(), Event{By: "dan", Users: only("dan"), Role: RoleMember}, NotFound, "chatId"},
		{"a non-member promotes", PutMember, with(open), Event{By: "dan", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},
		{"a non-member joins an open chat as an admin", PutMember, with(open), Event{By: "dan", Users: only("dan"), Role: RoleAdmin}, Forbidden, ""},
		{"a non-member joins an open chat as a member", PutMember, with(open), Event{By: "dan", Users: only("dan"), Role: RoleMember}, ok, ""},
		{"a non-member joins an empty open chat as an admin", PutMember, with(empty), Event{By: "dan", Users: only("dan"), Role: RoleAdmin}, ok, ""},
		{"an admin of the server takes charge", PutMember, with(serverAdmin("bob")), Event{By: "bob", Users: only("bob"), Role: RoleAdmin}, ok, ""},
		{"one who has charge", PutMember, with(serverAdmin("ann")), Event{By: "ann", Users: only("ann"), Role: RoleAdmin}, same, ""},
		{"one from outside", PutMember, with(serverAdmin("dan")), Event{By: "dan", Users: only("dan"), Role: RoleAdmin}, ok, ""},
		{"one from outside, as a member", PutMember, with(serverAdmin("dan")), Event{By: "dan", Users: only("dan"), Role: RoleMember}, NotFound, "chatId"},
		{"one from outside, for another", PutMember, with(serverAdmin("dan")), Event{By: "dan", Users: only("bob"), Role: RoleAdmin}, NotFound, "chatId"},
		{"of a direct chat", PutMember, with(func(r *room) { direct(r); serverAdmin("dan")(r) }), Event{By: "dan", Users: only("dan"), Role: RoleAdmin}, NotFound, "chatId"},
		{"an inactive one, as an admin", PutMember, tea(), Event{By: "ann", Users: only("eve"), Role: RoleAdmin}, NotFound, "userId"},

		{"a member leaves", Leave, tea(), Event{By: "bob", Users: only("bob")}, ok, ""},
		{"an admin removes", Leave, tea(), Event{By: "ann", Users: only("bob")}, ok, ""},
		{"a member removes", Leave, tea(), Event{By: "bob", Users: only("cleo")}, Forbidden, ""},
		{"one who is not in", Leave, tea(), Event{By: "ann", Users: only("dan")}, NotFound, "userId"},
		{"a non-member leaves", Leave, tea(), Event{By: "dan", Users: only("dan")}, NotFound, "chatId"},
		{"the last admin leaves", Leave, tea(), Event{By: "ann", Users: only("ann")}, ok, ""},
		{"one of two admins leaves", Leave, with(twoAdmins), Event{By: "ann", Users: only("ann")}, ok, ""},
		{"the last member leaves", Leave, with(alone), Event{By: "ann", Users: only("ann")}, ok, ""},
		{"a direct chat is left", Leave, with(direct), Event{By: "bob", Users: only("bob")}, Forbidden, ""},

		{"an admin promotes", SetRole, tea(), Event{By: "ann", Users: only("bob"), Role: RoleAdmin}, ok, ""},
		{"a member promotes", SetRole, tea(), Event{By: "bob", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},
		{"the role one has", SetRole, tea(), Event{By: "ann", Users: only("bob"), Role: RoleMember}, same, ""},
		{"the last admin steps down", SetRole, tea(), Event{By: "ann", Users: only("ann"), Role: RoleMember}, LastOwner, ""},
		{"one of two admins steps down", SetRole, with(twoAdmins), Event{By: "ann", Users: only("ann"), Role: RoleMember}, ok, ""},
		{"a non-member is promoted", SetRole, tea(), Event{By: "ann", Users: only("dan"), Role: RoleAdmin}, NotFound, "userId"},
		{"the last active admin steps down", SetRole, with(inactive("ann")), Event{By: "bob", Users: only("bob"), Role: RoleMember}, LastOwner, ""},
		{"an inactive admin is made a member", SetRole, with(inactive("ann")), Event{By: "bob", Users: only("ann"), Role: RoleMember}, ok, ""},
		{"in a direct chat", SetRole, with(direct), Event{By: "ann", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},

		{"an admin deletes the chat", DeleteChat, tea(), Event{By: "ann"}, ok, ""},
		{"a member deletes the chat", DeleteChat, tea(), Event{By: "bob"}, Forbidden, ""},
		{"a non-member deletes the chat", DeleteChat, with(open), Event{By: "dan"}, NotFound, "chatId"},
		{"an admin of the server deletes the chat", DeleteChat, with(serverAdmin("dan")), Event{By: "dan"}, ok, ""},
		{"an admin of the server, a member, deletes the chat", DeleteChat, with(serverAdmin("bob")), Event{By: "bob"}, ok, ""},
		{"an admin of the server deletes an empty chat", DeleteChat, with(func(r *room) { empty(r); serverAdmin("dan")(r) }), Event{By: "dan"}, ok, ""},
		{"an admin of the server deletes a direct chat of others", DeleteChat, with(func(r *room) { direct(r); serverAdmin("dan")(r) }), Event{By: "dan"}, NotFound, "chatId"},
		{"a direct chat is deleted", DeleteChat, with(direct), Event{By: "ann"}, Forbidden, ""},
		{"a deleted chat is deleted", DeleteChat, room{users: tea().users}, Event{By: "ann"}, NotFound, "chatId"},

		{"an admin renames", Rename, tea(), Event{By: "ann", Title: str("Chai")}, ok, ""},
		{"to the same", Rename, tea(), Event{By: "ann", Title: str("Tea"), Topic: str("green")}, same, ""},
		{"a member renames", Rename, tea(), Event{By: "bob", Title: str("Chai")}, Forbidden, ""},
		{"a direct chat is renamed", Rename, with(direct), Event{By: "ann", Title: str("Chai")}, Forbidden, ""},
		{"a non-member renames", Rename, with(open), Event{By: "dan", Title: str("Chai")}, NotFound, "chatId"},
		{"an admin changes the picture", Rename, tea(), Event{By: "ann", Picture: pic("mine")}, ok, ""},
		{"an admin removes the picture", Rename, with(pictured), Event{By: "ann", Picture: pic("")}, ok, ""},
		{"a picture that is not there is removed", Rename, tea(), Event{By: "ann", Picture: pic("")}, same, ""},
		{"the same picture", Rename, with(pictured), Event{By: "ann", Picture: pic("old")}, same, ""},
		{"nothing", Rename, with(pictured), Event{By: "ann"}, same, ""},
		{"a member changes the picture", Rename, tea(), Event{By: "bob", Picture: pic("bob's")}, Forbidden, ""},
		{"a non-member changes the picture", Rename, with(open), Event{By: "dan", Picture: pic("mine")}, NotFound, "chatId"},
		{"a picture for a direct chat", Rename, with(direct), Event{By: "ann", Picture: pic("mine")}, Forbidden, ""},
		{"another user's picture", Rename, tea(), Event{By: "ann", Picture: pic("bob's")}, BadInput, "picture"},
		{"a file as picture", Rename, tea(), Event{By: "ann", Picture: pic("ann's")}, BadInput, "picture"},
		{"no file as picture", Rename, tea(), Event{By: "ann", Picture: pic("none")}, BadInput, "picture"},
		{"a picture that is not complete", Rename, tea(), Event{By: "ann", Picture: pic("started")}, Conflict, "picture"},
		{"a picture that another chat has", Rename, tea(), Event{By: "ann", Picture: pic("in use")}, Conflict, "picture"},
		{"a picture is posted", Post, tea(), Event{ChatID: "tea", By: "ann", Files: []File{{ID: "mine"}}}, BadInput, "files"},
	} {
		err := c.rule(c.view, &c.draft)
		var e *Error
		switch {
		case c.want == ok && err != nil, c.want == same && !errors.Is(err, ErrNoChange):
			t.Errorf("%s: %v", c.name, err)
		case c.want != ok && c.want != same && (!errors.As(err, &e) || e.Code != c.want || e.Field != c.field):
			t.Errorf("%s: %v, want %s (%s)", c.name, err, c.want, c.field)
		}
	}
}

// What a rule completes.
func TestRulesComplete(t *testing.T) {
	long := with(func(r *room) { m := r.messages[1]; m.Text = string(make([]byte, 1000)); r.messages[1] = m })
	post := Event{By: "bob", Text: "@ann, @dan and @nobody: see", Reply: &Quote{Seq: 1}}
	if err := Post(long, &post); err != nil || fmt.Sprint(post.Mentions) != "[ann]" || post.Reply.By != "ann" || len(post.Reply.Text) != MaxQuote {
		t.Errorf("%v: mentions %v, quote of %d bytes by %s", err, post.Mentions, len(post.Reply.Text), post.Reply.By)
	}
	reply := Event{By: "ann", Reply: &Quote{Seq: 3, Text: "made up", By: "cleo"}}
	if err := Post(tea(), &reply); err != nil || *reply.Reply != (Quote{Seq: 3, By: "bob"}) {
		t.Errorf("%v: a quote of a deleted message is %+v", err, *reply.Reply)
	}
	join := Event{By: "ann", Users: []UserID{"bob", "dan", "dan"}, Role: RoleAdmin}
	if err := Join(tea(), &join); err != nil || fmt.Sprint(join.Users) != "[dan]" || join.Role != RoleMember {
		t.Errorf("%v: %v join as %s", err, join.Users, join.Role)
	}
	for user, kind := range map[UserID]Kind{"dan": Joined, "bob": RoleChanged} {
		put := Event{Kind: Joined, By: "ann", Users: []UserID{user}, Role: RoleAdmin}
		if err := PutMember(tea(), &put); err != nil || put.Kind != kind || put.Role != RoleAdmin {
			t.Errorf("%v: putting %s is %s as %s", err, user, put.Kind, put.Role)
		}
	}
	for _, role := range []Role{"", RoleMember, RoleAdmin} {
		rule := PutMember
		if role == "" {
			rule = Join
		}
		first := Event{Kind: Joined, By: "dan", Users: []UserID{"dan"}, Role: role}
		if err := rule(with(empty), &first); err != nil || first.Kind != Joined || first.Role != RoleAdmin {
			t.Errorf("%v: dan joins an empty chat, asking for %q, as %q", err, role, first.Role)
		}
	}
	for user, kind := range map[UserID]Kind{"dan": Joined, "bob": RoleChanged} {
		charge := Event{Kind: Joined, By: user, Users: []UserID{user}, Role: RoleAdmin}
		if err := PutMember(with(serverAdmin(user)), &charge); err != nil || charge.Kind != kind || charge.Role != RoleAdmin {
			t.Errorf("%v: %s takes charge by %s as %s", err, user, charge.Kind, charge.Role)
		}
	}
	for by, reason := range map[UserID]string{"ann": "removed", "bob": ""} {
		left := Event{By: by, Users: []UserID{"bob"}}
		if err := Leave(tea(), &left); err != nil || left.Reason != reason {
			t.Errorf("%v: bob left by %s for %q", err, by, left.Reason)
		}
	}
	deleted := Event{Kind: Left, By: "ann"}
	if err := DeleteChat(tea(), &deleted); err != nil || fmt.Sprint(deleted.Users) != "[ann bob cleo]" || !deleted.DeletesChat() {
		t.Errorf("%v: %v leave for %q", err, deleted.Users, deleted.Reason)
	}
	renamed := Event{By: "ann", Topic: str("black")}
	if err := Rename(with(pictured), &renamed); err != nil || *renamed.Title != "Tea" || *renamed.Topic != "black" || *renamed.Picture != "old" {
		t.Errorf("%v: renamed to %q, %q, %q", err, *renamed.Title, *renamed.Topic, *renamed.Picture)
	}
	removed := FileID("")
	for want, e := range map[string]Event{
		"[title]": {Title: str("Coffee"), Topic: renamed.Topic}, "[topic]": {Title: str("Tea"), Topic: str("green")}, "[picture]": {Picture: &removed},
		"[groupMentions]": {GroupMentions: ByAdmins}, "[title topic picture groupMentions]": {Title: str("Coffee"), Topic: str("dark"), Picture: &removed, GroupMentions: ByAdmins},
	} {
		e.By = "ann"
		if err := Rename(with(func(v *room) { pictured(v); v.chat.Topic = "black" }), &e); err != nil || fmt.Sprint(e.Changed) != want {
			t.Errorf("%v: changed %v, want %s", err, e.Changed, want)
		}
	}
}

// A reply is in the thread of the message that it replies to.
func TestRoot(t *testing.T) {
	view := tea()
	view.messages[4] = Message{Seq: 4, By: "bob", Root: 2, Reply: &Quote{Seq: 2}}
	for to, want := range map[Seq]Seq{1: 1, 3: 3, 4: 2} { // 3 was deleted
		e := Event{Kind: Posted, By: "ann", Text: "x", Reply: &Quote{Seq: to}}
		if err := Post(view, &e); err != nil || e.Root != want {
			t.Errorf("a reply to %d: root %d, %v, want %d", to, e.Root, err, want)
		}
	}
}

// Earlier versions stored an emoji as it was typed, so that a message may have it in two
// forms, and texts that are no emoji.
func TestReactWithOldForms(t *testing.T) {
	on, off := true, false
	r := tea()
	m := r.messages[1]
	m.Reactions = []Reaction{{Emoji: "❤", By: []UserID{"bob"}}, {Emoji: "❤️", By: []UserID{"cleo"}}, {Emoji: "lol", By: []UserID{"bob"}}}
	r.messages[1] = m
	for _, c := range []struct {
		by    UserID
		emoji string
		on    *bool
		want  string // of the event; "" for no change
	}{
		{"bob", "❤️", &on, ""}, {"cleo", "❤️", &on, ""}, {"bob", "❤️", &off, "❤"}, {"cleo", "❤️", &off, "❤️"},
		{"ann", "❤️", &on, "❤"}, {"ann", "❤️", &off, ""}, {"ann", "👍", &on, "👍"}, {"bob", "lol", &off, "lol"}, {"ann", "lol", &off, ""},
	} {
		e := Event{Kind: Reacted, By: c.by, Target: 1, Emoji: c.emoji, On: c.on}
		err := React(r, &e)
		if c.want == "" && !errors.Is(err, ErrNoChange) || c.want != "" && (err != nil || e.Emoji != c.want) {
			t.Errorf("%s %s %v: %q, %v, want %q", c.by, c.emoji, *c.on, e.Emoji, err, c.want)
		}
	}
}
