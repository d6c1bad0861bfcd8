package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
)

// The retry of a call that changed nothing has the same answer, and undoes no later change.
func TestRetryUndoesNothing(t *testing.T) {
	for _, msgpack := range []bool{false, true} {
		t.Run(fmt.Sprint("msgpack ", msgpack), func(t *testing.T) {
			x := start(t)
			ann, bob, cat, dan := x.addUser("ann"), x.addUser("bob"), x.addUser("cat"), x.addUser("dan")
			for _, c := range []*client{ann, bob, cat, dan} {
				c.msgpack = msgpack
			}
			id := ann.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Garden"}, bob, cat)
			c := "/api/chats/" + string(id)
			message := func(text string) string { return fmt.Sprint(c, "/messages/", ann.post(id, text)) }
			head := func() chat.Seq {
				var out api.ChatAnswer
				ann.call("GET", c, nil).want(200).into(&out)
				return out.Chat.Head
			}
			edited, on, off := message("edited"), message("on"), message("off")
			thumb := "/reactions/" + url.PathEscape("👍")
			bob.call("PUT", on+thumb, nil).want(204)
			dan.call("PUT", c+"/members/me", nil).want(204)
			type request struct {
				by           *client
				method, path string
				body         m
			}
			for _, row := range []struct {
				name             string
				noop, difference request
				status           int
			}{
				{"edit", request{ann, "PATCH", edited, m{"text": "edited"}}, request{ann, "PATCH", edited, m{"text": "edited later"}}, 200},
				{"react", request{bob, "PUT", on + thumb, m{}}, request{bob, "DELETE", on + thumb, m{}}, 204},
				{"take a reaction away", request{bob, "DELETE", off + thumb, m{}}, request{bob, "PUT", off + thumb, m{}}, 204},
				{"rename", request{ann, "PATCH", c, m{"title": "Garden"}}, request{ann, "PATCH", c, m{"title": "Yard"}}, 200},
				{"role", request{ann, "PUT", c + "/members/" + string(bob.user.ID), m{"role": "member"}}, request{ann, "PUT", c + "/members/" + string(bob.user.ID), m{"role": "admin"}}, 204},
				{"add", request{ann, "PUT", c + "/members/" + string(cat.user.ID), m{}}, request{ann, "DELETE", c + "/members/" + string(cat.user.ID), m{}}, 204},
				{"join", request{dan, "PUT", c + "/members/me", m{}}, request{dan, "DELETE", c + "/members/me", m{}}, 204},
			} {
				call := func(r request, clientID string) {
					t.Helper()
					r.body["clientId"] = clientID
					r.by.call(r.method, r.path, r.body).want(row.status)
				}
				before := head()
				call(row.noop, row.name)
				if now := head(); now != before {
					t.Errorf("%s: the head went from %d to %d for nothing", row.name, before, now)
				}
				call(row.difference, "not "+row.name)
				call(row.noop, row.name)
				if now := head(); now != before+1 {
					t.Errorf("%s: the head went from %d to %d", row.name, before, now)
				}
			}
		})
	}
}

// Adding a member with a role is one command: its retry does not restore a role that was
// removed since.
func TestRetryDoesNotRestoreRole(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group()
	c := "/api/chats/" + string(id)
	path := c + "/members/" + string(bob.user.ID)
	role := func() chat.Role {
		var out api.ChatAnswer
		bob.call("GET", c, nil).want(200).into(&out)
		return out.Chat.Role
	}
	ann.call("PUT", path, m{"role": "admin", "clientId": "k"}).want(204)
	if r := role(); r != chat.RoleAdmin {
		t.Fatalf("added as %q", r)
	}
	ann.call("PUT", path, m{"role": "member", "clientId": "l"}).want(204)
	ann.call("PUT", path, m{"role": "admin", "clientId": "k"}).want(204)
	if r := role(); r != chat.RoleMember {
		t.Fatalf("the retry set the role %q", r)
	}
}

// TestRetryUndoesNothing over a socket.
func TestRetryOfCommandUndoesNothing(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann := x.addUser("ann")
			id := ann.group()
			p := ann.connectLive(codec)
			edited, on, off, deleted := ann.post(id, "edited"), ann.post(id, "on"), ann.post(id, "off"), ann.post(id, "deleted")
			react := func(target chat.Seq, on bool) m {
				return m{"do": "react", "chatId": id, "target": target, "emoji": "👍", "on": on}
			}
			edit := func(text string) m { return m{"do": "edit", "chatId": id, "target": edited, "text": text} }
			remove := func() m { return m{"do": "delete", "chatId": id, "target": deleted} }
			p.ask(react(on, true), nil)
			p.ask(remove(), nil)
			for _, row := range []struct {
				name             string
				noop, difference m
			}{
				{"edit", edit("edited"), edit("edited later")},
				{"react", react(on, true), react(on, false)},
				{"take a reaction away", react(off, false), react(off, true)},
				{"delete", remove(), edit("edited once more")},
			} {
				row.noop["clientId"] = row.name
				if v := p.ask(row.noop, nil); string(v.OK) != "{}" {
					t.Errorf("%s: %s", row.name, v.raw)
				}
				if v := p.ask(row.difference, nil); string(v.OK) == "{}" {
					t.Errorf("%s: its opposite: %s", row.name, v.raw)
				}
				if v := p.ask(row.noop, nil); string(v.OK) != "{}" {
					t.Errorf("%s again: %s", row.name, v.raw)
				}
			}
		})
	}
}

