package server

import (
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
)

// A blocked user makes no direct chat and no group with the one who blocked them, and no
// refusal says who that is.
func TestBlocks(t *testing.T) {
	for _, msgpack := range []bool{false, true} {
		x := start(t)
		ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
		for _, c := range []*client{ann, bob, cid} {
			c.msgpack = msgpack
		}
		path := "/api/blocks/" + string(bob.user.ID)
		ann.call("PUT", path, nil).want(204)
		ann.call("PUT", path, nil).want(204)
		var list api.BlockList
		ann.call("GET", "/api/blocks", nil).want(200).into(&list)
		if len(list.Users) != 1 || list.Users[0].ID != bob.user.ID {
			t.Errorf("%+v", list)
		}
		bob.call("GET", "/api/blocks", nil).want(200).into(&list)
		if len(list.Users) != 0 {
			t.Errorf("%+v", list)
		}
		ann.call("PUT", "/api/blocks/"+string(ann.user.ID), nil).wantError(chat.BadInput, "userId")
		ann.call("PUT", "/api/blocks/none", nil).wantError(chat.NotFound, "userId")
		ann.call("PUT", "/api/blocks/a.b", nil).wantError(chat.BadInput, "userId")

		direct := func(with *client) m {
			return m{"kind": "direct", "members": []chat.UserID{with.user.ID}, "clientId": "direct"}
		}
		bob.call("POST", "/api/chats", direct(ann)).wantError(chat.Forbidden, "members")
		ann.call("POST", "/api/chats", direct(bob)).wantError(chat.Conflict, "members")
		members := []chat.UserID{ann.user.ID, cid.user.ID}
		refused := bob.call("POST", "/api/chats", m{"kind": "group", "members": members, "clientId": "group"}).wantError(chat.Forbidden, "members")
		for _, u := range []*client{ann, cid} {
			if body := string(refused.body); strings.Contains(body, string(u.user.ID)) || strings.Contains(body, u.user.Handle) {
				t.Errorf("the refusal names somebody: %s", body)
			}
		}
		id := bob.group(cid)
		bob.call("PUT", "/api/chats/"+string(id)+"/members/"+string(ann.user.ID), nil).wantError(chat.Forbidden, "userId")
		cid.call("PUT", "/api/chats/"+string(id)+"/members/"+string(ann.user.ID), nil).want(204)

		ann.call("DELETE", path, nil).want(204)
		bob.call("POST", "/api/chats", direct(ann)).want(201)
		ann.call("PUT", path, nil).want(204)
		var out api.ChatAnswer
		ann.call("POST", "/api/chats", direct(bob)).want(200).into(&out)
		bob.call("POST", "/api/chats/"+string(out.Chat.ID)+"/messages", m{"clientId": "1", "text": "hello"}).wantError(chat.Forbidden, "")
	}
}

// While one user of a direct chat blocks the other, neither is told that the other one types.
func TestTypingInBlockedChat(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var out api.ChatAnswer
	ann.call("POST", "/api/chats", m{"kind": "direct", "members": []chat.UserID{bob.user.ID}, "clientId": "1"}).want(201).into(&out)
	direct, group := out.Chat.ID, ann.group(bob)
	sockets := map[*client]*socketClient{ann: ann.connectLive(), bob: bob.connectLive()}
	for _, s := range sockets {
		s.ask(m{"do": "focus", "chatIds": []chat.ChatID{direct, group}}, nil)
	}
	// wantTyping fails if the signals that each user causes in both chats do not arrive as want says.
	wantTyping := func(want ...chat.ChatID) {
		t.Helper()
		for by, to := range map[*client]*client{ann: bob, bob: ann} {
			for _, id := range []chat.ChatID{direct, group} {
				sockets[by].ask(m{"do": "typing", "chatId": id}, nil)
			}
			for _, id := range want {
				if v := sockets[to].take("typing", func(v *value) bool { return v.Signal == "typing" && v.By == by.user.ID }); v.ChatID != id {
					t.Errorf("%s is told of %s, want %s", to.user.Handle, v.ChatID, id)
				}
			}
		}
	}
	wantTyping(direct, group)
	path := "/api/blocks/" + string(bob.user.ID)
	ann.call("PUT", path, nil).want(204)
	wantTyping(group)
	ann.call("DELETE", path, nil).want(204)
	wantTyping(direct, group)
}
