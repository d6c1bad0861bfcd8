package api

import (
	"net/url"
	"testing"

	"parley/chat"
)

// A host that is valid for a link is parsed as the same host: it has no user, no path, and
// nothing that ends it early.
func FuzzHost(f *testing.F) {
	for _, h := range []string{"chat.example", "chat.example:8080", "[::1]:80", "a@b", "a/b", "a:b", "[::1", "a#b", "a\\b", "%61", "xn--a", "a..b", ":80"} {
		f.Add(h)
	}
	f.Fuzz(func(t *testing.T, h string) {
		if !validHost(h) {
			return
		}
		link := inviteLink(&url.URL{Scheme: "http", Host: h}, "CODE")
		u, err := url.Parse(link)
		if err != nil || u.Host != h || u.User != nil || u.Path != "/" || u.RawQuery != "" || u.Fragment != "invite=CODE" {
			t.Errorf("host %q makes the link %q: %+v, %v", h, link, u, err)
		}
	})
}

// parseCursor accepts exactly what cursor returns.
func FuzzCursor(f *testing.F) {
	for _, s := range []string{cursor(&chat.Chat{Activity: 1, ID: "a"}), cursor(&chat.Chat{Activity: -1, ID: "-P787"}), "", "MS4", "LjE", "!", "MTAuYQ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseCursor(s)
		if err != nil {
			if !chat.Is(err, chat.BadInput) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if again, err := parseCursor(cursor(&chat.Chat{Activity: c.Activity, ID: c.ID})); err != nil || again != c {
			t.Errorf("%q: %+v, then %+v, %v", s, c, again, err)
		}
	})
}
