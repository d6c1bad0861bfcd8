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
	"parley/server/service"
	"parley/wire"
)

// tooMany asserts a refusal that says when to come again.
func (a *answer) tooMany() *answer {
	a.t.Helper()
	a.fails(chat.RateLimited, "")
	if a.failure().RetryAfterMs <= 0 || a.header.Get("Retry-After") == "" {
		a.t.Errorf("%s: no hint when to come again: %v", a.call, a.header)
	}
	return a
}

// attemptRates sets some of the rates of attempts; the others are the defaults.
func attemptRates(set func(*service.AttemptRates)) func(*Config) {
	return func(c *Config) {
		c.attempts = service.DefaultAttemptRates()
		set(&c.attempts)
	}
}

// Failures count against the address, each kind of its own, whether the caller
// is signed in or not.
func TestFailuresOfAnAddress(t *testing.T) {
	const most = 2
	for _, signedIn := range []bool{false, true} {
		t.Run(fmt.Sprint("signed in ", signedIn), func(t *testing.T) {
			x := start(t, rates(most, 0))
			owner, eve := x.owner(), x.nobody()
			if signedIn {
				eve = x.person("eve")
			}
			for i := range service.PasswordFactor*most + 3 {
				x.person(fmt.Sprint("victim", i))
			}
			for _, c := range []struct {
				path  string
				most  int
				body  func(i int) m
				code  chat.Code
				field string
			}{
				{"/api/sessions", service.PasswordFactor * most, func(i int) m { return m{"handle": fmt.Sprint("victim", i), "password": "password1"} }, chat.BadCredentials, ""},
				{"/api/invites/peek", most, func(i int) m { return m{"code": fmt.Sprint("guess", i)} }, chat.NotFound, "code"},
				{"/api/accounts", most, func(i int) m { return signUp(fmt.Sprintf("more%d%v", i, signedIn)) }, "", ""},
			} {
				for i := range c.most + 2 {
					a := eve.call("POST", c.path, c.body(i))
					switch {
					case i >= c.most:
						a.tooMany()
					case c.code == "":
						a.want(201)
					default:
						a.fails(c.code, c.field)
					}
				}
			}
			// Those of codes are used up by now, whatever they would open.
			eve.call("POST", "/api/recoveries/use", m{"code": "guess", "password": password}).tooMany()
			eve.call("POST", "/api/accounts", signUp("late", m{"invite": "guess"})).tooMany()
			eve.call("POST", "/api/accounts", signUp("late", m{"setup": "guess"})).tooMany()
			if signedIn {
				eve.call("POST", "/api/invites/accept", m{"code": "guess"}).tooMany()
			}
			_, code := owner.invite(m{})
			eve.call("POST", "/api/invites/peek", m{"code": code}).want(200)
		})
	}
}

func TestRefusedTokensOfAnAddress(t *testing.T) {
	x := start(t, rates(3, 0))
	ann, forged := x.person("ann"), x.nobody()
	forged.header.Set("Authorization", "Bearer forged")
	for range 3 {
		forged.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
	}
	forged.call("GET", "/api/me", nil).tooMany()
	forged.call("GET", "/api/server", nil).want(200) // not where nobody is asked for it
	forged.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	x.nobody().call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
	ann.call("GET", "/api/me", nil).want(200)
}

// A socket is refused for its token too, whether the upgrade or hello brings it.
func TestRefusedTokensOfSockets(t *testing.T) {
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
				{http.Header{"Cookie": {"parley=expired"}, "Origin": {x.url}}, m{"do": "hello"}, wire.CloseRefused},
			} {
				p, _, err := x.upgrade(codec, c.header)
				if err != nil {
					t.Fatal(err)
				}
				p.send(c.hello)
				p.closes(c.code)
			}
			x.person("ann").connect(codec)
		})
	}
}

