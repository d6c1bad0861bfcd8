package server

import (
	"io"
	"net/http"
	"net/url"
	"strings"
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

// The errors of Socket.IO can be read by pages of other origins, too: the library shows them.
func TestSocketIOErrorsForOtherOrigins(t *testing.T) {
	x := start(t, func(c *Config) { c.Origins = []*url.URL{{Scheme: "https", Host: "app.example"}} })
	for _, c := range []struct {
		method, query, body string
		status              int
	}{
		{"GET", "EIO=4", "", 400},
		{"GET", "EIO=3&transport=polling", "", 400},
		{"PUT", "EIO=4&transport=polling", "", 400},
		{"GET", "EIO=4&transport=websocket", "", 400},
		{"GET", "EIO=4&transport=polling&sid=unknown", "", 400},
		{"POST", "EIO=4&transport=polling&sid=", "4" + strings.Repeat("x", maxMessage), 413},
	} {
		for origin, allowed := range map[string]string{"https://other.example": "*", "https://app.example": "https://app.example"} {
			query := c.query
			if strings.HasSuffix(query, "sid=") {
				query += x.ioOpen(ioWays[0], nil).open.Sid
			}
			r, err := http.NewRequest(c.method, x.url+"/socket.io/?"+query, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Origin", origin)
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != c.status || res.Header.Get("Access-Control-Allow-Origin") != allowed || (res.Header.Get("Access-Control-Allow-Credentials") == "true") != (allowed != "*") {
				t.Errorf("%s ?%s from %s: %d %v", c.method, c.query, origin, res.StatusCode, res.Header)
			}
		}
	}
}
