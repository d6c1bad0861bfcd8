package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/server/auth"
	"parley/wire"
)

func TestSignIn(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	anonymous := x.anonymous()
	var created api.SignInAnswer
	a := anonymous.call("POST", "/api/sessions", m{"handle": "@Ann", "password": password, "label": "phone"}).want(201).into(&created)
	if created.User.ID != ann.user.ID || created.Token == "" || !created.Session.Current || created.Session.Address != "127.0.0.1" {
		t.Errorf("%+v", created)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	for _, body := range []m{
		{"handle": "ann", "password": "wrong horse"},
		{"handle": "nobody", "password": password},
		{"handle": "ann", "password": strings.Repeat("a", 1000)},
	} {
		anonymous.call("POST", "/api/sessions", body).wantError(chat.BadCredentials, "")
	}
	anonymous.call("POST", "/api/sessions", m{"handle": m{"$gt": ""}, "password": password}).wantError(chat.BadInput, "handle")
	anonymous.call("POST", "/api/sessions", m{"handle": "", "password": password}).wantError(chat.BadInput, "handle")
	anonymous.call("POST", "/api/sessions", m{"handle": "ann"}).wantError(chat.BadInput, "password")

	off := false
	if _, err := x.store.PatchUser(context.Background(), ann.user.ID, chat.UserPatch{Active: &off}); err != nil {
		t.Fatal(err)
	}
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).wantError(chat.BadCredentials, "")
	if logs := x.logs.String(); strings.Contains(logs, password) || strings.Contains(logs, created.Token) {
		t.Error("a secret is in the log")
	}
}

// A password changes while its user signs in with the old one: the new session, which began
// after the change had ended the others, must end, too.
func TestSignInRacesPasswordChange(t *testing.T) {
	x, b := startHooked(t)
	ann := x.addUser("ann")
	other := "another secret"
	f := func() {
		if _, err := x.store.PatchUser(context.Background(), ann.user.ID, chat.UserPatch{PasswordHash: &other, Keep: ann.session.ID}); err != nil {
			t.Error(err)
		}
	}
	b.credentials.Store(&f)
	x.anonymous().call("POST", "/api/sessions", m{"handle": "ann", "password": password}).wantError(chat.BadCredentials, "")
	left, err := x.store.SessionsOf(context.Background(), ann.user.ID)
	if err != nil || len(left) != 1 || left[0].ID != ann.session.ID {
		t.Errorf("%+v, %v", left, err)
	}
}

// A browser receives a cookie that scripts cannot read, and no token.
func TestCookieSignIn(t *testing.T) {
	for _, c := range []struct {
		public, name string
		secure       bool
	}{{"", "parley", false}, {"https://chat.example", "__Host-parley", true}} {
		x := start(t, func(config *Config) {
			if c.public != "" {
				config.PublicURL, _ = url.Parse(c.public)
			}
		})
		x.addUser("ann")
		var created api.SignInAnswer
		a := x.anonymous().call("POST", "/api/sessions", m{"handle": "ann", "password": password, "cookie": true}).want(201).into(&created)
		set, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		if err != nil || created.Token != "" {
			t.Fatalf("%v, token %q", err, created.Token)
		}
		if set.Name != c.name || set.Secure != c.secure || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode || set.Path != "/" || set.Domain != "" {
			t.Errorf("%+v", set)
		}
		browser := x.anonymous()
		browser.header.Set("Cookie", set.Name+"="+set.Value)
		browser.call("GET", "/api/me", nil).want(200)
		browser.header.Set("Sec-Fetch-Site", "cross-site")
		browser.call("PATCH", "/api/me", m{"name": "Eve"}).wantError(chat.Forbidden, "")
		browser.header.Set("Sec-Fetch-Site", "same-origin")
		out := browser.call("DELETE", "/api/sessions/current", nil).want(204)
		if got := out.header.Get("Clear-Site-Data"); got != `"cache"` {
			t.Errorf("Clear-Site-Data %q", got)
		}
		if gone, err := http.ParseSetCookie(out.header.Get("Set-Cookie")); err != nil || gone.MaxAge >= 0 || gone.Name != c.name {
			t.Errorf("the cookie stays: %v %v", gone, err)
		}
		browser.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	}
}