// A hundred requests and failures of others behind the same address keep nobody
// out: neither a member with the right password, nor somebody with a link.
func TestAnOfficeIsNotLockedOut(t *testing.T) {
	const most = 2
	x := start(t, rates(most, 0), registration(ByInvite))
	owner := x.owner()
	_, code := owner.invite(m{})
	var ann api.SignInAnswer
	x.nobody().call("POST", "/api/accounts", signUp("ann", m{"invite": code})).want(201).into(&ann)
	neighbour := x.nobody()
	for i := range 4 * most {
		neighbour.call("GET", "/api/server", nil).want(200)
		neighbour.call("GET", "/api/me", nil).fails(chat.NoIdentity, "")
		neighbour.call("GET", "/", nil).want(200)
		neighbour.call("POST", "/api/sessions", m{"handle": fmt.Sprint("guess", i), "password": password})
		neighbour.call("POST", "/api/invites/peek", m{"code": "guess"})
		neighbour.call("POST", "/api/accounts", signUp("eve", m{"invite": "guess"}))
	}
	x.nobody().call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201)
	for i := range 2 * most {
		x.nobody().call("POST", "/api/invites/peek", m{"code": code}).want(200)
		x.nobody().call("POST", "/api/accounts", signUp(fmt.Sprint("pupil", i), m{"invite": code})).want(201)
	}
	var link struct{ URL string }
	owner.call("POST", "/api/recoveries", m{"userId": ann.User.ID}).want(201).into(&link)
	_, recovery, _ := strings.Cut(link.URL, "#recover=")
	x.nobody().call("POST", "/api/recoveries/use", m{"code": recovery, "password": "another horse"}).want(201)
}

// An invite makes so many accounts in a while, and all invites of one user.
func TestSignUpsOfAnInvite(t *testing.T) {
	x := start(t, registration(ByInvite), attemptRates(func(r *service.AttemptRates) {
		r.SignUps, r.InviterSignUps = middleware.Rate{N: 2, Per: time.Hour}, middleware.Rate{N: 3, Per: time.Hour}
	}))
	x.owner()
	eve, bob := x.person("eve"), x.person("bob")
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
			a.tooMany()
		}
	}
}

// Wrong current passwords are bounded for the account, wherever they come from;
// what strangers try at the same handle has another budget.
func TestWrongCurrentPasswords(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback },
		attemptRates(func(r *service.AttemptRates) { r.Target = middleware.Rate{N: 3, Per: time.Hour} }))
	ann := x.person("ann")
	change := func(address, current string) *answer {
		ann.header.Set("X-Forwarded-For", address)
		return ann.call("PATCH", "/api/me", m{"password": "another horse", "currentPassword": current})
	}
	stranger := x.nobody()
	stranger.header.Set("X-Forwarded-For", "192.0.2.1")
	for range 3 {
		stranger.call("POST", "/api/sessions", m{"handle": "ann", "password": "wrong horse"}).fails(chat.BadCredentials, "")
	}
	stranger.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).tooMany()
	change("192.0.2.1", password).want(200)
	for i := range 3 {
		change(fmt.Sprint("192.0.2.", 10+i), "wrong horse").fails(chat.WrongPassword, "currentPassword")
	}
	change("192.0.2.20", "another horse").tooMany()
}

// Right passwords of one account are bounded too, and wrong ones do not use that
// up.
func TestUsesOfOneAccount(t *testing.T) {
	x := start(t, attemptRates(func(r *service.AttemptRates) { r.Uses = middleware.Rate{N: 3, Per: time.Hour} }))
	ann := x.person("ann")
	x.person("bob")
	try := func(handle, pass string) *answer {
		return x.nobody().call("POST", "/api/sessions", m{"handle": handle, "password": pass})
	}
	for range 5 {
		try("ann", "wrong horse").fails(chat.BadCredentials, "")
	}
	try("ann", password).want(201)
	ann.call("PATCH", "/api/me", m{"password": password, "currentPassword": password}).want(200)
	try("ann", password).want(201)
	try("ann", password).tooMany()
	ann.call("PATCH", "/api/me", m{"password": password, "currentPassword": password}).tooMany()
	try("bob", password).want(201)
}

// A handle that is guessed at from many addresses is slowed down, and not for
// its owner where they are signed in already.
func TestGuessesAtOneHandleFromManyAddresses(t *testing.T) {
	x := start(t, func(c *Config) { c.TrustedProxies = loopback },
		attemptRates(func(r *service.AttemptRates) { r.Handle = middleware.Rate{N: 3, Per: 24 * time.Hour} }))
	from := func(address string) *client {
		c := x.nobody()
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
	if d := took("198.51.100.9", "wrong horse", 401); d < service.SlowAttempt {
		t.Errorf("one attempt more took %v", d)
	}
	if d := took("203.0.113.1", password, 201); d < service.SlowAttempt {
		t.Errorf("the owner elsewhere took %v", d)
	}
	// Where the owner is known they do not wait.
	if d := took("192.0.2.1", password, 201); d >= service.SlowAttempt {
		t.Errorf("the owner at their own address took %v", d)
	}
}
