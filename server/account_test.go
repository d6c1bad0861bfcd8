package server

import (
	"context"
	"strings"
	"sync"
	"testing"

	"parley/chat"
	"parley/server/api"
)

// signUp returns the body of a call that creates an account, with changes.
func signUp(handle string, changes ...m) m {
	body := m{"handle": handle, "name": "Somebody", "password": password}
	for _, c := range changes {
		for k, v := range c {
			body[k] = v
		}
	}
	return body
}

func registration(r Registration) func(*Config) { return func(c *Config) { c.Registration = r } }

// The owner signs up with the setup code, names the server and is a member of General.
func TestSetup(t *testing.T) {
	for _, field := range []string{"setup", "invite"} { // a setup code given as invite works too
		t.Run(field, func(t *testing.T) {
			x := start(t, registration(Closed))
			anonymous := x.anonymous()
			var info api.ServerInfo
			anonymous.call("GET", "/api/server", nil).want(200).into(&info)
			if !info.Setup || info.Name != chat.DefaultServer || info.API != 1 || info.Limits.Text != 16<<10 {
				t.Fatalf("%+v", info)
			}
			server, _ := x.store.Server(context.Background())
			anonymous.call("POST", "/api/accounts", signUp("ann", m{"setup": "wrong"})).wantError(chat.Forbidden, "setup")
			var created api.SignInAnswer
			anonymous.call("POST", "/api/accounts", signUp("Ann", m{field: server.Setup, "serverName": "Reef", "label": "laptop"})).want(201).into(&created)
			if created.User.Role != chat.RoleAdmin || created.User.Handle != "ann" || !created.Session.Current || created.Session.Label != "laptop" || created.Token == "" {
				t.Fatalf("%+v", created)
			}
			anonymous.call("GET", "/api/server", nil).want(200).into(&info)
			if info.Setup || info.Name != "Reef" {
				t.Fatalf("%+v", info)
			}
			ann := x.anonymous()
			ann.header.Set("Authorization", "Bearer "+created.Token)
			var chats api.ChatPage
			ann.call("GET", "/api/chats", nil).want(200).into(&chats)
			if len(chats.Chats) != 1 || chats.Chats[0].Title != chat.FirstChatTitle || !chats.Chats[0].Open {
				t.Fatalf("%+v", chats)
			}
			anonymous.call("POST", "/api/accounts", signUp("bob", m{"setup": server.Setup})).wantError(chat.Forbidden, "setup")
		})
	}
}

func TestRegistration(t *testing.T) {
	for _, c := range []struct {
		registration Registration
		invite       string
		code         chat.Code
		field        string
	}{
		{Open, "", "", ""},
		{Open, "good", "", ""},
		{Open, "bad", chat.InviteSpent, "invite"}, // an invite is checked even if none is needed
		{ByInvite, "", chat.RegistrationClosed, "invite"},
		{ByInvite, "good", "", ""},
		{ByInvite, "bad", chat.InviteSpent, "invite"},
		{ByInvite, "spent", chat.InviteSpent, "invite"},
		{Closed, "", chat.RegistrationClosed, ""},
		{Closed, "good", chat.RegistrationClosed, ""},
	} {
		t.Run(string(c.registration)+" "+c.invite, func(t *testing.T) {
			x := start(t, registration(c.registration))
			owner := x.addOwner()
			code := c.invite
			if c.invite == "good" || c.invite == "spent" {
				code = chat.NewSecret()
				invite := chat.Invite{By: owner.user.ID, Uses: 1, ExpiresAt: chat.Now() + 60_000}
				if _, err := x.store.CreateInvite(context.Background(), invite, chat.SecretHash(code)); err != nil {
					t.Fatal(err)
				}
			}
			if c.invite == "spent" {
				x.anonymous().call("POST", "/api/accounts", signUp("first", m{"invite": code})).want(201)
			}
			a := x.anonymous().call("POST", "/api/accounts", signUp("ann", m{"invite": code}))
			if c.code == "" {
				a.want(201)
				return
			}
			a.wantError(c.code, c.field)
		})
	}
}

func TestSignUpFields(t *testing.T) {
	x := start(t)
	x.addUser("taken")
	anonymous := x.anonymous()
	for _, c := range []struct {
		change m
		code   chat.Code
		field  string
	}{
		{m{"handle": "taken"}, chat.HandleTaken, "handle"},
		{m{"handle": "TAKEN"}, chat.HandleTaken, "handle"},
		{m{"handle": "a"}, chat.BadInput, "handle"},
		{m{"handle": "a b"}, chat.BadInput, "handle"},
		{m{"handle": m{"$ne": ""}}, chat.BadInput, "handle"},
		{m{"name": ""}, chat.BadInput, "name"},
		{m{"name": "a\nb"}, chat.BadInput, "name"},
		{m{"name": strings.Repeat("a", 65)}, chat.BadInput, "name"},
		{m{"password": "short"}, chat.BadInput, "password"},
		{m{"password": strings.Repeat("a", 257)}, chat.BadInput, "password"},
		{m{"password": 12345678}, chat.BadInput, "password"},
		{m{"label": strings.Repeat("a", 65)}, chat.BadInput, "label"},
		{m{"serverName": "a\x00"}, chat.BadInput, "serverName"},
		{m{"cookie": "yes"}, chat.BadInput, "cookie"},
		{m{"invite": []string{"a"}}, chat.BadInput, "invite"},
	} {
		anonymous.call("POST", "/api/accounts", signUp("fresh", c.change)).wantError(c.code, c.field)
	}
}

// Of many concurrent sign-ups with the last use of an invite one succeeds. The invite is
// checked before the handle.
func TestLastUseOfInvite(t *testing.T) {
	x := start(t, registration(ByInvite))
	owner := x.addOwner()
	var created struct{ URL string }
	owner.call("POST", "/api/invites", m{"uses": 1}).want(201).into(&created)
	_, code, _ := strings.Cut(created.URL, "#invite=")
	var wg sync.WaitGroup
	statuses := make([]int, 4)
	for i := range statuses {
		wg.Go(func() {
			statuses[i] = x.anonymous().call("POST", "/api/accounts", signUp([]string{"ann", "bob", "cat", "dan"}[i], m{"invite": code})).status
		})
	}
	wg.Wait()
	won := 0
	for _, s := range statuses {
		switch s {
		case 201:
			won++
		case 410:
		default:
			t.Errorf("status %d", s)
		}
	}
	if won != 1 {
		t.Errorf("%d accounts from one use", won)
	}
	x.anonymous().call("POST", "/api/accounts", signUp("owner", m{"invite": code})).wantError(chat.InviteSpent, "invite")
}

func TestRenameServer(t *testing.T) {
	x := start(t)
	owner, ann := x.addOwner(), x.addUser("ann")
	ann.call("PATCH", "/api/server", m{"name": "Mine"}).wantError(chat.Forbidden, "")
	owner.call("PATCH", "/api/server", m{"name": ""}).wantError(chat.BadInput, "name")
	owner.call("PATCH", "/api/server", m{"name": "Reef"}).want(200)
	var info api.ServerInfo
	x.anonymous().call("GET", "/api/server", nil).want(200).into(&info)
	if info.Name != "Reef" {
		t.Errorf("name %q", info.Name)
	}
}
