package server

import (
	"net/http"
	"strings"
	"testing"

	"parley/chat"
)

func TestPage(t *testing.T) {
	x := start(t)
	nobody := x.nobody()
	for path, c := range map[string]struct{ mediaType, keep string }{
		"/":                 {"text/html; charset=utf-8", "no-cache"},
		"/index.html":       {"text/html; charset=utf-8", "no-cache"},
		"/c/abc":            {"text/html; charset=utf-8", "no-cache"}, // the page's own paths
		"/c/abc/12":         {"text/html; charset=utf-8", "no-cache"},
		"/main.js":          {"text/javascript; charset=utf-8", "no-cache"},
		"/assets/a-123.css": {"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		a := nobody.call("GET", path, nil).want(200)
		if a.header.Get("Content-Type") != c.mediaType || a.header.Get("Cache-Control") != c.keep {
			t.Errorf("%s: %s, %s", path, a.header.Get("Content-Type"), a.header.Get("Cache-Control"))
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.header)
		}
		again := x.nobody()
		again.header.Set("If-None-Match", a.header.Get("ETag"))
		again.call("GET", path, nil).want(http.StatusNotModified)
	}
	// No page in a script's place, and nothing from outside the folder.
	for _, path := range []string{"/missing.js", "/assets/missing.css", "/assets/", "/chats", "/../go.mod", "/%2e%2e/go.mod", "/..%2fgo.mod"} {
		nobody.call("GET", path, nil).fails(chat.NotFound, "")
	}
	for _, path := range []string{"/", "/c/x"} {
		if a := nobody.call("HEAD", path, nil).want(200); len(a.body) > 0 {
			t.Errorf("HEAD %s has a body", path)
		}
	}
	if a := nobody.call("GET", "/api/server", nil); !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", a.header)
	}
}
