package server

import (
	"fmt"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
)

func TestCreateChat(t *testing.T) {
	x := start(t)
	ann, bob, cat := x.addUser("ann"), x.addUser("bob"), x.addUser("cat")
	body := m{"clientId": "one", "kind": "group", "title": "Plans", "topic": "what next", "members": []string{"@Bob", string(cat.user.ID), "@ann", "@bob"}}
	var created, again api.ChatAnswer
	ann.call("POST", "/api/chats", body).want(201).into(&created)
	if created.Chat.MemberCount != 3 || created.Chat.Role != chat.RoleAdmin || created.Chat.Title != "Plans" || created.Chat.Topic != "what next" || created.Chat.Open {
		t.Errorf("%+v", created)
	}
	ann.call("POST", "/api/chats", m{"clientId": "one", "kind": "group", "title": "Other"}).want(200).into(&again)
	if again.Chat.ID != created.Chat.ID || again.Chat.Title != "Plans" {
		t.Errorf("%+v", again)
	}
	bob.call("POST", "/api/chats", m{"clientId": "one", "kind": "group"}).want(201).into(&again) // another author's clientId
	if again.Chat.ID == created.Chat.ID {
		t.Error("bob got ann's chat by her clientId")
	}
	ann.call("POST", "/api/chats", m{"clientId": "two", "kind": "direct", "members": []string{"@bob"}}).want(201).into(&created)
	if created.Chat.With != bob.user.ID || len(created.Users) != 1 {
		t.Errorf("%+v", created)
	}
	bob.call("POST", "/api/chats", m{"clientId": "three", "kind": "direct", "members": []string{string(ann.user.ID)}}).want(200).into(&again)
	if again.Chat.ID != created.Chat.ID || again.Chat.With != ann.user.ID {
		t.Errorf("%+v", again)
	}
	ann.call("POST", "/api/chats", m{"clientId": "four", "kind": "direct", "members": []string{"@ann", "@bob"}}).want(200) // the caller does not count
	many := make([]string, chat.MaxJoinAtOnce+1)
	for i := range many {
		many[i] = fmt.Sprintf("u%d", i)
	}
	for _, c := range []struct {
		body  m
		code  chat.Code
		field string
	}{
		{m{"kind": "group"}, chat.BadInput, "clientId"},
		{m{"clientId": "a\n", "kind": "group"}, chat.BadInput, "clientId"},
		{m{"clientId": 5, "kind": "group"}, chat.BadInput, "clientId"},
		{m{"clientId": "x"}, chat.BadInput, "kind"},
		{m{"clientId": "x", "kind": "room"}, chat.BadInput, "kind"},
		{m{"clientId": "x", "kind": "group", "open": "yes"}, chat.BadInput, "open"},
		{m{"clientId": "x", "kind": "group", "title": strings.Repeat("a", 129)}, chat.BadInput, "title"},
		{m{"clientId": "x", "kind": "group", "topic": "a\x00"}, chat.BadInput, "topic"},
		{m{"clientId": "x", "kind": "group", "members": "@bob"}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "group", "members": []int{1}}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "group", "members": []string{"@ghost"}}, chat.NotFound, "members"},
		{m{"clientId": "x", "kind": "group", "members": []string{"ghost"}}, chat.NotFound, "members"},
		{m{"clientId": "x", "kind": "group", "members": []string{"@!"}}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "group", "members": many}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "direct"}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "direct", "members": []string{"@ann"}}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "direct", "members": []string{"@bob", "@cat"}}, chat.BadInput, "members"},
		{m{"clientId": "x", "kind": "direct", "open": true, "members": []string{"@cat"}}, chat.BadInput, "open"},
		{m{"clientId": "x", "kind": "direct", "title": "Us", "members": []string{"@cat"}}, chat.BadInput, "title"},
	} {
		ann.call("POST", "/api/chats", c.body).wantError(c.code, c.field)
	}
}

