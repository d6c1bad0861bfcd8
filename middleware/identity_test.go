package middleware

import (
	"context"
	"crypto/tls"
	"net/http"
	"slices"
	"strings"
	"testing"

	"parley/chat"
)

// fakeSessions maps tokens to users; for the token "down" the store is unavailable.
type fakeSessions map[string]chat.UserID

func (f fakeSessions) Identify(_ context.Context, hash [32]byte) (chat.User, chat.Session, error) {
	if hash == chat.SecretHash("down") {
		return chat.User{ID: "half"}, chat.Session{}, chat.Fail(chat.Unavailable, "no store")
	}
	for token, id := range f {
		if chat.SecretHash(token) == hash {
			return chat.User{ID: id}, chat.Session{ID: chat.SessionID("s-" + token), UserID: id}, nil
		}
	}
	return chat.User{}, chat.Session{}, chat.Fail(chat.NoIdentity, "no such session")
}

func TestIdentify(t *testing.T) {
	const cleared = "parley=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
	long := strings.Repeat("x", 10_000)
	for _, c := range []struct {
		name    string
		public  string
		headers []string
		user    chat.UserID
		cookie  bool
		status  int
		body    string
		set     string
	}{
		{"no credentials", "", nil, "", false, 401, "no_identity", ""},
		{"a token", "", []string{"Authorization: Bearer ann"}, "u1", false, 200, "", ""},
		{"a token, scheme in any case", "", []string{"Authorization: bearer ann"}, "u1", false, 200, "", ""},
		{"a cookie", "", []string{"Cookie: parley=ann"}, "u1", true, 200, "", ""},
		{"the token wins", "", []string{"Authorization: Bearer bob", "Cookie: parley=ann"}, "u2", false, 200, "", ""},
		{"a bad token wins too", "", []string{"Authorization: Bearer x", "Cookie: parley=ann"}, "", false, 401, "no_identity", ""},
		{"a bad token", "", []string{"Authorization: Bearer x"}, "", false, 401, "no_identity", ""},
		{"an empty token", "", []string{"Authorization: Bearer "}, "", false, 401, "no_identity", ""},
		{"no token", "", []string{"Authorization: Bearer"}, "", false, 401, "no_identity", ""},
		{"a long token", "", []string{"Authorization: Bearer " + long}, "", false, 401, "no_identity", ""},
		{"a proxy's scheme", "", []string{"Authorization: Basic YTpi", "Cookie: parley=ann"}, "u1", true, 200, "", ""},
		{"a bad cookie", "", []string{"Cookie: parley=x"}, "", true, 401, "no_identity", cleared},
		{"an empty cookie", "", []string{"Cookie: parley="}, "", true, 401, "no_identity", cleared},
		{"on https the plain cookie is nothing", "https://x", []string{"Cookie: parley=ann"}, "", false, 401, "no_identity", ""},
		{"on https", "https://x", []string{"Cookie: __Host-parley=ann; parley=bob"}, "u1", true, 200, "", ""},
		{"a bad cookie on https", "https://x", []string{"Cookie: __Host-parley=x"}, "", true, 401, "no_identity",
			"__Host-" + cleared[:len(cleared)-len("SameSite=Lax")] + "Secure; SameSite=Lax"},
		{"the store is down", "", []string{"Cookie: parley=down"}, "", true, 503, "unavailable", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var seen Caller
			spy := func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					seen = CallerOf(r.Context())
					next.ServeHTTP(w, r)
				})
			}
			sessions := fakeSessions{"ann": "u1", "bob": "u2", "": "nobody", long: "nobody"}
			w := do(chain(ok, Identify(sessions, parse(t, c.public)), spy, Require(writeError)), request("GET", "/api/me", c.headers...))
			if seen.User.ID != c.user || seen.Cookie != c.cookie || seen.SignedIn() != (c.user != "") {
				t.Errorf("caller %+v", seen)
			}
			if w.Code != c.status || w.Body.String() != c.body {
				t.Errorf("answer %d %q", w.Code, w.Body)
			}
			if got := w.Header().Get("Set-Cookie"); got != c.set {
				t.Errorf("Set-Cookie %q, want %q", got, c.set)
			}
			if w.Header().Get("Cache-Control") != "no-store" {
				t.Error("the answer may be cached")
			}
		})
	}
}