// A retry by a user who was removed meanwhile is answered with the first event's number,
// and nothing else, over HTTP and over a socket.
func TestRetryAfterRemoval(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			made := m{"kind": "group", "title": "Garden", "members": []chat.UserID{ann.user.ID}, "clientId": "made"}
			var garden api.ChatAnswer
			bob.call("POST", "/api/chats", made).want(201).into(&garden)
			id := garden.Chat.ID
			c := "/api/chats/" + string(id)
			bob.call("PUT", c+"/members/"+string(ann.user.ID), m{"role": "admin"}).want(204)
			p := bob.connectLive(codec)
			target := bob.post(id, "a secret")
			message := fmt.Sprint(c, "/messages/", target)
			calls := []struct {
				method, path string
				body         m
				again        int
			}{
				{"POST", c + "/messages", m{"text": "another secret", "clientId": "post"}, 200},
				{"PATCH", message, m{"text": "an edited secret", "clientId": "edit"}, 200},
				{"PUT", message + "/reactions/" + url.PathEscape("👍"), m{"clientId": "react"}, 204},
				{"PATCH", c, m{"title": "Secret garden", "clientId": "rename"}, 200},
				{"DELETE", message, m{"clientId": "delete"}, 204},
			}
			commands := []m{
				{"do": "post", "chatId": id, "text": "a third secret", "clientId": "p"},
				{"do": "edit", "chatId": id, "target": target, "text": "a fourth secret", "clientId": "e"},
				{"do": "react", "chatId": id, "target": target, "emoji": "👎", "on": true, "clientId": "r"},
			}
			var first []string
			for _, k := range commands {
				first = append(first, string(p.ask(k, nil).OK))
			}
			for _, k := range calls {
				bob.call(k.method, k.path, k.body)
			}
			ann.remove(id, bob)
			for i, k := range commands {
				if got := string(p.ask(k, nil).OK); got != first[i] && got != strings.Replace(first[i], "}", `,"again":true}`, 1) {
					t.Errorf("%s: %s, at first %s", k["do"], got, first[i])
				}
			}
			p.wantError(m{"do": "post", "chatId": id, "text": "new", "clientId": "new"}, chat.NotFound, "chatId")
			for _, k := range calls {
				if got := bob.call(k.method, k.path, k.body).want(k.again); strings.Contains(string(got.body), "ecret") {
					t.Errorf("%s %s: %s", k.method, k.path, got.body)
				}
			}
			var again api.ChatAnswer
			bob.call("POST", "/api/chats", made).want(200).into(&again)
			if again.Chat != (chat.Chat{ID: id, Kind: chat.Group}) {
				t.Errorf("made again: %+v", again.Chat)
			}
			bob.call("POST", c+"/messages", m{"text": "new", "clientId": "new"}).wantError(chat.NotFound, "chatId")
		})
	}
}

// An empty clientId would protect no retry. It is refused wherever one may be sent.
func TestEmptyClientIDIsRefused(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	seq := ann.post(id, "hello")
	of := "/api/chats/" + string(id)
	message := fmt.Sprint(of, "/messages/", seq)
	for _, c := range []struct {
		call string
		body m
	}{
		{"POST /api/chats", m{"kind": "group"}},
		{"PATCH " + of, m{"title": "Map"}},
		{"PUT " + of + "/members/" + string(bob.user.ID), m{"role": "admin"}},
		{"DELETE " + of + "/members/" + string(bob.user.ID), m{}},
		{"POST " + of + "/messages", m{"text": "hello"}},
		{"PATCH " + message, m{"text": "bye"}},
		{"PUT " + message + "/reactions/x", m{}},
		{"DELETE " + message + "/reactions/x", m{}},
		{"DELETE " + message, m{}},
	} {
		c.body["clientId"] = ""
		method, path, _ := strings.Cut(c.call, " ")
		for _, packed := range []bool{false, true} {
			one := *ann
			one.msgpack = packed
			one.call(method, path, c.body).wantError(chat.BadInput, "clientId")
		}
	}
	for _, codec := range bothCodecs {
		p := ann.connectLive(codec)
		for _, cmd := range []m{
			{"do": "post", "text": "hello"}, {"do": "edit", "target": seq, "text": "bye"},
			{"do": "react", "target": seq, "emoji": "x", "on": true}, {"do": "delete", "target": seq},
		} {
			cmd["chatId"], cmd["clientId"] = id, ""
			p.wantError(cmd, chat.BadInput, "clientId")
		}
		p.ask(m{"do": "edit", "chatId": id, "target": seq, "text": "hello", "clientId": nil}, nil) // null is absent
	}
	ann.call("DELETE", message, m{"clientId": nil}).want(204)
}
