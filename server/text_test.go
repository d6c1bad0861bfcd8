package server

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/server/auth"
	"parley/wire"
)

// Each field that holds a line of people's text goes through its chat.Line, whichever call
// brings it: it is stored as Clean returns it, and refused with its own name.
func TestLinesAtEveryEntryPoint(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	owner, ann := x.addOwner(), x.addUser("ann")
	id := ann.group()
	n := 0
	next := func(prefix string) string { n++; return fmt.Sprint(prefix, n) }
	signUp := func(field string) func(v string) (*answer, string) {
		return func(v string) (*answer, string) {
			body := m{"handle": next("new"), "name": "New", "password": password}
			body[field] = v
			var out api.SignInAnswer
			a := x.anonymous().call("POST", "/api/accounts", body)
			if a.status == 201 {
				a.into(&out)
			}
			return a, map[string]string{"name": out.User.Name, "label": out.Session.Label}[field]
		}
	}
	profile := func(field string) func(v string) (*answer, string) {
		return func(v string) (*answer, string) {
			var out api.UserAnswer
			a := ann.call("PATCH", "/api/me", m{field: v})
			if a.status == 200 {
				a.into(&out)
			}
			return a, map[string]string{"name": out.User.Name, "status": out.User.Status}[field]
		}
	}
	group := func(method, field string) func(v string) (*answer, string) {
		return func(v string) (*answer, string) {
			body, path := m{field: v}, "/api/chats/"+string(id)
			if method == "POST" {
				body, path = m{field: v, "kind": "group", "clientId": next("chat")}, "/api/chats"
			}
			var out api.ChatAnswer
			a := ann.call(method, path, body)
			if a.status/100 == 2 {
				a.into(&out)
			}
			return a, map[string]string{"title": out.Chat.Title, "topic": out.Chat.Topic}[field]
		}
	}
	for name, entry := range map[string]struct {
		line chat.Line
		call func(v string) (a *answer, stored string)
	}{
		"a new account's name":   {chat.UserName, signUp("name")},
		"a new account's label":  {chat.SessionLabel, signUp("label")},
		"a changed name":         {chat.UserName, profile("name")},
		"a status":               {chat.UserStatus, profile("status")},
		"a new chat's title":     {chat.ChatTitle, group("POST", "title")},
		"a new chat's topic":     {chat.ChatTopic, group("POST", "topic")},
		"a chat's changed title": {chat.ChatTitle, group("PATCH", "title")},
		"a chat's changed topic": {chat.ChatTopic, group("PATCH", "topic")},
		"the server's name": {chat.ServerTitle, func(v string) (*answer, string) {
			var out api.ServerInfo
			a := owner.call("PATCH", "/api/server", m{"name": v})
			if a.status == 200 {
				a.into(&out)
			}
			return a, out.Name
		}},
		"the server's first name": {chat.FirstServerName, func(v string) (*answer, string) {
			fresh := start(t)
			server, err := fresh.store.Server(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a := fresh.anonymous().call("POST", "/api/accounts", m{"handle": "olga", "name": "Olga", "password": password, "setup": server.Setup, "serverName": v})
			server, err = fresh.store.Server(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return a, server.Name
		}},
		"a sign-in's label": {chat.SessionLabel, func(v string) (*answer, string) {
			var out api.SignInAnswer
			a := x.anonymous().call("POST", "/api/sessions", m{"handle": "ann", "password": password, "label": v})
			if a.status == 201 {
				a.into(&out)
			}
			return a, out.Session.Label
		}},
		"a file's description": {chat.FileAlt, func(v string) (*answer, string) {
			f := ann.upload(id, "name=a", []byte("x")).ID
			var out api.MessageAnswer
			a := ann.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": next("file"), "files": []chat.FileID{f}, "alts": m{string(f): v}})
			if a.status != 201 {
				return a, ""
			}
			a.into(&out)
			return a, out.Message.Files[0].Alt
		}},
		"a recovery's label": {chat.SessionLabel, func(v string) (*answer, string) {
			bob := x.addUser(next("bob"))
			code := next("code")
			if err := x.store.CreateRecovery(t.Context(), chat.Recovery{User: bob.user.ID, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash(code)); err != nil {
				t.Fatal(err)
			}
			var out api.SignInAnswer
			a := x.anonymous().call("POST", "/api/recoveries/use", m{"code": code, "password": password, "label": v})
			if a.status == 201 {
				a.into(&out)
			}
			return a, out.Session.Label
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for in, want := range map[string]string{" Ann\u00a0 Lee\u200b ": "Ann Lee", "\u202eJose\u0301\u202c": "José", "👩‍💻 ❤️": "👩‍💻 ❤️"} {
				if a, stored := entry.call(in); a.status/100 != 2 || stored != want {
					t.Errorf("%q is stored as %q, status %d", in, stored, a.status)
				}
			}
			for _, in := range []string{"a\u202eb", "a\u200bb", "a\nb", "a\u2066b\u2069", strings.Repeat("a", entry.line.Max+1)} {
				a, _ := entry.call(in)
				a.wantError(chat.BadInput, entry.line.Field)
			}
			for _, in := range []string{" ", "\u200b", " \u3164\u2800", "\u0301"} {
				a, _ := entry.call(in)
				a.wantError(chat.BadInput, entry.line.Field)
			}
		})
	}
}

// One name for a user, however it is typed; none that would pass for a group or for the
// service.
func TestHandlesAsTyped(t *testing.T) {
	x := start(t)
	anonymous := x.anonymous()
	account := func(handle string) *answer {
		return anonymous.call("POST", "/api/accounts", m{"handle": handle, "name": "A", "password": password})
	}
	var out api.SignInAnswer
	account(" @Ａnn ").want(201).into(&out)
	if out.User.Handle != "ann" {
		t.Errorf("handle %q", out.User.Handle)
	}
	account("ANN").wantError(chat.HandleTaken, "handle")
	for _, handle := range []string{"all", "Here", "everyone", "channel", "admin", "me", "system", "ＡＬＬ", "ann\u200bx", "änn", ""} {
		account(handle).wantError(chat.BadInput, "handle")
	}
	for _, handle := range []string{"ann", "ann ", " ann", "@ann", "\tANN\n", "ann\u200b", "ＡＮＮ"} {
		anonymous.call("POST", "/api/sessions", m{"handle": handle, "password": password}).want(201)
	}
	admin := x.addUser("admin") // from before there were reserved handles
	anonymous.call("POST", "/api/sessions", m{"handle": "admin", "password": password}).want(201)
	admin.call("POST", "/api/chats", m{"clientId": "1", "kind": "direct", "members": []string{"@ANN "}}).want(201)
}

// The same password from every keyboard, for hashes of all times.
func TestPasswordsAsTyped(t *testing.T) {
	x := start(t)
	anonymous := x.anonymous()
	nfc, nfd := "Stra\u00dfe n\u00e9e \u00e5", "Stra\u00dfe ne\u0301e a\u030a"
	signIn := func(handle, password string) *answer {
		return anonymous.call("POST", "/api/sessions", m{"handle": handle, "password": password})
	}
	for name, old := range map[string]string{"ann": nfc, "bob": nfd, "cat": "tab\there \u200b", "dan": "a\u00a0blank password"} {
		hash, err := auth.HashPassword(context.Background(), old) // as earlier versions did: of what was typed
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.store.PatchUser(t.Context(), x.addUser(name).user.ID, chat.UserPatch{PasswordHash: &hash}); err != nil {
			t.Fatal(err)
		}
		signIn(name, old).want(201)
		signIn(name, old+"x").wantError(chat.BadCredentials, "")
	}
	for _, typed := range []string{nfc, nfd} {
		signIn("ann", typed).want(201)
		signIn("bob", typed).want(201)
	}
	for name, fresh := range map[string]string{"eve": nfc, "fay": nfd} {
		anonymous.call("POST", "/api/accounts", m{"handle": name, "name": name, "password": fresh}).want(201)
		signIn(name, nfc).want(201)
		signIn(name, nfd).want(201)
	}
	gus := x.addUser("gus")
	gus.call("PATCH", "/api/me", m{"password": nfd, "currentPassword": password}).want(200)
	signIn("gus", nfc).want(201)
	gus.call("PATCH", "/api/me", m{"password": "a new\u3000password", "currentPassword": nfc}).want(200)
	signIn("gus", "a new password").want(201)
	if err := x.store.CreateRecovery(t.Context(), chat.Recovery{User: gus.user.ID, ExpiresAt: chat.Now() + chat.RecoveryLife}, chat.SecretHash("code")); err != nil {
		t.Fatal(err)
	}
	anonymous.call("POST", "/api/recoveries/use", m{"code": "code", "password": "1234\u200b5678"}).wantError(chat.BadInput, "password")
	anonymous.call("POST", "/api/recoveries/use", m{"code": "code", "password": nfd}).want(201)
	signIn("gus", nfc).want(201)
	ida := x.addUser("ida")
	for _, bad := range []string{"1234567", "1234567\u0000", "1234\u202e5678", "\u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b"} {
		anonymous.call("POST", "/api/accounts", m{"handle": "hal", "name": "Hal", "password": bad}).wantError(chat.BadInput, "password")
		ida.call("PATCH", "/api/me", m{"password": bad, "currentPassword": password}).wantError(chat.BadInput, "password")
	}
}

// A message of which nothing is visible is refused, over HTTP and over sockets.
func TestInvisibleTexts(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	seq := ann.post(id, "hi")
	p := ann.connect(wire.JSON)
	path := "/api/chats/" + string(id) + "/messages"
	for _, text := range []string{"", " ", "\n\t", "\u00a0\u3000", "\u200b\u200d\ufeff", "\u202e", "\u2800", "\u3164", "\u00ad", "\x00", "\ufe0f", "\U000e0041"} {
		ann.call("POST", path, m{"text": text, "clientId": "a"}).wantError(chat.BadInput, "text")
		ann.call("PATCH", path+"/"+"2", m{"text": text}).wantError(chat.BadInput, "text")
		p.wantError(m{"do": "post", "chatId": id, "text": text, "clientId": "a"}, chat.BadInput, "text")
		p.wantError(m{"do": "edit", "chatId": id, "target": seq, "text": text}, chat.BadInput, "text")
	}
	ann.call("POST", path, m{"text": " \u200f.\u200f ", "clientId": "a"}).want(201)
}

// One emoji is one reaction, in whichever form it comes, over HTTP and over sockets.
func TestReactionsAreEmoji(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	seq := ann.post(id, "hi")
	p := bob.connect(wire.JSON)
	path := "/api/chats/" + string(id) + "/messages/3"
	put := func(emoji string) *answer {
		return ann.call("PUT", path+"/reactions/"+url.PathEscape(emoji), nil)
	}
	for _, both := range [][2]string{{"❤", "❤️"}, {"👍\ufe0f", "👍"}, {"1\u20e3", "1️⃣"}, {"🏳️‍🌈", "🏳\u200d🌈"}, {"👍🏽", "👍🏽"}} {
		put(both[0]).want(204)
		p.ask(m{"do": "react", "chatId": id, "target": seq, "emoji": both[1], "on": true}, nil)
	}
	var out api.MessageAnswer
	ann.call("GET", path, nil).want(200).into(&out)
	want := []string{"❤️", "👍", "1️⃣", "🏳️‍🌈", "👍🏽"}
	if len(out.Message.Reactions) != len(want) {
		t.Fatalf("%+v", out.Message.Reactions)
	}
	for i, r := range out.Message.Reactions {
		if r.Emoji != want[i] || r.Count != 2 {
			t.Errorf("%q %d, want %q 2", r.Emoji, r.Count, want[i])
		}
	}
	ann.call("DELETE", path+"/reactions/"+url.PathEscape("❤"), nil).want(204)
	p.ask(m{"do": "react", "chatId": id, "target": seq, "emoji": "❤", "on": false}, nil)
	for _, bad := range []string{"\u200b", "\u202e", "🇩", "x", "lol", "1", "👍👍"} {
		put(bad).wantError(chat.BadInput, "emoji")
		p.wantError(m{"do": "react", "chatId": id, "target": seq, "emoji": bad, "on": true}, chat.BadInput, "emoji")
	}
	ann.call("GET", path, nil).want(200).into(&out)
	if r := out.Message.Reactions; len(r) != len(want)-1 || r[0].Emoji != "👍" {
		t.Errorf("%+v", r)
	}
}

// Every text that a caller may send has a rule. A new one needs a row here, and if people
// write it, one in chat/line.go and in TestLinesAtEveryEntryPoint.
func TestEveryTextHasARule(t *testing.T) {
	rules := map[string]string{
		"name": "chat.Line", "status": "chat.Line", "serverName": "chat.Line", "title": "chat.Line", "topic": "chat.Line", "label": "chat.Line",
		"handle": "NewHandle, ParseHandle", "members": "ParseHandle, CheckID", "password": "NewPassword, PasswordForms", "currentPassword": "PasswordForms",
		"text": "CheckText", "clientId": "CheckClientID", "files": "CheckFiles", "alts": "DraftFiles", "chatId": "CheckID", "userId": "CheckID", "role": "CheckRole", "kind": "two values", "level": "MinePatch.Check", "groupMentions": "CheckGroupMentions", "endpoint": "webpush.NewSubscription",
		"setup": "a secret", "invite": "a secret", "code": "a secret",
	}
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for path, item := range doc.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.RequestBody == nil || operation.RequestBody.Value.Content.Get("application/json") == nil {
				continue
			}
			body := operation.RequestBody.Value.Content.Get("application/json").Schema
			for _, one := range append(body.Value.OneOf, body) {
				for name, p := range one.Value.Properties {
					s := p.Value
					if len(s.AnyOf) > 0 { // a schema, or null
						s = s.AnyOf[0].Value
					}
					if s.Type.Includes("string") || s.Type.Includes("array") && s.Items.Value.Type.Is("string") || s.AdditionalProperties.Schema != nil {
						seen[name] = true
						if rules[name] == "" {
							t.Errorf("%s %s: %s has no rule", method, path, name)
						}
					}
				}
			}
		}
	}
	for name := range rules {
		if !seen[name] {
			t.Errorf("no call has %s", name)
		}
	}
}