// Servers on other ports of a host get each other's cookies: the name carries the port,
// and a cookie of the older name is taken over by the server that knows it.
func TestCookiesOfOtherServers(t *testing.T) {
	const attributes = "; HttpOnly; SameSite=Lax"
	moved := []string{"parley-8080=ann; Path=/; Max-Age=34560000" + attributes, "parley=; Path=/; Max-Age=0" + attributes}
	for _, c := range []struct {
		name, public, host, cookies string
		user                        chat.UserID
		body                        string
		set                         []string
	}{
		{"its own", "", "lan:8080", "parley-8080=ann; parley-9090=x", "u1", "", nil},
		{"another port's alone", "", "lan:8080", "parley-9090=ann", "", "no_identity", nil},
		{"its own is bad", "", "lan:8080", "parley-8080=x; parley-9090=ann", "", "no_identity", []string{"parley-8080=; Path=/; Max-Age=0" + attributes}},
		{"the older name, its own", "", "lan:8080", "parley=ann", "u1", "", moved},
		{"the older name, another's", "", "lan:8080", "parley=x", "", "no_identity", nil},
		{"both names", "", "lan:8080", "parley=bob; parley-8080=ann", "u1", "", nil},
		{"both names, its own is bad", "", "lan:8080", "parley=ann; parley-8080=x", "", "no_identity", []string{"parley-8080=; Path=/; Max-Age=0" + attributes}},
		{"the older name while the store is down", "", "lan:8080", "parley=down", "", "unavailable", nil},
		{"the scheme's port", "", "lan", "parley=ann", "u1", "", nil},
		{"the scheme's port, named", "", "lan:80", "parley=ann", "u1", "", nil},
		{"IPv6", "", "[::1]:8080", "parley-8080=ann", "u1", "", nil},
		{"IPv6 without a port", "", "[::1]", "parley=ann", "u1", "", nil},
		{"no port", "", "lan:", "parley=ann", "u1", "", nil},
		{"no number", "", "lan:http", "parley=ann", "u1", "", nil},
		{"port 0", "", "lan:0", "parley=ann", "u1", "", nil},
		{"https", "https://x:8443", "inner:8080", "__Host-parley-8443=ann; parley-8080=bob", "u1", "", nil},
		{"https, the scheme's port", "https://x:443", "inner:8080", "__Host-parley=ann", "u1", "", nil},
		{"https, the older name", "https://x:8443", "inner:8080", "__Host-parley=ann", "u1", "", []string{
			"__Host-parley-8443=ann; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax", "__Host-parley=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"}},
	} {
		var seen Caller
		spy := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = CallerOf(r.Context())
				next.ServeHTTP(w, r)
			})
		}
		w := do(chain(ok, Identify(fakeSessions{"ann": "u1", "bob": "u2"}, parse(t, c.public)), spy, Require(writeError)),
			request("GET", "/api/me", "Host: "+c.host, "Cookie: "+c.cookies))
		if seen.User.ID != c.user || w.Body.String() != c.body || !slices.Equal(w.Header()["Set-Cookie"], c.set) {
			t.Errorf("%s: %+v, %q, Set-Cookie %q", c.name, seen, w.Body, w.Header()["Set-Cookie"])
		}
	}
}

// The answer to a call that names its user may be late: it moves no cookie, since another
// user may have signed in meanwhile.
func TestLateAnswerMovesNoCookie(t *testing.T) {
	w := do(chain(ok, Identify(fakeSessions{"ann": "u1"}, nil), Require(writeError)),
		request("GET", "/api/me", "Host: lan:8080", "Cookie: parley=ann", "Parley-User: u1"))
	if w.Code != 200 || w.Header()["Set-Cookie"] != nil {
		t.Errorf("%d, %v", w.Code, w.Header())
	}
}

