package server

import (
	"fmt"
	"slices"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/server/lists"
	"parley/server/service"
	"parley/wire"
)

func seqsIn(messages []chat.Message) (seqs []chat.Seq) {
	for i := range messages {
		seqs = append(seqs, messages[i].Seq)
	}
	return seqs
}

// A pin is an event, a field of the message, and an entry of the list, over HTTP and
// sockets.
func TestPins(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id)
	first, second := ann.post(id, "the address"), ann.post(id, "the time")
	p := bob.connectLive(wire.MsgPack)
	pinned := func(want ...chat.Seq) {
		t.Helper()
		var list service.MessageList
		bob.call("GET", path+"/pins", nil).want(200).into(&list)
		if fmt.Sprint(seqsIn(list.Messages)) != fmt.Sprint(want) || len(want) > 0 && (len(list.Users) != 1 || !list.Messages[0].Pinned) {
			t.Errorf("pins %+v, want %v", list, want)
		}
	}
	pinned()
	ann.call("PUT", fmt.Sprint(path, "/messages/", first, "/pin"), m{"clientId": "p"}).want(204)
	if e := p.event(id, second+1); e.Event != chat.Pinned || e.Target != first || e.By != ann.user.ID || e.ClientID != "p" {
		t.Errorf("event %+v", e)
	}
	var out wire.Changed
	p.ask(m{"do": "pin", "chatId": id, "target": second, "on": true, "clientId": "q"}, &out)
	if out.Seq != second+2 {
		t.Errorf("reply %+v", out)
	}
	pinned(second, first)
	ann.call("PUT", fmt.Sprint(path, "/messages/", first, "/pin"), nil).want(204) // nothing changes
	ann.call("DELETE", fmt.Sprint(path, "/messages/", second, "/pin"), nil).want(204)
	if e := p.event(id, second+3); e.Event != chat.Pinned || e.Target != second {
		t.Errorf("event %+v", e)
	}
	pinned(first)
	out = wire.Changed{}
	p.ask(m{"do": "pin", "chatId": id, "target": second, "on": true, "clientId": "q"}, &out) // a retry
	pinned(first)
	ann.call("DELETE", fmt.Sprint(path, "/messages/", first), nil).want(204)
	pinned()
	ann.call("PUT", fmt.Sprint(path, "/messages/", first, "/pin"), nil).wantError(chat.Conflict, "seq")
	ann.call("PUT", path+"/messages/99/pin", nil).wantError(chat.NotFound, "seq")
	p.wantError(m{"do": "pin", "chatId": id, "target": second}, chat.BadInput, "on")
	p.wantError(m{"do": "pin", "chatId": id, "on": true}, chat.NotFound, "target")
}

// A thread has what replies to its first message, directly or through others, also
// when that is deleted.
func TestThread(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id)
	reply := func(by *client, to chat.Seq) chat.Seq {
		t.Helper()
		var out api.MessageAnswer
		by.call("POST", path+"/messages", m{"clientId": chat.NewID[string](), "text": "hello", "replyTo": to}).want(201).into(&out)
		return out.Message.Seq
	}
	root := ann.post(id, "who brings cake?")
	a := reply(bob, root)
	other := bob.post(id, "something else")
	b := reply(ann, a)
	c := reply(bob, root)
	reply(ann, other)
	thread := func(query string, want ...chat.Seq) (out lists.ThreadAnswer) {
		t.Helper()
		bob.call("GET", path+"/messages/"+query, nil).want(200).into(&out)
		if fmt.Sprint(seqsIn(out.Messages)) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", query, seqsIn(out.Messages), want)
		}
		for _, one := range out.Messages {
			if one.Seq != root && one.Root != root {
				t.Errorf("the root of %d is %d", one.Seq, one.Root)
			}
		}
		return out
	}
	for _, seq := range []chat.Seq{root, a, b, c} {
		if out := thread(fmt.Sprint(seq, "/thread"), root, a, b, c); out.MoreAfter || len(out.Users) != 2 || out.Head < c {
			t.Errorf("%+v", out)
		}
	}
	if out := thread(fmt.Sprint(root, "/thread?limit=2"), root, a); !out.MoreAfter {
		t.Error("there is no more")
	}
	if out := thread(fmt.Sprint(root, "/thread?limit=2&after=", a), b, c); out.MoreAfter {
		t.Error("there is more")
	}
	thread(fmt.Sprint(root, "/thread?after=1000"))
	ann.call("DELETE", fmt.Sprint(path, "/messages/", root), nil).want(204)
	d := reply(ann, a)
	thread(fmt.Sprint(d, "/thread"), root, a, b, c, d)
	bob.call("GET", path+"/messages/99/thread", nil).wantError(chat.NotFound, "seq")
	bob.call("GET", path+"/messages/3/thread?after=-1", nil).wantError(chat.BadInput, "after")
}

