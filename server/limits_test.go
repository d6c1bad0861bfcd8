package server

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/api"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func rates(anonymous, user int) func(*Config) {
	return func(c *Config) {
		c.Limits.Anonymous = middleware.Rate{N: anonymous, Per: 15 * time.Minute}
		c.Limits.User = middleware.Rate{N: user, Per: time.Hour}
	}
}

func (a *answer) limited(limit int) {
	a.t.Helper()
	a.wantError(chat.RateLimited, "")
	if a.failure().RetryAfterMs <= 0 || a.header.Get("Retry-After") == "" || a.header.Get("RateLimit-Limit") != fmt.Sprint(limit) || a.header.Get("RateLimit-Remaining") != "0" {
		a.t.Errorf("%s: headers %v", a.call, a.header)
	}
}

// Calls without an identity and requests for the page each have a large budget for an
// address. Calls with a session and health checks do not count.
func TestAnonymousRequestsAreLimited(t *testing.T) {
	x := start(t, rates(100, 0), func(c *Config) { c.anonymous = middleware.Rate{N: 9, Per: time.Hour} })
	anonymous, ann := x.anonymous(), x.addUser("ann")
	for range 3 {
		anonymous.call("GET", "/api/server", nil).want(200)
		anonymous.call("GET", "/api/nothing", nil).wantError(chat.NotFound, "")
		anonymous.call("POST", "/api/accounts", m{"handle": 7}).wantError(chat.BadInput, "handle")
		anonymous.call("GET", "/", nil).want(200)
		ann.call("GET", "/api/me", nil).want(200)
		anonymous.call("GET", "/healthz", nil).want(200)
	}
	anonymous.call("GET", "/api/server", nil).limited(9)
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).limited(9)
	anonymous.call("POST", "/api/accounts", signUp("bob")).limited(9)
	for range 9 - 3 {
		anonymous.call("GET", "/main.js", nil).want(200)
	}
	anonymous.call("GET", "/main.js", nil).limited(9)
	anonymous.call("GET", "/readyz", nil).want(200)
	ann.call("GET", "/api/me", nil).want(200)
}

func TestRequestsOfUserAreLimited(t *testing.T) {
	x := start(t, rates(0, 5))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	for i := range 5 {
		if got := ann.call("GET", "/api/me", nil).want(200).header.Get("RateLimit-Remaining"); got != fmt.Sprint(4-i) {
			t.Errorf("after %d calls %s remain", i+1, got)
		}
	}
	ann.call("GET", "/api/me", nil).limited(5)
	bob.call("GET", "/api/me", nil).want(200)
}

// Twenty messages pass at once; a retry costs nothing. The bucket refills so slowly that no
// more pass on a slow machine.
func TestPostsAreLimited(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Posts = middleware.Rate{N: 20, Per: 20 * time.Hour} })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id) + "/messages"
	for i := range 20 {
		ann.call("POST", path, m{"clientId": fmt.Sprint(i), "text": "hello"}).want(201)
		ann.call("POST", path, m{"clientId": fmt.Sprint(i), "text": "hello"}).want(200)
		if i < 19 { // the last place was taken by then
			ann.call("POST", path, m{"clientId": "bad", "text": "a", "replyTo": 999}).wantError(chat.NotFound, "replyTo")
		}
	}
	e := ann.call("POST", path, m{"clientId": "21", "text": "hello"}).wantError(chat.RateLimited, "").failure()
	if e.RetryAfterMs <= 0 || e.RetryAfterMs > time.Hour.Milliseconds() {
		t.Errorf("a place every hour, and the hint is %d ms", e.RetryAfterMs)
	}
	var out api.MessageAnswer
	ann.call("POST", path, m{"clientId": "3", "text": "hello"}).want(200).into(&out)
	if !out.Again {
		t.Errorf("%+v", out)
	}
	bob.post(id, "hello")
	ann.call("PUT", path+"/3/reactions/👍", nil).wantError(chat.RateLimited, "") // a reaction is delivered to others, too
	for range 200 {
		ann.call("GET", path, nil).want(200)
	}
}

// Limits count by the client's address. A client's header cannot change it, but a trusted
// proxy's header sets it.
func TestForwardedAddresses(t *testing.T) {
	for _, trusted := range []bool{false, true} {
		x := start(t, rates(2, 0), func(c *Config) {
			c.anonymous = middleware.Rate{N: 2, Per: time.Hour}
			if trusted {
				c.TrustedProxies = loopback
			}
		})
		allowed := 0
		for i := range 6 {
			c := x.anonymous()
			c.header.Set("X-Forwarded-For", fmt.Sprint("192.0.2.", i))
			c.header.Set("X-Real-IP", fmt.Sprint("192.0.2.", i))
			c.header.Set("True-Client-IP", fmt.Sprint("192.0.2.", i))
			if c.call("GET", "/api/server", nil).status == 200 {
				allowed++
			}
		}
		if want := map[bool]int{false: 2, true: 6}[trusted]; allowed != want {
			t.Errorf("trusted %v: %d of 6 pass, want %d", trusted, allowed, want)
		}
		if hint := strings.Count(x.logs.String(), "--trusted-proxies"); !trusted && hint != 1 || trusted && hint != 0 {
			t.Errorf("trusted %v: the flag is named %d times", trusted, hint)
		}
	}
}
