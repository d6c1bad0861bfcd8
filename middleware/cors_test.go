package middleware

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// Pages of named origins may use the session cookie, all others may not; answers with an
// error have the headers as well.
func TestCORS(t *testing.T) {
	named := []*url.URL{parse(t, "https://app.example"), parse(t, "http://localhost:3000")}
	refusing := CORS(named)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for _, c := range []struct{ origin, allowed, credentials string }{
		{"", "", ""},
		{"https://app.example", "https://app.example", "true"},
		{"http://localhost:3000", "http://localhost:3000", "true"},
		{"http://localhost:3001", "*", ""},
		{"http://app.example", "*", ""},
		{"https://app.example.evil.example", "*", ""},
		{"null", "*", ""},
	} {
		for _, method := range []string{"GET", "OPTIONS"} {
			r := httptest.NewRequest(method, "/api/me", nil)
			want := http.StatusTeapot
			if c.origin != "" {
				r.Header.Set("Origin", c.origin)
			}
			if method == "OPTIONS" {
				r.Header.Set("Access-Control-Request-Method", "PATCH")
				r.Header.Set("Access-Control-Request-Headers", "authorization,content-type,parley-user")
				if c.origin != "" {
					want = http.StatusNoContent
				}
			}
			w := httptest.NewRecorder()
			refusing.ServeHTTP(w, r)
			h := w.Header()
			if w.Code != want || h.Get("Access-Control-Allow-Origin") != c.allowed || h.Get("Access-Control-Allow-Credentials") != c.credentials {
				t.Errorf("%s from %q: %d %v", method, c.origin, w.Code, h)
			}
			if want == http.StatusNoContent && (h.Get("Access-Control-Allow-Methods") != "PATCH" || h.Get("Access-Control-Allow-Headers") != "authorization,content-type,parley-user") {
				t.Errorf("preflight from %q: %v", c.origin, h)
			}
		}
	}
}

// A token in a header is not sent by a browser by itself, so a page of any origin may use
// it; a cookie only one of a named origin.
func TestSameOriginWithIdentity(t *testing.T) {
	named := []*url.URL{parse(t, "https://app.example")}
	for _, c := range []struct {
		origin string
		caller Caller
		passes bool
	}{
		{"https://evil.example", Caller{}, false},
		{"https://evil.example", caller(true), false},
		{"https://evil.example", caller(false), true},
		{"https://app.example", caller(true), true},
		{"https://app.example", Caller{}, true},
	} {
		r := request("POST", "/api/x", "Host: chat.example", "Origin: "+c.origin, "Sec-Fetch-Site: cross-site")
		v, r := infoOf(r)
		v.caller = c.caller
		if w := do(chain(ok, SameOrigin(nil, named, writeError)), r); (w.Code == 200) != c.passes {
			t.Errorf("%s, cookie %v: %d", c.origin, c.caller.Cookie, w.Code)
		}
	}
	for origin, want := range map[string]bool{"https://app.example": true, "https://evil.example": false} {
		if err := SocketOrigin(request("GET", "/api/socket", "Host: chat.example", "Origin: "+origin), nil, named, true); (err == nil) != want {
			t.Errorf("%s: %v", origin, err)
		}
	}
}

func caller(cookie bool) (c Caller) {
	c.User.ID, c.Cookie = "u", cookie
	return c
}
