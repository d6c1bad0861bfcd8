package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/api"
	"parley/server/auth"
	"parley/wire"
)

// wantRateLimited asserts rate_limited with a delay.
func (a *answer) wantRateLimited() *answer {
	a.t.Helper()
	a.wantError(chat.RateLimited, "")
	if a.failure().RetryAfterMs <= 0 || a.header.Get("Retry-After") == "" {
		a.t.Errorf("%s: no delay: %v", a.call, a.header)
	}
	return a
}

// attemptRates sets some of the rates of attempts; the others are the defaults.
func attemptRates(set func(*auth.Rates)) func(*Config) {
	return func(c *Config) {
		c.attempts = auth.DefaultRates()
		set(&c.attempts)
	}
}

// Each kind of failure has its own budget for an address, whether the caller is signed in
// or not.
func TestFailuresCountByAddress(t *testing.T) {
	const most = 2
	for _, signedIn := range []bool{false, true} {
		t.Run(fmt.Sprint("signed in ", signedIn), func(t *testing.T) {
			x := start(t, rates(most, 0))
			owner, eve := x.addOwner(), x.anonymous()
			if signedIn {
				eve = x.addUser("eve")
			}
			for i := range auth.PasswordFactor*most + 3 {
				x.addUser(fmt.Sprint("victim", i))
			}
			for _, c := range []struct {
				path  string
				most  int
				body  func(i int) m
				code  chat.Code
				field string
			}{
				{"/api/sessions", auth.PasswordFactor * most, func(i int) m { return m{"handle": fmt.Sprint("victim", i), "password": "password1"} }, chat.BadCredentials, ""},
				{"/api/invites/peek", most, func(i int) m { return m{"code": fmt.Sprint("guess", i)} }, chat.NotFound, "code"},
				{"/api/accounts", most, func(i int) m { return signUp(fmt.Sprintf("more%d%v", i, signedIn)) }, "", ""},
			} {
				for i := range c.most + 2 {
					a := eve.call("POST", c.path, c.body(i))
					switch {
					case i >= c.most:
						a.wantRateLimited()
					case c.code == "":
						a.want(201)
					default:
						a.wantError(c.code, c.field)
					}
				}
			}
			// The budget of codes is used up by now, forevery kind of code.
			eve.call("POST", "/api/recoveries/use", m{"code": "guess", "password": password}).wantRateLimited()
			eve.call("POST", "/api/accounts", signUp("late", m{"invite": "guess"})).wantRateLimited()
			eve.call("POST", "/api/accounts", signUp("late", m{"setup": "guess"})).wantRateLimited()
			if signedIn {
				eve.call("POST", "/api/invites/accept", m{"code": "guess"}).wantRateLimited()
			}
			_, code := owner.invite(m{})
			eve.call("POST", "/api/invites/peek", m{"code": code}).want(200)
		})
	}
}

func TestRefusedTokensCountByAddress(t *testing.T) {
	x := start(t, rates(3, 0))
	ann, forged := x.addUser("ann"), x.anonymous()
	forged.header.Set("Authorization", "Bearer forged")
	for range 3 {
		forged.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	}
	forged.call("GET", "/api/me", nil).wantRateLimited()
	forged.call("GET", "/api/server", nil).want(200) // not counted where no identity is needed
	forged.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	x.anonymous().call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	ann.call("GET", "/api/me", nil).want(200)
}

// A refused token of a socket counts, too, whether it is in the upgrade or in hello.
func TestRefusedTokensOfSocketsCount(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, rates(2, 0))
			forged := http.Header{"Authorization": {"Bearer forged"}}
			for _, c := range []struct {
				header http.Header
				hello  m
				code   int
			}{
				{forged, m{"do": "hello"}, wire.CloseRefused}, {nil, m{"do": "hello", "token": "forged"}, wire.CloseRefused},
				{forged, m{"do": "hello"}, wire.CloseOverLimit}, {nil, m{"do": "hello", "token": "forged"}, wire.CloseOverLimit},
				{http.Header{"Cookie": {x.cookieName() + "=expired"}, "Origin": {x.url}}, m{"do": "hello"}, wire.CloseRefused},
			} {
				p, _, err := x.upgrade(codec, c.header)
				if err != nil {
					t.Fatal(err)
				}
				p.send(c.hello)
				p.wantClose(c.code)
			}
			x.addUser("ann").connect(codec)
		})
	}
}

