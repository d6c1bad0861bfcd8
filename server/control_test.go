package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
)

// The commands parley recover and parley backup, over the socket file.
func TestControl(t *testing.T) {
	for _, public := range []string{"", "https://chat.example"} {
		x := start(t, func(c *Config) {
			if public != "" {
				c.PublicURL, _ = url.Parse(public)
			}
		})
		here, _ := url.Parse(x.url)
		control := x.s.Control(here).Handler()
		base := x.url
		if public != "" {
			base = public
		}
		ask := func(path, body string) *answer {
			t.Helper()
			r := httptest.NewRequest("POST", "http://parley"+path, strings.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			control.ServeHTTP(w, r)
			return &answer{t, "POST " + path, w.Code, w.Header(), w.Body.Bytes()}
		}
		var out api.Link
		ask("/owner-link", "").want(200).into(&out)
		if !strings.HasPrefix(out.URL, base+"/#setup=") {
			t.Errorf("%+v", out)
		}
		owner := x.addOwner()
		if a := ask("/owner-link", "").want(http.StatusConflict); !strings.Contains(string(a.body), "owner") {
			t.Errorf("%s", a.body)
		}
		ask("/recover", `{"handle": "@Owner"}`).want(200).into(&out)
		link, code, ok := strings.Cut(out.URL, "/#recover=")
		if !ok || link != base || out.ExpiresAt == 0 {
			t.Errorf("%+v", out)
		}
		if a := ask("/recover", `{"handle": "ghost"}`).want(http.StatusNotFound); !strings.Contains(string(a.body), "ghost") {
			t.Errorf("%s", a.body)
		}
		ask("/recover", `{"handle": 7}`).want(http.StatusBadRequest)
		ask("/other", "").want(http.StatusNotFound)
		file := filepath.Join(t.TempDir(), "copy.db")
		body := fmt.Sprintf(`{"file": %q}`, file)
		ask("/backup", body).want(200)
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
		for body, want := range map[string]struct {
			status int
			says   string
		}{body: {http.StatusConflict, file}, `{"file": "copy.db"}`: {http.StatusBadRequest, "absolute"}, `{}`: {http.StatusBadRequest, "absolute"},
			`{"file": 7}`: {http.StatusBadRequest, "file"}, `{"file": "/no/such/folder/copy.db"}`: {http.StatusServiceUnavailable, "no such file"}} {
			if a := ask("/backup", body).want(want.status); !strings.Contains(string(a.body), want.says) {
				t.Errorf("%s: %s", body, a.body)
			}
		}
		x.anonymous().call("POST", "/api/recoveries/use", m{"code": code, "password": "new password"}).want(201)
		owner.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	}
}
