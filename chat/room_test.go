package chat

import (
	"fmt"
	"maps"
	"slices"
)

// room is a View made by hand.
type room struct {
	chat     Chat
	members  map[UserID]Role
	joined   [][]UserID // by each joined event
	blocks   map[UserID]UserID
	silenced bool
	messages map[Seq]Message
	files    map[FileID]Upload
	users    map[UserID]User
	chats    map[UserID]int            // of each user
	made     map[UserID]map[UserID]int // by whom, of each user
}

func (r room) Chat() Chat { return r.chat }

func (r room) Admins() (n int) {
	for u, role := range r.members {
		if role == RoleAdmin && r.users[u].Active {
			n++
		}
	}
	return n
}

func (r room) Oldest() (u UserID, ok bool) {
	var active []UserID
	for u := range r.members {
		if r.users[u].Active {
			active = append(active, u)
		}
	}
	return Oldest(r.joined, active)
}

func (r room) Member(u UserID) (Role, bool) { role, ok := r.members[u]; return role, ok }
func (r room) Blocked(user UserID, by []UserID) bool {
	return slices.ContainsFunc(by, func(u UserID) bool { return r.blocks[u] == user })
}
func (r room) Silenced() bool { return r.silenced }
func (r room) Members(limit int) []UserID {
	users := slices.Sorted(maps.Keys(r.members))
	return users[:min(limit, len(users))]
}
func (r room) Message(s Seq) (Message, bool) { m, ok := r.messages[s]; return m, ok }
func (r room) User(u UserID) (User, bool)    { x, ok := r.users[u]; return x, ok }
func (r room) UsersByHandle(handles []string) (users []User) {
	for _, u := range r.users {
		if contains(handles, u.Handle) {
			users = append(users, u)
		}
	}
	return users
}

func (r room) Pins() (n int) {
	for _, m := range r.messages {
		if m.Pinned {
			n++
		}
	}
	return n
}

func (r room) File(id FileID) (Upload, bool) { u, ok := r.files[id]; return u, ok }

func (r room) ChatsOf([]UserID) map[UserID]int                     { return r.chats }
func (r room) ChatsMadeBy(maker UserID, _ []UserID) map[UserID]int { return r.made[maker] }

// tea is a group of ann (admin), bob and cleo; dan and eve are outside, eve is
// inactive. Message 1 is ann's, 2 bob's, 3 bob's and deleted.
func tea() room {
	r := room{
		chat:    Chat{ID: "tea", Kind: Group, Title: "Tea", Topic: "green", MemberCount: 3, GroupMentions: ByEveryone},
		members: map[UserID]Role{"ann": RoleAdmin, "bob": RoleMember, "cleo": RoleMember},
		joined:  [][]UserID{{"ann"}, {"cleo"}, {"bob"}},
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
			"mine":    {File: File{ID: "mine"}, By: "ann", Complete: true},
			"bob's":   {File: File{ID: "bob's"}, By: "bob", Complete: true},
			"started": {File: File{ID: "started"}, By: "ann"},
			"in use":  {File: File{ID: "in use"}, By: "ann", Complete: true, Picture: true},
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
func pinned(seqs ...Seq) func(*room) {
	return func(r *room) {
		for _, seq := range seqs {
			m := r.messages[seq]
			m.Seq, m.Pinned = seq, true
			r.messages[seq] = m
		}
	}
}
func manyPins(r *room) {
	for seq := range MaxPins {
		pinned(Seq(100 + seq))(r)
	}
}
func pictured(r *room)      { r.chat.Picture = "old" }
func pic(id FileID) *FileID { return &id }
func alone(r *room)         { r.members = map[UserID]Role{"ann": RoleAdmin}; r.chat.MemberCount = 1 }
func twoAdmins(r *room)     { r.members["bob"] = RoleAdmin }
func empty(r *room)         { open(r); r.members = nil; r.chat.MemberCount = 0 }

// inactive deactivates users; bob is a second admin of the chat.
func inactive(users ...UserID) func(*room) {
	return func(r *room) {
		twoAdmins(r)
		for _, u := range users {
			r.users[u] = User{ID: u, Handle: string(u)}
		}
	}
}

// serverAdmin makes a user an admin of the server.
func serverAdmin(u UserID) func(*room) {
	return func(r *room) { r.users[u] = User{ID: u, Handle: string(u), Role: RoleAdmin, Active: true} }
}

func on(v bool) *bool      { return &v }
func str(s string) *string { return &s }