// A refused token of the upgrade counts when the socket opens, whatever is sent on it.
func TestRefusedTokenOfUpgradeCountsAtOnce(t *testing.T) {
	x := start(t, rates(2, 0))
	ann := x.addUser("ann")
	forged := http.Header{"Authorization": {"Bearer forged"}}
	open := func() *socketClient {
		p, _, err := x.upgrade(wire.JSON, forged)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	silent, other := open(), open()
	silent.ask(m{"do": "ping"}, nil) // both are open
	other.ask(m{"do": "ping"}, nil)
	other.send(m{"do": "hello", "token": ann.token}) // with another token, which is right
	open().wantClose(wire.CloseOverLimit)            // before any hello
	x.anonymousSocket(wire.JSON).wantError(m{"do": "hello", "token": "forged"}, chat.RateLimited, "")
	other.ask(m{"do": "ping"}, nil)
	silent.send(m{"do": "hello"})
	silent.wantClose(wire.CloseRefused)
}

// A hundred requests and failures at one address lock out neither a member with the right
// password nor a user with a link.
func TestSharedAddressIsNotLockedOut(t *testing.T) {
	const most = 2
	x := start(t, rates(most, 0), registration(ByInvite))
	owner := x.addOwner()
	_, code := owner.invite(m{})
	var ann api.SignInAnswer
	x.anonymous().call("POST", "/api/accounts", signUp("ann", m{"invite": code})).want(201).into(&ann)
	neighbour := x.anonymous()
	for i := range 4 * most {
		neighbour.call("GET", "/api/server", nil).want(200)
		neighbour.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
		neighbour.call("GET", "/", nil).want(200)
		neighbour.call("POST", "/api/sessions", m{"handle": fmt.Sprint("guess", i), "password": password})
		neighbour.call("POST", "/api/invites/peek", m{"code": "guess"})
		neighbour.call("POST", "/api/accounts", signUp("eve", m{"invite": "guess"}))
	}
	x.anonymous().call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	for i := range 2 * most {
		x.anonymous().call("POST", "/api/invites/peek", m{"code": code}).want(200)
		x.anonymous().call("POST", "/api/accounts", signUp(fmt.Sprint("pupil", i), m{"invite": code})).want(201)
	}
	var link struct{ URL string }
	owner.call("POST", "/api/recoveries", m{"userId": ann.User.ID}).want(201).into(&link)
	_, recovery, _ := strings.Cut(link.URL, "#recover=")
	x.anonymous().call("POST", "/api/recoveries/use", m{"code": recovery, "password": "another horse"}).want(201)
}

// The accounts created with one invite are limited, and those with all invites of one user.
func TestSignUpsByInviteAreLimited(t *testing.T) {
	x := start(t, registration(ByInvite), attemptRates(func(r *auth.Rates) {
		r.SignUps, r.InviterSignUps = middleware.Rate{N: 2, Per: time.Hour}, middleware.Rate{N: 3, Per: time.Hour}
	}))
	x.addOwner()
	eve, bob := x.addUser("eve"), x.addUser("bob")
	_, first := eve.invite(m{})
	_, second := eve.invite(m{})
	_, other := bob.invite(m{})
	for i, c := range []struct {
		code string
		ok   bool
	}{{first, true}, {first, true}, {first, false}, {second, true}, {second, false}, {other, true}} {
		a := eve.call("POST", "/api/accounts", signUp(fmt.Sprint("new", i), m{"invite": c.code}))
		if c.ok {
			a.want(201)
		} else {
			a.wantRateLimited()
		}
	}
}

// Wrong current passwords are limited by account, from all addresses together; attempts to
// sign in with the same handle have another budget.
func TestWrongCurrentPasswordsAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback },
		attemptRates(func(r *auth.Rates) { r.Target = middleware.Rate{N: 3, Per: time.Hour} }))
	ann := x.addUser("ann")
	change := func(address, current string) *answer {
		ann.header.Set("X-Forwarded-For", address)
		return ann.call("PATCH", "/api/me", m{"password": "another horse", "currentPassword": current})
	}
	anonymous := x.anonymous()
	anonymous.header.Set("X-Forwarded-For", "192.0.2.1")
	for range 3 {
		anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": "wrong horse"}).wantError(chat.BadCredentials, "")
	}
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).wantRateLimited()
	change("192.0.2.1", password).want(200)
	for i := range 3 {
		change(fmt.Sprint("192.0.2.", 10+i), "wrong horse").wantError(chat.WrongPassword, "currentPassword")
	}
	change("192.0.2.20", "another horse").wantRateLimited()
}

// Right passwords of one account are limited, and wrong ones do not use up that budget.
func TestRightPasswordsAreLimited(t *testing.T) {
	x := start(t, attemptRates(func(r *auth.Rates) { r.Uses = middleware.Rate{N: 3, Per: time.Hour} }))
	ann := x.addUser("ann")
	x.addUser("bob")
	try := func(handle, pass string) *answer {
		return x.anonymous().call("POST", "/api/sessions", m{"handle": handle, "password": pass})
	}
	for range 5 {
		try("ann", "wrong horse").wantError(chat.BadCredentials, "")
	}
	try("ann", password).want(201)
	ann.call("PATCH", "/api/me", m{"password": password, "currentPassword": password}).want(200)
	try("ann", password).want(201)
	try("ann", password).wantRateLimited()
	ann.call("PATCH", "/api/me", m{"password": password, "currentPassword": password}).wantRateLimited()
	try("bob", password).want(201)
}

// Attempts at one handle from many addresses are throttled, except for its owner at an
// address where they have a session.
func TestGuessesAtHandleAreThrottled(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback },
		attemptRates(func(r *auth.Rates) { r.Handle = middleware.Rate{N: 3, Per: 24 * time.Hour} }))
	from := func(address string) *client {
		c := x.anonymous()
		c.header.Set("X-Forwarded-For", address)
		return c
	}
	from("192.0.2.1").call("POST", "/api/accounts", signUp("ann")).want(201)
	took := func(address, pass string, want int) time.Duration {
		began := time.Now()
		from(address).call("POST", "/api/sessions", m{"handle": "ann", "password": pass}).want(want)
		return time.Since(began)
	}
	for i := range 3 {
		took(fmt.Sprint("198.51.100.", i), "wrong horse", 401)
	}
	if d := took("198.51.100.9", "wrong horse", 401); d < auth.SlowAttempt {
		t.Errorf("one attempt more took %v", d)
	}
	if d := took("203.0.113.1", password, 201); d < auth.SlowAttempt {
		t.Errorf("the owner elsewhere took %v", d)
	}
	// Where the owner has a session, they do not wait.
	if d := took("192.0.2.1", password, 201); d >= auth.SlowAttempt {
		t.Errorf("the owner at their own address took %v", d)
	}
}