// A call that names another user than its credentials has no effect on any route.
func TestCallForAnotherUserIsRefused(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	room := ann.group(bob)
	bob.header.Set("Parley-User", string(ann.user.ID))
	for _, c := range [][2]string{
		{"GET", "/api/me"}, {"GET", "/api/server"}, {"GET", "/api/sessions"}, {"GET", "/api/chats"}, {"GET", "/api/chats/" + string(room) + "/messages"},
		{"DELETE", "/api/sessions/current"}, {"DELETE", "/api/chats/" + string(room) + "/members/me"}, {"GET", "/api/socket"},
	} {
		bob.call(c[0], c[1], nil).wantError(chat.NoIdentity, "Parley-User")
	}
	bob.call("POST", "/api/chats/"+string(room)+"/messages", m{"clientId": "k1", "text": "from Ann"}).wantError(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).wantError(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/accounts", m{"handle": "eve", "name": "Eve", "password": password}).wantError(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/recoveries/use", m{"code": "x", "password": password}).wantError(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/invites/peek", m{"code": "x"}).wantError(chat.NoIdentity, "Parley-User")
	bob.header.Set("Parley-User", string(bob.user.ID))
	var page wire.History
	bob.call("GET", "/api/chats/"+string(room)+"/messages", nil).want(200).into(&page)
	if len(page.Messages) != 0 {
		t.Errorf("messages: %+v", page.Messages)
	}
}

func TestSessions(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	second := x.anonymous()
	var created api.SignInAnswer
	second.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&created)
	second.header.Set("Authorization", "Bearer "+created.Token)
	var list struct{ Sessions []chat.Session }
	ann.call("GET", "/api/sessions", nil).want(200).into(&list)
	if len(list.Sessions) != 2 || !list.Sessions[1].Current || list.Sessions[0].Current {
		t.Fatalf("%+v", list)
	}
	bob.call("DELETE", "/api/sessions/"+string(created.Session.ID), nil).wantError(chat.NotFound, "sessionId")
	ann.call("DELETE", "/api/sessions/a.b", nil).wantError(chat.BadInput, "sessionId")
	ann.call("DELETE", "/api/sessions", nil).wantError(chat.BadInput, "except")
	ann.call("DELETE", "/api/sessions/"+string(created.Session.ID), nil).want(204)
	second.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")

	second.header.Del("Authorization")
	second.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&created)
	second.header.Set("Authorization", "Bearer "+created.Token)
	ann.call("DELETE", "/api/sessions?except=current", nil).want(204)
	second.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	ann.call("GET", "/api/me", nil).want(200)
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	ann.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
}

// Failed attempts at one account are limited, lock out no user at another address, and a
// right password does not count.
func TestFailedSignInsOfHandleAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback }, attemptRates(func(r *auth.Rates) { r.Target.N = 2 }))
	x.addUser("ann")
	x.addUser("bob")
	anonymous := x.anonymous()
	anonymous.header.Set("X-Forwarded-For", "192.0.2.1")
	for range 4 {
		anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	}
	for _, handle := range []string{"ann", "ghost"} { // an unknown handle is limited, too
		for range 2 {
			anonymous.call("POST", "/api/sessions", m{"handle": handle, "password": "wrong horse"}).wantError(chat.BadCredentials, "")
		}
		a := anonymous.call("POST", "/api/sessions", m{"handle": handle, "password": password}).wantError(chat.RateLimited, "")
		if a.failure().RetryAfterMs <= 0 || a.header.Get("Retry-After") == "" {
			t.Errorf("no hint when to come again: %s", a.body)
		}
	}
	anonymous.call("POST", "/api/sessions", m{"handle": "bob", "password": password}).want(201)
	anonymous.header.Set("X-Forwarded-For", "192.0.2.2")
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
}
