package chat

import (
	"errors"
	"fmt"
	"testing"
)

// room is a View made by hand.
type room struct {
	chat     Chat
	members  map[UserID]Role
	messages map[Seq]Message
	files    map[FileID]Upload
	users    map[UserID]User
	chats    map[UserID]int            // of each user
	made     map[UserID]map[UserID]int // by whom, of each user
}

func (r room) Chat() Chat { return r.chat }

func (r room) Admins() (n int) {
	for _, role := range r.members {
		if role == RoleAdmin {
			n++
		}
	}
	return n
}

func (r room) Member(u UserID) (Role, bool)  { role, ok := r.members[u]; return role, ok }
func (r room) Message(s Seq) (Message, bool) { m, ok := r.messages[s]; return m, ok }
func (r room) User(u UserID) (User, bool)    { x, ok := r.users[u]; return x, ok }
func (r room) UserByHandle(h string) (User, bool) {
	for _, u := range r.users {
		if u.Handle == h {
			return u, true
		}
	}
	return User{}, false
}

func (r room) File(id FileID) (Upload, bool) { u, ok := r.files[id]; return u, ok }

func (r room) ChatsOf([]UserID) map[UserID]int                     { return r.chats }
func (r room) ChatsMadeBy(maker UserID, _ []UserID) map[UserID]int { return r.made[maker] }

// tea is a group of ann (admin), bob and cleo; dan and eve are outside, eve is
// inactive. Message 1 is ann's, 2 bob's, 3 bob's and deleted.
func tea() room {
	r := room{
		chat:    Chat{ID: "tea", Kind: Group, Title: "Tea", Topic: "green", MemberCount: 3},
		members: map[UserID]Role{"ann": RoleAdmin, "bob": RoleMember, "cleo": RoleMember},
		messages: map[Seq]Message{
			1: {Seq: 1, By: "ann", Text: "hello", Reactions: []Reaction{{Emoji: "👍", By: []UserID{"bob"}}}},
			2: {Seq: 2, By: "bob", Text: "hi"},
			3: {Seq: 3, By: "bob", DeletedAt: 9},
		},
		files: map[FileID]Upload{
			"whole":   {File: File{ID: "whole", Name: "a.png"}, ChatID: "tea", By: "bob", Complete: true},
			"partial": {File: File{ID: "partial"}, ChatID: "tea", By: "bob"},
			"ann's":   {File: File{ID: "ann's"}, ChatID: "tea", By: "ann", Complete: true},
			"other":   {File: File{ID: "other"}, ChatID: "coffee", By: "bob", Complete: true},
			"taken":   {File: File{ID: "taken"}, ChatID: "tea", By: "bob", Complete: true, Message: 2},
		},
		users: map[UserID]User{},
	}
	for _, u := range []UserID{"ann", "bob", "cleo", "dan", "eve"} {
		r.users[u] = User{ID: u, Handle: string(u), Active: u != "eve"}
	}
	return r
}

func with(change func(*room)) room {
	r := tea()
	change(&r)
	return r
}

// withFiles is a draft by bob with files.
func withFiles(ids ...FileID) Event {
	e := Event{ChatID: "tea", By: "bob"}
	for _, id := range ids {
		e.Files = append(e.Files, File{ID: id})
	}
	return e
}

func open(r *room)   { r.chat.Open = true }
func direct(r *room) { r.chat.Kind = Direct; delete(r.members, "cleo"); r.chat.MemberCount = 2 }
func full(r *room) {
	m := r.messages[2]
	for i := range MaxReactEmoji {
		m.Reactions = append(m.Reactions, Reaction{Emoji: fmt.Sprint(i), By: []UserID{"ann"}})
	}
	r.messages[2] = m
}
func crowded(r *room) {
	m := r.messages[2]
	m.Reactions = []Reaction{{Emoji: "👍", By: make([]UserID, MaxReactions-1)}, {Emoji: "🎉", By: []UserID{"ann"}}}
	r.messages[2] = m
}
func alone(r *room)     { r.members = map[UserID]Role{"ann": RoleAdmin}; r.chat.MemberCount = 1 }
func twoAdmins(r *room) { r.members["bob"] = RoleAdmin }

