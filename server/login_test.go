package server

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/server/service"
	"parley/wire"
)

func TestSignIn(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
	nobody := x.nobody()
	var made api.SignInAnswer
	a := nobody.call("POST", "/api/sessions", m{"handle": "@Ann", "password": password, "label": "phone"}).want(201).into(&made)
	if made.User.ID != ann.user.ID || made.Token == "" || !made.Session.Current || made.Session.Address != "127.0.0.1" {
		t.Errorf("%+v", made)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	for _, body := range []m{
		{"handle": "ann", "password": "wrong horse"},
		{"handle": "nobody", "password": password},
		{"handle": "", "password": password},
		{"handle": "ann"},
		{"handle": "ann", "password": strings.Repeat("a", 1000)},
	} {
		nobody.call("POST", "/api/sessions", body).fails(chat.BadCredentials, "")
	}
	nobody.call("POST", "/api/sessions", m{"handle": m{"$gt": ""}, "password": password}).fails(chat.BadInput, "handle")

	off := false
	if _, err := x.store.PatchUser(context.Background(), ann.user.ID, chat.UserPatch{Active: &off}); err != nil {
		t.Fatal(err)
	}
	nobody.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).fails(chat.BadCredentials, "")
	if logs := x.logs.String(); strings.Contains(logs, password) || strings.Contains(logs, made.Token) {
		t.Error("a secret is in the log")
	}
}

// A password that changes while somebody signs in with the old one: the session
// came after those that the change ended, and would have stayed.
func TestSignInWhileThePasswordChanges(t *testing.T) {
	x, b := startBetween(t)
	ann := x.person("ann")
	other := "another secret"
	f := func() {
		if _, err := x.store.PatchUser(context.Background(), ann.user.ID, chat.UserPatch{PasswordHash: &other, Keep: ann.session.ID}); err != nil {
			t.Error(err)
		}
	}
	b.credentials.Store(&f)
	x.nobody().call("POST", "/api/sessions", m{"handle": "ann", "password": password}).fails(chat.BadCredentials, "")
	left, err := x.store.SessionsOf(context.Background(), ann.user.ID)
	if err != nil || len(left) != 1 || left[0].ID != ann.session.ID {
		t.Errorf("%+v, %v", left, err)
	}
}

// A browser gets a cookie that scripts cannot read, and no token to lose.
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
		x.person("ann")
		var made api.SignInAnswer
		a := x.nobody().call("POST", "/api/sessions", m{"handle": "ann", "password": password, "cookie": true}).want(201).into(&made)
		set, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		if err != nil || made.Token != "" {
			t.Fatalf("%v, token %q", err, made.Token)
		}
		if set.Name != c.name || set.Secure != c.secure || !set.HttpOnly || set.SameSite != http.SameSiteLaxMode || set.Path != "/" || set.Domain != "" {
			t.Errorf("%+v", set)
		}
		browser := x.nobody()
		browser.header.Set("Cookie", set.Name+"="+set.Value)
		browser.call("GET", "/api/me", nil).want(200)
		browser.header.Set("Sec-Fetch-Site", "cross-site")
		browser.call("PATCH", "/api/me", m{"name": "Eve"}).fails(chat.Forbidden, "")
		browser.header.Set("Sec-Fetch-Site", "same-origin")
		out := browser.call("DELETE", "/api/sessions/current", nil).want(204)
		if got := out.header.Get("Clear-Site-Data"); got != `"cache"` {
			t.Errorf("Clear-Site-Data %q", got)
		}
		if gone, err := http.ParseSetCookie(out.header.Get("Set-Cookie")); err != nil || gone.MaxAge >= 0 || gone.Name != c.name {
			t.Errorf("the cookie stays: %v %v", gone, err)
		}
		browser.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
	}
}

// A call in another user's name does nothing, whatever it asks and whoever may ask it.
func TestParleyUser(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	room := ann.group(bob)
	bob.header.Set("Parley-User", string(ann.user.ID))
	for _, c := range [][2]string{
		{"GET", "/api/me"}, {"GET", "/api/server"}, {"GET", "/api/sessions"}, {"GET", "/api/chats"}, {"GET", "/api/chats/" + string(room) + "/messages"},
		{"DELETE", "/api/sessions/current"}, {"DELETE", "/api/chats/" + string(room) + "/members/me"}, {"GET", "/api/socket"},
	} {
		bob.call(c[0], c[1], nil).fails(chat.NoIdentity, "Parley-User")
	}
	bob.call("POST", "/api/chats/"+string(room)+"/messages", m{"clientId": "k1", "text": "from Ann"}).fails(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).fails(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/accounts", m{"handle": "eve", "name": "Eve", "password": password}).fails(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/recoveries/use", m{"code": "x", "password": password}).fails(chat.NoIdentity, "Parley-User")
	bob.call("POST", "/api/invites/peek", m{"code": "x"}).fails(chat.NoIdentity, "Parley-User")
	bob.header.Set("Parley-User", string(bob.user.ID))
	var page wire.History
	bob.call("GET", "/api/chats/"+string(room)+"/messages", nil).want(200).into(&page)
	if len(page.Messages) != 0 {
		t.Errorf("messages: %+v", page.Messages)
	}
}

func TestSessions(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	second := x.nobody()
	var made api.SignInAnswer
	second.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&made)
	second.header.Set("Authorization", "Bearer "+made.Token)
	var list struct{ Sessions []chat.Session }
	ann.call("GET", "/api/sessions", nil).want(200).into(&list)
	if len(list.Sessions) != 2 || !list.Sessions[1].Current || list.Sessions[0].Current {
		t.Fatalf("%+v", list)
	}
	bob.call("DELETE", "/api/sessions/"+string(made.Session.ID), nil).fails(chat.NotFound, "sessionId")
	ann.call("DELETE", "/api/sessions/a.b", nil).fails(chat.BadInput, "sessionId")
	ann.call("DELETE", "/api/sessions", nil).fails(chat.BadInput, "except")
	ann.call("DELETE", "/api/sessions/"+string(made.Session.ID), nil).want(204)
	second.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")

	second.header.Del("Authorization")
	second.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&made)
	second.header.Set("Authorization", "Bearer "+made.Token)
	ann.call("DELETE", "/api/sessions?except=current", nil).want(204)
	second.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
	ann.call("GET", "/api/me", nil).want(200)
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	ann.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
}

// Guessing one account ends after a bounded number of tries, and locks nobody
// out who is elsewhere; a right password gives its try back.
func TestFailedSignInsOfOneHandle(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback }, attemptRates(func(r *service.AttemptRates) { r.Target.N = 2 }))
	x.person("ann")
	x.person("bob")
	nobody := x.nobody()
	nobody.header.Set("X-Forwarded-For", "192.0.2.1")
	for range 4 {
		nobody.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	}
	for _, handle := range []string{"ann", "ghost"} { // a handle that nobody has is limited alike
		for range 2 {
			nobody.call("POST", "/api/sessions", m{"handle": handle, "password": "wrong horse"}).fails(chat.BadCredentials, "")
		}
		a := nobody.call("POST", "/api/sessions", m{"handle": handle, "password": password}).fails(chat.RateLimited, "")
		if a.failure().RetryAfterMs <= 0 || a.header.Get("Retry-After") == "" {
			t.Errorf("no hint when to come again: %s", a.body)
		}
	}
	nobody.call("POST", "/api/sessions", m{"handle": "bob", "password": password}).want(201)
	nobody.header.Set("X-Forwarded-For", "192.0.2.2")
	nobody.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
}
