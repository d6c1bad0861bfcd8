package middleware

import (
	"crypto/tls"
	"net/http"
	"strings"
	"testing"

	"parley/chat"
)

func TestSocketOrigin(t *testing.T) {
	const missing = "-"
	for _, c := range []struct {
		public, host string
		tls          bool
		origin       string
		ours         bool
	}{
		// By Host, on a plain listener.
		{"", "127.0.0.1:8080", false, "http://127.0.0.1:8080", true},
		{"", "127.0.0.1:8080", false, "https://127.0.0.1:8080", false},
		{"", "127.0.0.1:8080", false, "http://127.0.0.1", false},
		{"", "127.0.0.1:8080", false, "http://127.0.0.1:80800", false},
		{"", "127.0.0.1:8080", false, "http://127.0.0.1:808", false},
		{"", "127.0.0.1:8080", false, "http://localhost:8080", false},
		{"", "127.0.0.1:8080", false, "ws://127.0.0.1:8080", false},
		{"", "127.0.0.1:8080", false, missing, false},
		{"", "127.0.0.1:8080", false, "", false},
		{"", "127.0.0.1:8080", false, "null", false},
		{"", "chat.example", false, "http://chat.example", true},
		{"", "chat.example:80", false, "http://chat.example", true},
		{"", "Chat.Example", false, "http://chat.example", true},
		{"", "[::1]:8080", false, "http://[::1]:8080", true},
		{"", "", false, "http://", false},
		// By Host, on TLS.
		{"", "chat.example", true, "https://chat.example", true},
		{"", "chat.example:443", true, "https://chat.example", true},
		{"", "chat.example", true, "http://chat.example", false},
		{"", "chat.example:80", true, "https://chat.example", false},
		// By the public URL, whatever Host says.
		{"https://chat.example", "10.0.0.1:8080", false, "https://chat.example", true},
		{"https://chat.example:443", "x", false, "https://chat.example", true},
		{"https://chat.example/", "x", false, "https://chat.example", true},
		{"https://chat.example", "evil.example", false, "http://evil.example", false},
		{"https://chat.example", "x", false, "HTTPS://CHAT.EXAMPLE", true},
		{"https://chat.example", "x", false, "http://chat.example", false},
		{"https://chat.example", "x", false, "https://chat.example:8443", false},
		{"https://chat.example", "x", false, "https://chat.example.evil.example", false},
		{"https://chat.example", "x", false, "https://evilchat.example", false},
		{"https://chat.example", "x", false, "https://sub.chat.example", false},
		{"https://chat.example", "x", false, "https://example", false},
		{"https://chat.example", "x", false, "https://chat.example@evil.example", false},
		{"https://chat.example", "x", false, "https://evil.example/https://chat.example", false},
		{"https://chat.example", "x", false, "https://chat.example/", false},
		{"https://chat.example", "x", false, "https://chat.example https://evil.example", false},
		{"https://chat.example", "x", false, "null", false},
		{"https://chat.example", "x", false, missing, false},
		{"https://chat.example:8443", "x", false, "https://chat.example:8443", true},
		{"https://chat.example:8443", "x", false, "https://chat.example", false},
	} {
		r := request("GET", "/api/socket")
		r.Host = c.host
		if c.origin != missing {
			r.Header.Set("Origin", c.origin)
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		err := SocketOrigin(r, parse(t, c.public), nil, true)
		if (err == nil) != c.ours || err != nil && !chat.Is(err, chat.Forbidden) {
			t.Errorf("public %q, host %q, tls %v, origin %q: %v", c.public, c.host, c.tls, c.origin, err)
		}
		if err := SocketOrigin(r, parse(t, c.public), nil, false); err != nil {
			t.Errorf("without a cookie, origin %q: %v", c.origin, err)
		}
	}
	two := request("GET", "/api/socket", "Host: x", "Origin: http://x", "Origin: http://evil.example")
	if SocketOrigin(two, nil, nil, true) == nil {
		t.Error("two origins pass")
	}
}

// Behind a trusted proxy that terminates TLS, the scheme is that of the proxy's client.
func TestSocketOriginBehindProxy(t *testing.T) {
	for peer, want := range map[string]bool{"10.0.0.1:5": true, "192.0.2.1:5": false} {
		r := request("GET", "/api/socket", "Host: chat.example", "Origin: https://chat.example", "X-Forwarded-Proto: https")
		r.RemoteAddr = peer
		log, _ := logger()
		do(chain(func(_ http.ResponseWriter, r *http.Request) {
			if got := SocketOrigin(r, nil, nil, true) == nil; got != want {
				t.Errorf("peer %s: %v", peer, got)
			}
		}, ClientAddress(prefixes("10.0.0.0/8"), log)), r)
	}
}

func TestSameOrigin(t *testing.T) {
	for _, c := range []struct {
		method, public string
		headers        []string
		passes         bool
	}{
		{"POST", "", nil, true}, // a program
		{"POST", "", []string{"Sec-Fetch-Site: same-origin"}, true},
		{"POST", "", []string{"Sec-Fetch-Site: none"}, true},
		{"POST", "", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"POST", "", []string{"Sec-Fetch-Site: same-site", "Origin: https://sub.chat.example"}, false},
		{"DELETE", "", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"PATCH", "", []string{"Host: chat.example", "Origin: https://evil.example"}, false},
		{"PUT", "", []string{"Host: chat.example", "Origin: null"}, false},
		{"PUT", "", []string{"Host: chat.example", "Origin: http://chat.example"}, true},
		{"GET", "", []string{"Sec-Fetch-Site: cross-site"}, true},
		{"POST", "https://chat.example", []string{"Host: inner:8080", "Origin: https://chat.example"}, true},
		{"POST", "https://chat.example/", []string{"Host: inner:8080", "Origin: https://chat.example"}, true},
		{"POST", "https://chat.example", []string{"Host: inner:8080", "Origin: http://chat.example"}, false},
	} {
		w := do(chain(ok, SameOrigin(parse(t, c.public), nil, writeError)), request(c.method, "/api/x", c.headers...))
		if passes := w.Code == 200; passes != c.passes || !passes && (w.Code != 403 || w.Body.String() != "forbidden") {
			t.Errorf("%s %v: %d %q", c.method, c.headers, w.Code, w.Body)
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		public, path string
		policy       []string
		hsts         bool
	}{
		{"", "/", []string{"default-src 'self'", "connect-src 'self';", "script-src 'self';", "style-src 'self';", "img-src 'self' data: blob:;",
			"base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'", "object-src 'none'"}, false},
		{"https://chat.example", "/c/1", []string{"connect-src 'self' wss://chat.example;"}, true},
		{"http://10.0.0.1:8080", "/apish", []string{"default-src 'self'", "connect-src 'self' ws://10.0.0.1:8080;"}, false},
		{"", "/api", []string{"default-src 'none'", "frame-ancestors 'none'"}, false},
		{"https://chat.example", "/api/server", []string{"default-src 'none'", "frame-ancestors 'none'"}, true},
	} {
		r := request("GET", c.path)
		r.TLS = &tls.ConnectionState{} // a test certificate is no reason for HSTS
		h := do(chain(ok, Headers(parse(t, c.public))), r).Header()
		policy := h.Get("Content-Security-Policy")
		for _, part := range c.policy {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: no %q in %q", c.path, part, policy)
			}
		}
		if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || strings.Contains(policy, "%") {
			t.Errorf("%s: %q", c.path, policy)
		}
		if got := h.Get("Strict-Transport-Security"); (got == "max-age=31536000") != c.hsts || !c.hsts && got != "" {
			t.Errorf("%s: HSTS %q", c.path, got)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", c.path, name, h.Get(name))
			}
		}
		if !strings.Contains(h.Get("Permissions-Policy"), "camera=()") {
			t.Errorf("%s: %v", c.path, h)
		}
	}
}