func on(v bool) *bool      { return &v }
func str(s string) *string { return &s }

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
		{"a stranger posts", Post, tea(), Event{By: "dan"}, NotFound, "chatId"},
		{"a stranger posts to an open chat", Post, with(open), Event{By: "dan"}, NotFound, "chatId"},
		{"a reply to nothing", Post, tea(), Event{By: "bob", Reply: &Quote{Seq: 7}}, NotFound, "replyTo"},
		{"a reply", Post, tea(), Event{By: "bob", Reply: &Quote{Seq: 1}}, ok, ""},

		{"with a file", Post, tea(), withFiles("whole"), ok, ""},
		{"with an unknown file", Post, tea(), withFiles("whole", "none"), BadInput, "files"},
		{"with another's file", Post, tea(), withFiles("ann's"), BadInput, "files"},
		{"with a file of another chat", Post, tea(), withFiles("other"), BadInput, "files"},
		{"with a file that is not whole", Post, tea(), withFiles("partial"), Conflict, "files"},
		{"with a file of another message", Post, tea(), withFiles("whole", "taken"), Conflict, "files"},
		{"a stranger posts with a file", Post, with(func(r *room) { delete(r.members, "bob") }), withFiles("whole"), NotFound, "chatId"},

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
		{"a stranger deletes", Delete, tea(), Event{By: "dan", Target: 2}, NotFound, "chatId"},

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
		{"a stranger reacts", React, tea(), Event{By: "dan", Target: 1, Emoji: "👍", On: on(true)}, NotFound, "chatId"},

		{"a member adds", Join, tea(), Event{By: "bob", Users: only("dan")}, ok, ""},
		{"one who is in", Join, tea(), Event{By: "bob", Users: only("cleo")}, same, ""},
		{"an inactive one", Join, tea(), Event{By: "bob", Users: only("eve")}, NotFound, "userId"},
		{"an unknown one", Join, tea(), Event{By: "bob", Users: only("zoe")}, NotFound, "userId"},
		{"a stranger joins a closed chat", Join, tea(), Event{By: "dan", Users: only("dan")}, NotFound, "chatId"},
		{"a stranger joins an open chat", Join, with(open), Event{By: "dan", Users: only("dan")}, ok, ""},
		{"a stranger adds another to an open chat", Join, with(open), Event{By: "dan", Users: only("cleo")}, Forbidden, ""},
		{"a third one to a direct chat", Join, with(direct), Event{By: "ann", Users: only("dan")}, Forbidden, ""},

		{"an admin adds an admin", PutMember, tea(), Event{By: "ann", Users: only("dan"), Role: RoleAdmin}, ok, ""},
		{"a member adds an admin", PutMember, tea(), Event{By: "bob", Users: only("dan"), Role: RoleAdmin}, Forbidden, ""},
		{"a member adds a member", PutMember, tea(), Event{By: "bob", Users: only("dan"), Role: RoleMember}, ok, ""},
		{"a member promotes by adding", PutMember, tea(), Event{By: "bob", Users: only("cleo"), Role: RoleAdmin}, Forbidden, ""},
		{"an admin promotes by adding", PutMember, tea(), Event{By: "ann", Users: only("cleo"), Role: RoleAdmin}, ok, ""},
		{"one who is in, with their role", PutMember, tea(), Event{By: "ann", Users: only("cleo"), Role: RoleMember}, same, ""},
		{"the last admin is added as a member", PutMember, tea(), Event{By: "ann", Users: only("ann"), Role: RoleMember}, LastOwner, ""},
		{"a stranger adds themself", PutMember, tea(), Event{By: "dan", Users: only("dan"), Role: RoleMember}, NotFound, "chatId"},
		{"a stranger promotes", PutMember, with(open), Event{By: "dan", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},
		{"a stranger joins an open chat as an admin", PutMember, with(open), Event{By: "dan", Users: only("dan"), Role: RoleAdmin}, Forbidden, ""},
		{"a stranger joins an open chat as a member", PutMember, with(open), Event{By: "dan", Users: only("dan"), Role: RoleMember}, ok, ""},
		{"an inactive one, as an admin", PutMember, tea(), Event{By: "ann", Users: only("eve"), Role: RoleAdmin}, NotFound, "userId"},

		{"a member leaves", Leave, tea(), Event{By: "bob", Users: only("bob")}, ok, ""},
		{"an admin removes", Leave, tea(), Event{By: "ann", Users: only("bob")}, ok, ""},
		{"a member removes", Leave, tea(), Event{By: "bob", Users: only("cleo")}, Forbidden, ""},
		{"one who is not in", Leave, tea(), Event{By: "ann", Users: only("dan")}, NotFound, "userId"},
		{"a stranger leaves", Leave, tea(), Event{By: "dan", Users: only("dan")}, NotFound, "chatId"},
		{"the last admin leaves", Leave, tea(), Event{By: "ann", Users: only("ann")}, LastOwner, ""},
		{"one of two admins leaves", Leave, with(twoAdmins), Event{By: "ann", Users: only("ann")}, ok, ""},
		{"the last member leaves", Leave, with(alone), Event{By: "ann", Users: only("ann")}, ok, ""},
		{"a direct chat is left", Leave, with(direct), Event{By: "bob", Users: only("bob")}, Forbidden, ""},

		{"an admin promotes", SetRole, tea(), Event{By: "ann", Users: only("bob"), Role: RoleAdmin}, ok, ""},
		{"a member promotes", SetRole, tea(), Event{By: "bob", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},
		{"the role one has", SetRole, tea(), Event{By: "ann", Users: only("bob"), Role: RoleMember}, same, ""},
		{"the last admin steps down", SetRole, tea(), Event{By: "ann", Users: only("ann"), Role: RoleMember}, LastOwner, ""},
		{"one of two admins steps down", SetRole, with(twoAdmins), Event{By: "ann", Users: only("ann"), Role: RoleMember}, ok, ""},
		{"a stranger is promoted", SetRole, tea(), Event{By: "ann", Users: only("dan"), Role: RoleAdmin}, NotFound, "userId"},
		{"in a direct chat", SetRole, with(direct), Event{By: "ann", Users: only("bob"), Role: RoleAdmin}, Forbidden, ""},

		{"an admin renames", Rename, tea(), Event{By: "ann", Title: str("Chai")}, ok, ""},
		{"to the same", Rename, tea(), Event{By: "ann", Title: str("Tea"), Topic: str("green")}, same, ""},
		{"a member renames", Rename, tea(), Event{By: "bob", Title: str("Chai")}, Forbidden, ""},
		{"a direct chat is renamed", Rename, with(direct), Event{By: "ann", Title: str("Chai")}, Forbidden, ""},
		{"a stranger renames", Rename, with(open), Event{By: "dan", Title: str("Chai")}, NotFound, "chatId"},
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
	for by, reason := range map[UserID]string{"ann": "removed", "bob": ""} {
		left := Event{By: by, Users: []UserID{"bob"}}
		if err := Leave(tea(), &left); err != nil || left.Reason != reason {
			t.Errorf("%v: bob left by %s for %q", err, by, left.Reason)
		}
	}
	renamed := Event{By: "ann", Topic: str("black")}
	if err := Rename(tea(), &renamed); err != nil || *renamed.Title != "Tea" || *renamed.Topic != "black" {
		t.Errorf("%v: renamed to %q, %q", err, *renamed.Title, *renamed.Topic)
	}
}
