package server

import (
	"testing"

	"parley/chat"
)

// An admin of the server takes charge of a group, as a member or from outside; its log
// says so. An admin of a group who is deactivated is succeeded by its oldest member.
func TestTakeCharge(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob) // 1 and 2
			b := bob.connectLive(codec)
			members := "/api/chats/" + string(id) + "/members/"
			charge := m{"role": "admin", "clientId": "charge"}
			bob.call("PUT", members+"me", charge).wantError(chat.Forbidden, "")
			owner.call("PUT", members+"me", m{"role": "member"}).wantError(chat.NotFound, "chatId")
			owner.call("PUT", members+string(bob.user.ID), m{"role": "admin"}).wantError(chat.NotFound, "chatId")
			owner.call("PUT", members+"me", charge).want(204) // 3
			owner.call("PUT", members+"me", charge).want(204)
			owner.call("PUT", members+"me", m{"role": "admin"}).want(204)
			if e := b.event(id, 3); e.Event != chat.Joined || e.By != owner.user.ID || e.Role != chat.RoleAdmin || string(e.Users) != `["`+string(owner.user.ID)+`"]` {
				t.Errorf("taking charge: %s", e.raw)
			}
			owner.call("PUT", members+"me", m{"role": "member"}).want(204) // 4
			owner.call("PUT", members+"me", m{"role": "admin"}).want(204)  // 5
			b.event(id, 4)
			if e := b.event(id, 5); e.Event != chat.RoleChanged || e.By != owner.user.ID || e.Role != chat.RoleAdmin || string(e.Users) != `["`+string(owner.user.ID)+`"]` {
				t.Errorf("taking charge: %s", e.raw)
			}
			owner.call("DELETE", members+"me", nil).want(204) // 6
			owner.call("PATCH", "/api/users/"+string(ann.user.ID), m{"active": false}).want(200)
			b.event(id, 6)
			if e := b.event(id, 7); e.Event != chat.RoleChanged || e.By != owner.user.ID || e.Role != chat.RoleAdmin || string(e.Users) != `["`+string(bob.user.ID)+`"]` {
				t.Errorf("the successor: %s", e.raw)
			}
			bob.call("DELETE", members+"me", nil).want(204) // the last active member
		})
	}
}
