package server

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/wire"
)

func TestMessages(t *testing.T) {
	for _, msgpack := range []bool{false, true} {
		t.Run(fmt.Sprint("msgpack ", msgpack), func(t *testing.T) {
			x := start(t)
			ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
			ann.msgpack, bob.msgpack, eve.msgpack = msgpack, msgpack, msgpack
			path := "/api/chats/" + string(ann.group(bob)) + "/messages"
			var out api.MessageAnswer
			a := ann.call("POST", path, m{"clientId": "1", "text": "hello @bob 🎉"}).want(201).into(&out)
			first := out.Message
			if first.Text != "hello @bob 🎉" || first.By != ann.user.ID || first.ClientID != "1" || len(first.Mentions) != 1 || out.Again {
				t.Errorf("%+v", out)
			}
			if cc := a.header.Get("Cache-Control"); cc != "no-store" {
				t.Errorf("Cache-Control %q", cc)
			}
			seq := fmt.Sprint(path, "/", first.Seq)
			bob.call("POST", path, m{"clientId": "1", "text": "hi", "replyTo": first.Seq}).want(201).into(&out)
			if out.Message.Reply == nil || out.Message.Reply.By != ann.user.ID || out.Message.Seq != first.Seq+1 {
				t.Errorf("%+v", out)
			}
			bob.call("PUT", seq+"/reactions/"+url.PathEscape("👍"), nil).want(204)
			bob.call("PUT", seq+"/reactions/"+url.PathEscape("👍"), m{"clientId": "r"}).want(204)
			ann.call("PATCH", seq, m{"text": "hello all", "clientId": "e1"}).want(200).into(&out)
			if out.Message.Text != "hello all" || out.Message.EditedAt == 0 || len(out.Message.Reactions) != 1 || out.Message.Reactions[0].Mine {
				t.Errorf("%+v", out)
			}
			ann.call("PATCH", seq, m{"text": "newest", "clientId": "e2"}).want(200)
			ann.call("PATCH", seq, m{"text": "hello all", "clientId": "e1"}).want(200).into(&out) // a late retry undoes nothing
			if out.Message.Text != "newest" {
				t.Errorf("%+v", out)
			}
			ann.call("POST", path, m{"clientId": "1", "text": "something else"}).want(200).into(&out)
			if !out.Again || out.Message.Seq != first.Seq || out.Message.Text != "newest" || len(out.Message.Reactions) != 1 {
				t.Errorf("%+v", out)
			}
			bob.call("GET", seq, nil).want(200).into(&out)
			if !out.Message.Reactions[0].Mine || out.Message.Reactions[0].Emoji != "👍" {
				t.Errorf("%+v", out)
			}
			bob.call("DELETE", seq+"/reactions/"+url.PathEscape("👍"), nil).want(204)
			bob.call("DELETE", seq+"/reactions/"+url.PathEscape("👍"), nil).want(204)
			bob.call("PATCH", seq, m{"text": "mine"}).wantError(chat.NotAuthor, "")
			bob.call("DELETE", seq, nil).wantError(chat.NotAuthor, "")
			eve.call("GET", seq, nil).wantError(chat.NotFound, "chatId")
			eve.call("DELETE", seq, nil).wantError(chat.NotFound, "chatId")
			ann.call("DELETE", seq, m{"clientId": "d"}).want(204)
			ann.call("DELETE", seq, nil).want(204)
			ann.call("PATCH", seq, m{"text": "back"}).wantError(chat.Conflict, "seq")
			bob.call("PUT", seq+"/reactions/👍", nil).wantError(chat.Conflict, "seq")
			bob.call("GET", seq, nil).want(200).into(&out)
			if out.Message.Text != "" || out.Message.DeletedAt == 0 {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestMessageFields(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	path := "/api/chats/" + string(id) + "/messages"
	seq := fmt.Sprint(path, "/", ann.post(id, "hello"))
	long := strings.Repeat("a", 16<<10)
	ann.call("POST", path, m{"clientId": "long", "text": long}).want(201)
	for _, c := range []struct {
		method, path string
		body         any
		code         chat.Code
		field        string
	}{
		{"POST", path, m{"clientId": "x", "text": ""}, chat.BadInput, "text"},
		{"POST", path, m{"clientId": "x", "text": long + "a"}, chat.TextTooLong, "text"},
		{"POST", path, m{"clientId": "x", "text": m{"a": 1}}, chat.BadInput, "text"},
		{"POST", path, m{"clientId": "x", "text": []string{"a"}}, chat.BadInput, "text"},
		{"POST", path, m{"clientId": "x", "text": 7}, chat.BadInput, "text"},
		{"POST", path, m{"text": "a"}, chat.BadInput, "clientId"},
		{"POST", path, m{"clientId": "ü", "text": "a"}, chat.BadInput, "clientId"},
		{"POST", path, m{"clientId": m{"$ne": 1}, "text": "a"}, chat.BadInput, "clientId"},
		{"POST", path, m{"clientId": "x", "text": "a", "replyTo": 99}, chat.NotFound, "replyTo"},
		{"POST", path, m{"clientId": "x", "text": "a", "replyTo": -1}, chat.BadInput, "replyTo"},
		{"POST", path, m{"clientId": "x", "text": "a", "replyTo": "1"}, chat.BadInput, "replyTo"},
		{"POST", "/api/chats/none/messages", m{"clientId": "x", "text": "a"}, chat.NotFound, "chatId"},
		{"POST", "/api/chats/a.b/messages", m{"clientId": "x", "text": "a"}, chat.BadInput, "chatId"},
		{"POST", path, []byte("{\"clientId\": \"x\", \"text\": \"\xff\"}"), chat.BadInput, ""},
		{"PATCH", seq, m{"text": ""}, chat.BadInput, "text"},
		{"PATCH", seq, m{"text": long + "a"}, chat.TextTooLong, "text"},
		{"PATCH", path + "/1", m{"text": "a"}, chat.NotFound, "seq"}, // 1 is the joined event
		{"PATCH", path + "/99", m{"text": "a"}, chat.NotFound, "seq"},
		{"GET", path + "/99", nil, chat.NotFound, "seq"},
		{"GET", path + "/0", nil, chat.BadInput, "seq"},
		{"GET", path + "/-1", nil, chat.BadInput, "seq"},
		{"GET", path + "/99999999999999999999", nil, chat.BadInput, "seq"},
		{"DELETE", path + "/x", nil, chat.BadInput, "seq"},
		{"DELETE", seq, m{"clientId": []int{}}, chat.BadInput, "clientId"},
		{"PUT", seq + "/reactions/" + url.PathEscape("a b"), nil, chat.BadInput, "emoji"},
		{"PUT", seq + "/reactions/" + strings.Repeat("a", 65), nil, chat.BadInput, "emoji"},
		{"PUT", seq + "/reactions/%ff", nil, chat.BadInput, "emoji"},
		{"GET", path + "?limit=0", nil, chat.BadInput, "limit"},
		{"GET", path + "?limit=201", nil, chat.BadInput, "limit"},
		{"GET", path + "?limit=1.5", nil, chat.BadInput, "limit"},
		{"GET", path + "?before=0", nil, chat.BadInput, "before"},
		{"GET", path + "?after=-1", nil, chat.BadInput, "after"},
		{"GET", path + "?around=x", nil, chat.BadInput, "around"},
		{"GET", path + "?before=3&after=1", nil, chat.BadInput, "after"},
	} {
		a := ann.call(c.method, c.path, c.body)
		if c.field == "" {
			a.want(api.Status[c.code])
			continue
		}
		a.wantError(c.code, c.field)
	}
	ann.call("PUT", seq+"/reactions/"+url.PathEscape("#\u20e3"), nil).want(204)
	ann.call("PUT", seq+"/reactions/"+url.PathEscape("🏳️‍🌈"), nil).want(204)
	var out api.MessageAnswer
	ann.call("GET", seq, nil).want(200).into(&out)
	if r := out.Message.Reactions; len(r) != 2 || r[0].Emoji != "#️⃣" || r[1].Emoji != "🏳️‍🌈" {
		t.Errorf("%+v", r)
	}
}

func TestHistory(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	for i := range 5 {
		ann.post(id, fmt.Sprint("number ", i+1)) // 3 to 7, after two joined events
	}
	for query, want := range map[string][]chat.Seq{
		"": {3, 4, 5, 6, 7}, "limit=2": {6, 7}, "before=6&limit=2": {4, 5}, "after=3&limit=2": {4, 5}, "after=0&limit=2": {3, 4},
		"around=5&limit=3": {4, 5, 6}, "before=3": {}, "after=7": {}, "after=99": {},
	} {
		var page wire.History
		bob.call("GET", "/api/chats/"+string(id)+"/messages?"+query, nil).want(200).into(&page)
		got := []chat.Seq{}
		for _, m := range page.Messages {
			got = append(got, m.Seq)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || page.Head != 7 {
			t.Errorf("%q: %v of head %d, want %v", query, got, page.Head, want)
		}
		if len(got) > 0 && len(page.Users) != 1 {
			t.Errorf("%q: users %v", query, page.Users)
		}
	}
}

func TestRead(t *testing.T) {
	x := start(t)
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	id := ann.group(bob)
	path := "/api/chats/" + string(id) + "/read"
	first := ann.post(id, "one")
	last := ann.post(id, "two @bob")
	unread := func() (int, int, chat.Seq) {
		var out api.ChatAnswer
		bob.call("GET", "/api/chats/"+string(id), nil).want(200).into(&out)
		return out.Chat.Unread, out.Chat.Mentions, out.Chat.ReadUpTo
	}
	if n, at, _ := unread(); n != 2 || at != 1 {
		t.Errorf("%d unread, %d mentions", n, at)
	}
	bob.call("PUT", path, m{"seq": first}).want(204)
	if n, at, _ := unread(); n != 1 || at != 1 {
		t.Errorf("%d unread, %d mentions", n, at)
	}
	bob.call("PUT", path, m{"seq": 1_000_000}).want(204) // at most to the head
	bob.call("PUT", path, m{"seq": 1}).want(204)         // never back
	if n, at, to := unread(); n != 0 || at != 0 || to != last {
		t.Errorf("%d unread, %d mentions, read up to %d", n, at, to)
	}
	bob.call("PUT", path, m{}).wantError(chat.BadInput, "seq")
	bob.call("PUT", path, m{"seq": -1}).wantError(chat.BadInput, "seq")
	bob.call("PUT", path, m{"seq": "1"}).wantError(chat.BadInput, "seq")
	eve.call("PUT", path, m{"seq": 1}).wantError(chat.NotFound, "chatId")
}
