package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"parley/chat"
)

func TestPage(t *testing.T) {
	x := start(t)
	anonymous := x.anonymous()
	for path, c := range map[string]struct{ mediaType, keep string }{
		"/":                 {"text/html; charset=utf-8", "no-cache"},
		"/index.html":       {"text/html; charset=utf-8", "no-cache"},
		"/c/abc":            {"text/html; charset=utf-8", "no-cache"}, // the page's own paths
		"/search":           {"text/html; charset=utf-8", "no-cache"},
		"/c/abc/12":         {"text/html; charset=utf-8", "no-cache"},
		"/main.js":          {"text/javascript; charset=utf-8", "no-cache"},
		"/assets/a-123.css": {"text/css; charset=utf-8", "public, max-age=31536000, immutable"},
	} {
		a := anonymous.call("GET", path, nil).want(200)
		if a.header.Get("Content-Type") != c.mediaType || a.header.Get("Cache-Control") != c.keep {
			t.Errorf("%s: %s, %s", path, a.header.Get("Content-Type"), a.header.Get("Cache-Control"))
		}
		policy := a.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %v", path, a.header)
		}
		again := x.anonymous()
		again.header.Set("If-None-Match", a.header.Get("ETag"))
		again.call("GET", path, nil).want(http.StatusNotModified)
	}
	// A missing script is not answered with the page, and no file outside the folder is served.
	for _, path := range []string{"/missing.js", "/assets/missing.css", "/assets/", "/chats", "/../go.mod", "/%2e%2e/go.mod", "/..%2fgo.mod"} {
		anonymous.call("GET", path, nil).wantError(chat.NotFound, "")
	}
	for _, path := range []string{"/", "/c/x"} {
		if a := anonymous.call("HEAD", path, nil).want(200); len(a.body) > 0 {
			t.Errorf("HEAD %s has a body", path)
		}
	}
	if a := anonymous.call("GET", "/api/server", nil); !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", a.header)
	}
}