func TestListChats(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var ids []chat.ChatID
	for range 5 {
		id := ann.group(bob)
		bob.post(id, "hello")
		ids = append(ids, id)
	}
	var got []chat.ChatID
	var above chat.Chat
	for before, pages := "", 0; ; pages++ {
		var page api.ChatPage
		ann.call("GET", "/api/chats?limit=2&before="+before, nil).want(200).into(&page)
		for _, c := range page.Chats {
			if c.Last == nil || c.Last.By != bob.user.ID || c.Unread == 0 {
				t.Errorf("%+v", c)
			}
			if len(got) > 0 && (c.Activity > above.Activity || c.Activity == above.Activity && c.ID > above.ID) {
				t.Errorf("%s, active at %d, comes after %s, at %d", c.ID, c.Activity, above.ID, above.Activity)
			}
			above = c
			got = append(got, c.ID)
		}
		if len(page.Users) == 0 {
			t.Error("no users table")
		}
		if before = page.Next; before == "" {
			break
		}
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
	}
	if len(got) != 5 {
		t.Errorf("got %v of %v", got, ids)
	}
	unique := map[chat.ChatID]bool{}
	for _, id := range got {
		unique[id] = true
	}
	if len(unique) != 5 {
		t.Errorf("paged to %d chats of 5", len(unique))
	}
	for _, q := range []string{"limit=0", "limit=201", "limit=-1", "limit=1e3", "limit="} {
		ann.call("GET", "/api/chats?"+q, nil).wantError(chat.BadInput, "limit")
	}
	for _, q := range []string{"!", "YQ", "MS4", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTkuYQ"} {
		ann.call("GET", "/api/chats?before="+q, nil).wantError(chat.BadInput, "before")
	}
	ann.call("GET", "/api/chats?open=true&before=!", nil).wantError(chat.BadInput, "before")
	ann.call("GET", "/api/chats?open=maybe", nil).wantError(chat.BadInput, "open")
}

func TestOpenChats(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var ids []chat.ChatID
	for range 3 {
		ids = append(ids, ann.chat(chat.NewChat{Kind: chat.Group, Open: true, Title: "Open"}))
	}
	hidden := ann.group()
	var first, second api.ChatPage
	bob.call("GET", "/api/chats?open=true&limit=2", nil).want(200).into(&first)
	bob.call("GET", "/api/chats?open=true&limit=2&before="+first.Next, nil).want(200).into(&second)
	if len(first.Chats) != 2 || len(second.Chats) != 1 || second.Next != "" || first.Chats[0].Role != "" {
		t.Fatalf("%+v %+v", first, second)
	}
	bob.call("GET", "/api/chats/"+string(ids[0]), nil).want(200)
	bob.call("GET", "/api/chats/"+string(ids[0])+"/messages", nil).wantError(chat.NotFound, "chatId")
	bob.call("GET", "/api/chats/"+string(hidden), nil).wantError(chat.NotFound, "chatId")
	bob.call("PUT", "/api/chats/"+string(hidden)+"/members/me", nil).wantError(chat.NotFound, "chatId")
	bob.call("PUT", "/api/chats/"+string(ids[0])+"/members/me", nil).want(204)
	bob.call("GET", "/api/chats/"+string(ids[0])+"/messages", nil).want(200)
}

func TestRenameChat(t *testing.T) {
	x := start(t)
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	path := "/api/chats/" + string(ann.group(bob))
	var out api.ChatAnswer
	ann.call("PATCH", path, m{"title": "New", "clientId": "r1"}).want(200).into(&out)
	ann.call("PATCH", path, m{"topic": "talk"}).want(200).into(&out)
	if out.Chat.Title != "New" || out.Chat.Topic != "talk" {
		t.Errorf("%+v", out)
	}
	head := out.Chat.Head
	ann.call("PATCH", path, m{"title": "Newer"}).want(200)
	ann.call("PATCH", path, m{"title": "New", "clientId": "r1"}).want(200).into(&out) // a retry undoes nothing
	if out.Chat.Title != "Newer" || out.Chat.Head != head+1 {
		t.Errorf("%+v", out)
	}
	ann.call("PATCH", path, m{}).want(200).into(&out) // without a change there is no event
	if out.Chat.Head != head+1 {
		t.Errorf("%+v", out)
	}
	bob.call("PATCH", path, m{"title": "Mine"}).wantError(chat.Forbidden, "")
	eve.call("PATCH", path, m{"title": "Mine"}).wantError(chat.NotFound, "chatId")
	ann.call("PATCH", path, m{"title": strings.Repeat("a", 129)}).wantError(chat.BadInput, "title")
	ann.call("PATCH", path, m{"topic": 7}).wantError(chat.BadInput, "topic")
	ann.call("PATCH", path, m{"clientId": strings.Repeat("a", 65)}).wantError(chat.BadInput, "clientId")
}

