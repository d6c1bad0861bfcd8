package server

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

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

// cookieName returns the name of the session cookie for clients at the server's own
// address.
func (x *testServer) cookieName() string { return "parley-" + x.url[strings.LastIndex(x.url, ":")+1:] }

// Signing in and out at one server changes nothing for the cookie of another one on the
// same host, and a session of an older version goes on.
func TestTwoServersOnOneHost(t *testing.T) {
	one, two := start(t), start(t)
	jar := map[string]string{}
	call := func(x *testServer, method, path string, body any) *answer {
		c := x.anonymous()
		var all []string
		for name, value := range jar {
			all = append(all, name+"="+value)
		}
		c.header.Set("Cookie", strings.Join(all, "; "))
		a := c.call(method, path, body)
		for _, line := range a.header["Set-Cookie"] {
			set, err := http.ParseSetCookie(line)
			if err != nil {
				t.Fatal(err)
			}
			if jar[set.Name] = set.Value; set.MaxAge < 0 {
				delete(jar, set.Name)
			}
		}
		return a
	}
	ann := one.addUser("ann")
	two.addUser("bob")
	jar["parley"] = ann.token // as an older version set it
	call(two, "GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	call(two, "POST", "/api/sessions", m{"handle": "bob", "password": password, "cookie": true}).want(201)
	call(one, "GET", "/api/me", nil).want(200)
	call(two, "GET", "/api/me", nil).want(200)
	if jar[one.cookieName()] != ann.token || jar["parley"] != "" || len(jar) != 2 {
		t.Errorf("cookies %v", jar)
	}
	call(one, "DELETE", "/api/sessions/current", nil).want(204)
	call(one, "GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	call(two, "GET", "/api/me", nil).want(200)
}

// A browser receives a cookie that scripts cannot read, and no token.
func TestCookieSignIn(t *testing.T) {
	for _, c := range []struct {
		public, name string
		secure       bool
	}{{"", "", false}, {"https://chat.example", "__Host-parley", true}, {"https://chat.example:8443", "__Host-parley-8443", true}} {
		x := start(t, func(config *Config) {
			if c.public != "" {
				config.PublicURL, _ = url.Parse(c.public)
			}
		})
		if c.name == "" {
			c.name = x.cookieName()
		}
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
	confirmed := m{"password": password}
	bob.call("DELETE", "/api/sessions/"+string(created.Session.ID), confirmed).wantError(chat.NotFound, "sessionId")
	ann.call("DELETE", "/api/sessions/a.b", confirmed).wantError(chat.BadInput, "sessionId")
	ann.call("DELETE", "/api/sessions", confirmed).wantError(chat.BadInput, "except")
	for _, path := range []string{"/" + string(created.Session.ID), "?except=current"} {
		for _, none := range []any{nil, m{}, m{"password": ""}, m{"password": 7}} {
			ann.call("DELETE", "/api/sessions"+path, none).wantError(chat.BadInput, "password")
		}
		ann.call("DELETE", "/api/sessions"+path, m{"password": "wrong horse"}).wantError(chat.WrongPassword, "password")
	}
	second.call("GET", "/api/me", nil).want(200)
	ann.call("DELETE", "/api/sessions/"+string(created.Session.ID), confirmed).want(204)
	second.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")

	second.header.Del("Authorization")
	second.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&created)
	second.header.Set("Authorization", "Bearer "+created.Token)
	ann.call("DELETE", "/api/sessions?except=current", confirmed).want(204)
	second.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	ann.call("GET", "/api/me", nil).want(200)
	ann.call("DELETE", "/api/sessions/current", nil).want(204)
	ann.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
}

// A browser has one cookie: who signs in ends the session whose cookie they replace, in
// each way to sign in. A refused sign-in, or one without a cookie, ends nothing.
func TestSignInReplacesTheCookiesSession(t *testing.T) {
	x := start(t)
	owner := x.addOwner()
	x.addUser("bob")
	browser, link := x.anonymous(), api.Link{}
	owner.call("POST", "/api/recoveries", m{"userId": owner.user.ID}).want(201).into(&link)
	_, code, _ := strings.Cut(link.URL, "=")
	signIn := func(path string, body m) string {
		t.Helper()
		body["cookie"] = true
		res := browser.call("POST", path, body).want(201)
		cookie := res.header.Get("Set-Cookie")
		return cookie[:strings.Index(cookie, ";")]
	}
	alive := func(cookie string, want int) {
		t.Helper()
		c := x.anonymous()
		c.header.Set("Cookie", cookie)
		c.call("GET", "/api/me", nil).want(want)
	}
	last := signIn("/api/sessions", m{"handle": "bob", "password": password})
	for _, next := range []struct {
		path string
		body m
	}{
		{"/api/sessions", m{"handle": "bob", "password": password}}, // the same user
		{"/api/accounts", signUp("cid")},
		{"/api/recoveries/use", m{"code": code, "password": "new password"}},
		{"/api/sessions", m{"handle": "bob", "password": password}},
	} {
		browser.header.Set("Cookie", last)
		alive(last, 200)
		browser.call("POST", "/api/sessions", m{"handle": "bob", "password": "wrong horse", "cookie": true}).wantError(chat.BadCredentials, "")
		browser.call("POST", "/api/sessions", m{"handle": "bob", "password": password}).want(201)
		alive(last, 200)
		fresh := signIn(next.path, next.body)
		alive(last, 401)
		alive(fresh, 200)
		last = fresh
	}
}

// A hash that costs less than new ones is replaced at the next sign-in, which ends no
// session.
func TestSignInRenewsHash(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	weak := "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(password), []byte("somesaltsomesalt"), 1, 8, 1, 32))
	stored := func() string {
		_, hash, err := x.store.Credentials(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	if err := x.store.RenewHash(t.Context(), ann.user.ID, stored(), weak); err != nil {
		t.Fatal(err)
	}
	anonymous := x.anonymous()
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": "wrong horse"}).wantError(chat.BadCredentials, "")
	if stored() != weak {
		t.Error("a wrong password changed the hash")
	}
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	renewed := stored()
	if !strings.Contains(renewed, "$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", renewed)
	}
	ann.call("GET", "/api/me", nil).want(200)
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	if stored() != renewed {
		t.Error("a hash that is not outdated was replaced")
	}
}

// Lifetimes are those of the configuration, in each way to sign in.
func TestLifetimes(t *testing.T) {
	x := start(t, func(c *Config) { c.Lifetimes = Lifetimes{Session: time.Hour, Recovery: time.Minute} })
	owner := x.addOwner()
	var link api.Link
	owner.call("POST", "/api/recoveries", m{"userId": owner.user.ID}).want(201).into(&link)
	if left := link.ExpiresAt - chat.Now(); left < 50_000 || left > 60_000 {
		t.Errorf("the link is valid for %d ms", left)
	}
	_, code, _ := strings.Cut(link.URL, "=")
	anonymous := x.anonymous()
	for _, c := range []struct {
		path string
		body m
	}{
		{"/api/sessions", m{"handle": "owner", "password": password}},
		{"/api/accounts", signUp("ann")},
		{"/api/recoveries/use", m{"code": code, "password": "new password"}},
	} {
		var in api.SignInAnswer
		anonymous.call("POST", c.path, c.body).want(201).into(&in)
		if in.Session.ExpiresAt != in.Session.CreatedAt+time.Hour.Milliseconds() {
			t.Errorf("%s: %+v", c.path, in.Session)
		}
	}
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
