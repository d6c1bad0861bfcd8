package server

import (
	"net/url"
	"testing"
)

// A page of another origin reads the answers of the API, also those with an error; without a
// token it changes nothing unless its origin is named.
func TestPagesOfOtherOrigins(t *testing.T) {
	x := start(t, func(c *Config) { c.Origins = []*url.URL{{Scheme: "https", Host: "app.example"}} })
	ann := x.addUser("ann")
	for _, c := range []struct {
		origin, token, allowed string
		patch, signIn          int
	}{
		{"https://other.example", "", "*", 403, 403},
		{"https://other.example", ann.token, "*", 200, 201},
		{"https://app.example", "", "https://app.example", 401, 201},
		{"https://app.example", ann.token, "https://app.example", 200, 201},
	} {
		who := x.anonymous()
		who.header.Set("Origin", c.origin)
		who.header.Set("Sec-Fetch-Site", "cross-site")
		if c.token != "" {
			who.header.Set("Authorization", "Bearer "+c.token)
		}
		for _, a := range []*answer{
			who.call("PATCH", "/api/me", m{"status": "here"}).want(c.patch),
			who.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(c.signIn),
			who.call("GET", "/api/nothing", nil).want(404),
		} {
			if a.header.Get("Access-Control-Allow-Origin") != c.allowed || (a.header.Get("Access-Control-Allow-Credentials") == "true") != (c.allowed != "*") {
				t.Errorf("%s from %s: %v", a.call, c.origin, a.header)
			}
		}
	}
}