// Others' read pointers are in lists of members as they are in signals: in chats of at
// most chat.SmallChat.
func TestReadPointersOfMembers(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	others := []*client{bob}
	for i := range chat.SmallChat - 2 {
		others = append(others, x.addUser(fmt.Sprint("user", i)))
	}
	id := ann.group(others...)
	path := "/api/chats/" + string(id)
	seq := ann.post(id, "one")
	bob.call("PUT", path+"/read", m{"seq": seq}).want(204)
	read := func(by, of *client) (seq chat.Seq) {
		t.Helper()
		var page api.MemberPage
		by.call("GET", path+"/members?limit=200", nil).want(200).into(&page)
		for _, m := range page.Members {
			if m.UserID == of.user.ID {
				return m.ReadUpTo
			}
		}
		t.Fatal("no such member")
		return 0
	}
	if got := read(ann, bob); got != seq {
		t.Errorf("in a small chat: %d, want %d", got, seq)
	}
	last := x.addUser("last")
	ann.call("PUT", path+"/members/"+string(last.user.ID), nil).want(204)
	if got := read(ann, bob); got != 0 {
		t.Errorf("in a larger chat: %d", got)
	}
	if got := read(bob, bob); got != seq {
		t.Errorf("one's own: %d, want %d", got, seq)
	}
}

func TestMembers(t *testing.T) {
	x := start(t)
	ann, bob, cat, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("cat"), x.addUser("eve")
	id := ann.group(bob)
	path := "/api/chats/" + string(id) + "/members/"
	of := func(c *client) string { return path + string(c.user.ID) }

	bob.call("PUT", of(cat), m{"role": "admin"}).wantError(chat.Forbidden, "")
	eve.call("GET", "/api/chats/"+string(id)+"/members", nil).wantError(chat.NotFound, "chatId")
	eve.call("PUT", of(eve), nil).wantError(chat.NotFound, "chatId")
	cat.call("GET", "/api/chats/"+string(id), nil).wantError(chat.NotFound, "chatId") // the refused call added no member
	bob.call("PUT", of(cat), m{"clientId": "join"}).want(204)
	bob.call("PUT", of(cat), nil).want(204) // a member already
	bob.call("PUT", path+"ghost", nil).wantError(chat.NotFound, "userId")
	bob.call("PUT", path+"a.b", nil).wantError(chat.BadInput, "userId")
	bob.call("PUT", of(ann), m{"role": "member"}).wantError(chat.Forbidden, "")
	ann.call("PUT", of(ann), m{"role": "king"}).wantError(chat.BadInput, "role")
	ann.call("PUT", of(ann), m{"role": 1}).wantError(chat.BadInput, "role")
	ann.call("PUT", of(ann), m{"role": "member"}).wantError(chat.LastOwner, "")
	ann.call("PUT", of(cat), m{"role": "admin"}).want(204)
	ann.call("PUT", of(cat), m{"role": "admin"}).want(204)
	ann.call("PUT", of(eve), m{"role": "admin"}).want(204) // adds and changes in one call

	got := map[chat.UserID]chat.Role{}
	var page api.MemberPage
	for after, pages := "", 0; ; pages++ {
		page = api.MemberPage{}
		bob.call("GET", "/api/chats/"+string(id)+"/members?limit=2&after="+after, nil).want(200).into(&page)
		for _, m := range page.Members {
			got[m.UserID] = m.Role
		}
		if len(page.Users) != len(page.Members) {
			t.Errorf("%+v", page)
		}
		if after = string(page.Next); after == "" {
			break
		}
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
	}
	if len(got) != 4 || got[cat.user.ID] != chat.RoleAdmin || got[eve.user.ID] != chat.RoleAdmin || got[bob.user.ID] != chat.RoleMember {
		t.Errorf("%v", got)
	}
	bob.call("GET", "/api/chats/"+string(id)+"/members?limit=1000", nil).wantError(chat.BadInput, "limit")
	bob.call("GET", "/api/chats/"+string(id)+"/members?after=a.b", nil).wantError(chat.BadInput, "after")

	bob.call("DELETE", of(eve), nil).wantError(chat.Forbidden, "")
	ann.call("DELETE", of(bob), m{"clientId": "out"}).want(204)
	ann.call("DELETE", of(bob), m{"clientId": "out2"}).wantError(chat.NotFound, "userId")
	bob.call("GET", "/api/chats/"+string(id)+"/messages", nil).wantError(chat.NotFound, "chatId")
	cat.call("DELETE", path+"me", nil).want(204)

	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	ann.call("DELETE", "/api/chats/"+string(direct)+"/members/me", nil).wantError(chat.Forbidden, "")
	ann.call("PUT", "/api/chats/"+string(direct)+"/members/"+string(cat.user.ID), nil).wantError(chat.Forbidden, "")
}
