package chat

import "testing"

func TestSuccession(t *testing.T) {
	for _, c := range []struct {
		name string
		view room
		want UserID // "": no one
	}{
		{"there is an admin", tea(), ""},
		{"the admin left: who joined next", with(func(r *room) { delete(r.members, "ann") }), "cleo"},
		{"the admin is inactive", with(func(r *room) { r.users["ann"] = User{} }), "cleo"},
		{"one of two admins is", with(inactive("ann")), ""},
		{"both admins are", with(inactive("ann", "bob")), "cleo"},
		{"everybody is", with(inactive("ann", "bob", "cleo")), ""},
		{"who joined again joined late", with(func(r *room) { delete(r.members, "ann"); r.joined = append(r.joined, []UserID{"cleo"}) }), "bob"},
		{"an empty chat", with(empty), ""},
		{"a direct chat", with(func(r *room) { direct(r); r.members["ann"] = RoleMember }), ""},
	} {
		e, ok := Succession(c.view, "zoe")
		if ok != (c.want != "") {
			t.Errorf("%s: %v, %v", c.name, e.Users, ok)
		}
		if ok && (e.Kind != RoleChanged || e.ChatID != "tea" || e.By != "zoe" || e.Role != RoleAdmin || len(e.Users) != 1 || e.Users[0] != c.want) {
			t.Errorf("%s: %+v, want %s", c.name, e, c.want)
		}
	}
}