// A browser that navigates to a path that does not exist gets the page, which says so;
// anything else gets JSON.
func TestPageOfAMistypedPath(t *testing.T) {
	x := start(t)
	index := string(x.anonymous().call("GET", "/", nil).want(200).body)
	browser := x.anonymous()
	browser.header.Set("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
	for _, path := range []string{"/chats", "/me/profile", "/assets/missing.css", "/C/abc", "/server/x"} {
		a := browser.call("GET", path, nil).want(404)
		if string(a.body) != index || a.header.Get("Content-Type") != "text/html; charset=utf-8" || a.header.Get("Cache-Control") != "no-cache" || a.header.Get("ETag") != "" || a.header.Get("Vary") != "Accept" ||
			!strings.Contains(a.header.Get("Content-Security-Policy"), "script-src 'self'") {
			t.Errorf("%s: %.40q, %v", path, a.body, a.header)
		}
	}
	if a := browser.call("HEAD", "/chats", nil).want(404); len(a.body) > 0 {
		t.Error("HEAD has a body")
	}
	for _, path := range []string{"/api", "/api/", "/api/chat", "/api/chats/x/nothing", "/api/%2e"} {
		browser.call("GET", path, nil).wantError(chat.NotFound, "")
	}
	for _, accept := range []string{"", "*/*", "text/css,*/*;q=0.1", "application/json", "image/avif,image/webp,*/*"} { // of a program, a script, a style sheet, a picture
		c := x.anonymous()
		c.header.Set("Accept", accept)
		c.call("GET", "/chats", nil).wantError(chat.NotFound, "")
	}
}

// script is long enough to be compressed.
var script = []byte(strings.Repeat("export const again = 'and again';\n", 200))

func withScript(c *Config) { c.Web.(fstest.MapFS)["long.js"] = &fstest.MapFile{Data: script} }

// Each encoding of a file has its own entity tag.
func TestPageEncodings(t *testing.T) {
	x := start(t, withScript)
	unpack := map[string]func([]byte) ([]byte, error){
		"": func(b []byte) ([]byte, error) { return b, nil },
		"gzip": func(b []byte) ([]byte, error) {
			r, err := gzip.NewReader(bytes.NewReader(b))
			if err != nil {
				return nil, err
			}
			return io.ReadAll(r)
		},
		"zstd": func(b []byte) ([]byte, error) {
			r, err := zstd.NewReader(nil)
			if err != nil {
				return nil, err
			}
			defer r.Close()
			return r.DecodeAll(b, nil)
		},
	}
	tags := map[string]string{} // by encoding
	for accept, want := range map[string]string{
		",": "", "identity": "", "br": "", "gzip": "gzip", "zstd": "zstd", "gzip, deflate, br, zstd": "zstd", "GZIP;q=0.5": "gzip",
		"gzip;q=1.0, zstd;q=0.5": "gzip", "zstd; q=0, gzip": "gzip", "gzip;q=0, zstd;q=0": "", "*": "zstd", "*;q=0": "", "zstd;q=0,*": "gzip",
		"identity, gzip;q=0.5": "", "identity;q=0.5, gzip": "gzip", "identity;q=0, gzip;q=0.1": "gzip", "gzip;q=0.4, zstd;q=0.5": "zstd",
		"zstd;Q=0, gzip;q=1": "gzip", "zstd;q=NaN": "", "zstd;q=2, gzip": "gzip", "zstd;q=x, gzip": "gzip",
		strings.Repeat("gzip, ", 5000): "",
	} {
		for range 2 {
			c := x.anonymous()
			c.header["Accept-Encoding"] = []string{accept}
			a := c.call("GET", "/long.js", nil).want(200)
			if a.header.Get("Content-Encoding") != want || a.header.Get("Vary") != "Accept-Encoding" || a.header.Get("Content-Length") != strconv.Itoa(len(a.body)) {
				t.Fatalf("%.40q: %v", accept, a.header)
			}
			got, err := unpack[want](a.body)
			if err != nil || !bytes.Equal(got, script) || want != "" && len(a.body) > len(script)/4 {
				t.Fatalf("%.40q: %d bytes, %v", accept, len(a.body), err)
			}
			tag := a.header.Get("ETag")
			if tags[want] == "" {
				tags[want] = tag
			}
			if tag != tags[want] || strings.HasPrefix(tag, "W/") {
				t.Errorf("%.40q: the tag is %s, was %s", accept, tag, tags[want])
			}
			if head := c.call("HEAD", "/long.js", nil).want(200); len(head.body) > 0 || head.header.Get("ETag") != tag || head.header.Get("Content-Encoding") != want {
				t.Errorf("HEAD with %.40q: %v", accept, head.header)
			}
			for list, status := range map[string]int{tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, strings.Trim(tag, `"`): 200} {
				c.header.Set("If-None-Match", list)
				if a := c.call("GET", "/long.js", nil).want(status); status == 304 && (a.header.Get("ETag") != tag || a.header.Get("Vary") == "" || len(a.body) > 0) {
					t.Errorf("%v", a.header)
				}
			}
		}
	}
	if len(tags) != 3 || tags[""] == tags["gzip"] || tags["gzip"] == tags["zstd"] {
		t.Errorf("tags %v", tags)
	}
	if a := x.anonymous().call("GET", "/main.js", nil).want(200); a.header.Get("Content-Encoding") != "" {
		t.Errorf("a short file is compressed: %v", a.header)
	}
}

// Range headers are ignored, above all long ones (GO-2026-6609).
func TestPageIgnoresRanges(t *testing.T) {
	x := start(t, withScript)
	for _, ranges := range []string{"bytes=0-0", "bytes=0-0,5-9", "bytes=0-0" + strings.Repeat(",0-0", 7900), "bytes=-1", "bytes=99999999-"} {
		for _, accept := range []string{"identity", "gzip"} {
			c := x.anonymous()
			c.header["Range"], c.header["Accept-Encoding"] = []string{ranges}, []string{accept}
			a := c.call("GET", "/long.js", nil).want(200)
			if a.header.Get("Content-Range") != "" || a.header.Get("Accept-Ranges") == "bytes" || len(a.body) > len(script) || strings.Contains(a.header.Get("Content-Type"), "multipart") {
				t.Errorf("%.20s: %d bytes, %v", ranges, len(a.body), a.header)
			}
		}
	}
}

// A file is compressed at the first request only: later ones allocate little.
func TestPageIsCompressedOnce(t *testing.T) {
	f := newFile(bytes.Repeat(script, 20), "text/javascript")
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	serve := func() { f.serve(&devNull{header: http.Header{}}, r, "no-cache") }
	serve()
	if n := testing.AllocsPerRun(100, serve); n > 20 {
		t.Errorf("%v allocations", n)
	}
	for _, encoded := range []func() content{f.gzip, f.zstd} {
		if once, again := encoded(), encoded(); &once.body[0] != &again.body[0] {
			t.Errorf("%s is compressed again", once.encoding)
		}
	}
}

type devNull struct{ header http.Header }

func (d *devNull) Header() http.Header         { return d.header }
func (d *devNull) Write(b []byte) (int, error) { return len(b), nil }
func (d *devNull) WriteHeader(int)             {}

// Answers without an identity are too short to be compressed, which would cost time for
// each request.
func TestAnonymousAnswersAreNotCompressed(t *testing.T) {
	x := start(t, withScript)
	x.addOwner()
	c := x.anonymous()
	c.header["Accept-Encoding"] = []string{"gzip, zstd"}
	long := strings.Repeat("long ", 3000)
	for _, call := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/api/server", nil}, {"GET", "/api/me", nil}, {"GET", "/api/" + strings.Repeat("x", 5000), nil}, {"PUT", "/api/server", nil},
		{"POST", "/api/sessions", m{"handle": long, "password": long}}, {"POST", "/api/accounts", m{"handle": long, "name": long}},
		{"POST", "/api/accounts", m{long: 1, "handle": m{}}}, {"POST", "/api/invites/peek", m{"code": long}}, {"POST", "/api/recoveries/use", m{"code": long, "password": long}},
		{"POST", "/api/sessions", []byte(long)}, {"GET", "/healthz", nil}, {"GET", "/readyz", nil},
	} {
		if a := c.call(call.method, call.path, call.body); a.header.Get("Content-Encoding") != "" {
			t.Errorf("%s %.30s is compressed", call.method, call.path)
		}
	}
}