// The mentions of a user are those of the chats that they are in now.
func TestMentionsOf(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	tea, coffee := ann.group(bob), ann.chat(chat.NewChat{Kind: chat.Group, Title: "coffee"}, bob)
	inbox := func(query string, want ...string) (page service.MentionPage) {
		t.Helper()
		bob.call("GET", "/api/mentions"+query, nil).want(200).into(&page)
		var texts []string
		for i, one := range page.Messages {
			texts = append(texts, one.Text)
			if i > 0 && one.At > page.Messages[i-1].At {
				t.Errorf("message %d is newer than the one before", i)
			}
		}
		slices.Sort(texts) // messages of one millisecond are in the order of their chats
		slices.Sort(want)
		if fmt.Sprint(texts) != fmt.Sprint(want) {
			t.Errorf("%q, want %q", texts, want)
		}
		return page
	}
	inbox("")
	own := bob.post(tea, "@bob, says bob")
	ann.post(tea, "nothing")
	ann.post(tea, "one @bob")
	ann.post(coffee, "two @bob")
	ann.call("POST", "/api/chats/"+string(tea)+"/messages", m{"clientId": "r", "text": "three", "replyTo": own}).want(201)
	gone := ann.post(coffee, "four @bob")
	edited := ann.post(coffee, "five")
	ann.post(coffee, "@all six")
	ann.call("DELETE", fmt.Sprint("/api/chats/", coffee, "/messages/", gone), nil).want(204)
	ann.call("PATCH", fmt.Sprint("/api/chats/", coffee, "/messages/", edited), m{"text": "five @bob"}).want(200)
	page := inbox("", "five @bob", "three", "two @bob", "one @bob")
	if page.Next != "" || len(page.Chats) != 2 || len(page.Users) < 2 {
		t.Errorf("%+v", page)
	}
	var paged []string
	for query := "?limit=3"; query != ""; {
		var part service.MentionPage
		bob.call("GET", "/api/mentions"+query, nil).want(200).into(&part)
		for _, one := range part.Messages {
			paged = append(paged, one.Text)
		}
		if query = ""; part.Next != "" {
			query = "?limit=3&before=" + part.Next
		}
	}
	var whole []string
	for _, one := range page.Messages {
		whole = append(whole, one.Text)
	}
	if fmt.Sprint(paged) != fmt.Sprint(whole) {
		t.Errorf("in pages %q, at once %q", paged, whole)
	}
	ann.call("DELETE", fmt.Sprint("/api/chats/", coffee, "/members/", bob.user.ID), nil).want(204)
	inbox("", "three", "one @bob")
	bob.call("GET", "/api/mentions?before=x", nil).wantError(chat.BadInput, "before")
	bob.call("GET", "/api/mentions?limit=0", nil).wantError(chat.BadInput, "limit")
}

// Who may mention all members is a setting of the chat; counts have @all and not @here.
func TestGroupMentions(t *testing.T) {
	x := start(t)
	ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
	id := ann.group(bob, cid)
	path := "/api/chats/" + string(id)
	p := cid.connectLive()
	post := func(by *client, text string) chat.Message {
		t.Helper()
		var out api.MessageAnswer
		by.call("POST", path+"/messages", m{"clientId": text, "text": text, "silent": true}).want(201).into(&out)
		p.event(id, out.Message.Seq)
		return out.Message
	}
	sees := func(unread, mentions int) {
		t.Helper()
		var out api.ChatAnswer
		cid.call("GET", path, nil).want(200).into(&out)
		var list api.ChatPage
		cid.call("GET", "/api/chats", nil).want(200).into(&list)
		for _, c := range []chat.Chat{out.Chat, list.Chats[0], cid.connectLive().hello.Chats[0]} {
			if c.Unread != unread || c.Mentions != mentions {
				t.Errorf("unread %d, mentions %d, want %d and %d", c.Unread, c.Mentions, unread, mentions)
			}
		}
	}
	all := post(bob, "@all lunch")
	if all.MentionsAll != chat.MentionAll {
		t.Errorf("%+v", all)
	}
	sees(1, 1)
	if one := post(bob, "@here coffee"); one.MentionsAll != chat.MentionHere {
		t.Errorf("%+v", one)
	}
	post(bob, "@all and @cid")
	sees(3, 2)
	bob.call("PATCH", path, m{"groupMentions": "admins"}).wantError(chat.Forbidden, "")
	ann.call("PATCH", path, m{"groupMentions": "nobody"}).wantError(chat.BadInput, "groupMentions")
	var changed api.ChatAnswer
	ann.call("PATCH", path, m{"groupMentions": "admins"}).want(200).into(&changed)
	if changed.Chat.GroupMentions != chat.ByAdmins {
		t.Errorf("%+v", changed.Chat)
	}
	if one := post(bob, "@all again"); one.MentionsAll != "" {
		t.Errorf("%+v", one)
	}
	post(ann, "@all the admin")
	sees(5, 3)
	bob.call("PATCH", fmt.Sprint(path, "/messages/", all.Seq), m{"text": "@all lunch?"}).want(200) // bob may not any more
	sees(5, 2)
	ann.call("PATCH", path, m{"groupMentions": "everyone"}).want(200)
	bob.call("PATCH", fmt.Sprint(path, "/messages/", all.Seq), m{"text": "@all lunch!"}).want(200)
	sees(5, 3)
	bob.call("DELETE", fmt.Sprint(path, "/messages/", all.Seq), nil).want(204)
	sees(4, 2)
	cid.call("PUT", path+"/read", m{"seq": 1000}).want(204)
	sees(0, 0)
}