// Without Require, a request with bad credentials reaches the handler without an
// identity.
func TestBadCredentialsPassWithoutRequire(t *testing.T) {
	reached := false
	w := do(chain(func(_ http.ResponseWriter, r *http.Request) {
		c := CallerOf(r.Context())
		reached = !c.SignedIn() && chat.Is(c.Err, chat.NoIdentity)
	}, Identify(fakeSessions{}, nil)), request("GET", "/api/server", "Authorization: Bearer x"))
	if !reached || w.Code != 200 {
		t.Errorf("status %d, reached without an identity: %v", w.Code, reached)
	}
}

func TestSetCookie(t *testing.T) {
	for _, c := range []struct {
		public string
		tls    bool
		want   string
	}{
		{"", false, "parley=secret; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"},
		{"", true, "__Host-parley=secret; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"},
		{"https://x", false, "__Host-parley=secret; Path=/; Max-Age=34560000; HttpOnly; Secure; SameSite=Lax"},
		{"http://x", true, "parley=secret; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax"},
	} {
		w := do(chain(func(w http.ResponseWriter, r *http.Request) {
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			SetCookie(w, r, parse(t, c.public), "secret")
		}), request("POST", "/"))
		if got := w.Header().Get("Set-Cookie"); got != c.want || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%+v: %v", c, w.Header())
		}
	}
}

// A browser's pages share one cookie: a call that names another user than the cookie's
// is refused, and its late answer does not clear the other user's cookie.
func TestMatchUser(t *testing.T) {
	for _, c := range []struct {
		name    string
		headers []string
		status  int
		body    string
	}{
		{"without the header", []string{"Cookie: parley=ann"}, 200, ""},
		{"an empty one", []string{"Cookie: parley=ann", "Parley-User: "}, 200, ""},
		{"the cookie's user", []string{"Cookie: parley=ann", "Parley-User: u1"}, 200, ""},
		{"the token's user", []string{"Authorization: Bearer ann", "Cookie: parley=bob", "Parley-User: u1"}, 200, ""},
		{"another cookie", []string{"Cookie: parley=bob", "Parley-User: u1"}, 401, "no_identity Parley-User"},
		{"another token", []string{"Authorization: Bearer bob", "Cookie: parley=ann", "Parley-User: u1"}, 401, "no_identity Parley-User"},
		{"one of two is another", []string{"Cookie: parley=ann", "Parley-User: u1", "Parley-User: u2"}, 401, "no_identity Parley-User"},
		{"nobody", []string{"Parley-User: u1"}, 401, "no_identity Parley-User"},
		{"an ended session", []string{"Cookie: parley=x", "Parley-User: u1"}, 401, "no_identity "},
		{"no store to judge it", []string{"Cookie: parley=down", "Parley-User: u1"}, 503, "unavailable "},
	} {
		t.Run(c.name, func(t *testing.T) {
			field := func(w http.ResponseWriter, r *http.Request, err error) {
				writeError(w, r, err)
				_, _ = w.Write([]byte(" " + chat.AsError(err).Field))
			}
			reached := false
			h := chain(func(http.ResponseWriter, *http.Request) { reached = true }, Identify(fakeSessions{"ann": "u1", "bob": "u2"}, nil), MatchUser(field))
			w := do(h, request("POST", "/api/sessions", c.headers...))
			if w.Code != c.status || w.Body.String() != c.body || reached != (c.status == 200) {
				t.Errorf("answer %d %q, reached %v", w.Code, w.Body, reached)
			}
			if got := w.Header().Get("Set-Cookie"); got != "" {
				t.Errorf("Set-Cookie %q", got)
			}
		})
	}
}