// HSTS goes over TLS alone (RFC 6797, section 7.2), and only to a host that is meant for
// TLS.
func TestTransportSecurity(t *testing.T) {
	for _, c := range []struct {
		name, public, peer string
		tls                bool
		proto              []string
		want               string
	}{
		{"plain", "https://chat.example", "192.0.2.1:5", false, nil, ""},
		{"a client says so", "https://chat.example", "192.0.2.1:5", false, []string{"https"}, ""},
		{"TLS", "https://chat.example", "192.0.2.1:5", true, nil, "max-age=31536000"},
		{"a proxy says so", "https://chat.example", "10.0.0.1:5", false, []string{"https"}, "max-age=31536000"},
		{"a proxy says no", "https://chat.example", "10.0.0.1:5", false, []string{"http"}, ""},
		{"a proxy says nothing", "https://chat.example", "10.0.0.1:5", false, nil, ""},
		{"the client through a proxy", "https://chat.example", "10.0.0.1:5", false, []string{"https, http"}, ""},
		{"no public URL", "", "10.0.0.1:5", false, []string{"https"}, ""},
		{"a plain public URL", "http://chat.lan", "10.0.0.1:5", true, nil, ""},
	} {
		log, _ := logger()
		for _, path := range []string{"/", "/api/server", "/healthz"} {
			r := request("GET", path)
			r.RemoteAddr = c.peer
			r.Header["X-Forwarded-Proto"] = c.proto
			if c.tls {
				r.TLS = &tls.ConnectionState{}
			}
			h := do(chain(ok, ClientAddress(prefixes("10.0.0.0/8"), log), Headers(parse(t, c.public))), r).Header()
			if got := h.Get("Strict-Transport-Security"); got != c.want {
				t.Errorf("%s, %s: %q", c.name, path, got)
			}
		}
	}
}

func TestOpenerPolicyOnlyInSecureContext(t *testing.T) {
	for _, c := range []struct {
		public, host, proto, want string
	}{
		{"", "127.0.0.1:8080", "", "same-origin"},
		{"", "[::1]:8080", "", "same-origin"},
		{"", "localhost:8080", "", "same-origin"},
		{"", "chat.lan:8080", "", ""},
		{"", "192.168.1.5:8080", "", ""},
		{"", "chat.example", "https", "same-origin"},
		{"https://chat.example", "chat.example", "", "same-origin"},
		{"http://chat.lan:8080", "chat.lan:8080", "", ""},
	} {
		r := request("GET", "/")
		r.Host = c.host
		if c.proto != "" {
			r.Header.Set("X-Forwarded-Proto", c.proto)
		}
		if got := do(chain(ok, Headers(parse(t, c.public))), r).Header().Get("Cross-Origin-Opener-Policy"); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
