package middleware

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, s := range texts {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func TestClientAddress(t *testing.T) {
	proxies := prefixes("10.0.0.0/8", "fd00::/8")
	for _, c := range []struct {
		name     string
		trusted  []netip.Prefix
		peer     string
		forward  []string
		want     string
		limitKey string
	}{
		{"direct", nil, "192.0.2.1:5", nil, "192.0.2.1", "192.0.2.1"},
		{"direct v6", nil, "[2001:db8:1:2:3::4]:5", nil, "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"v4 in v6", nil, "[::ffff:192.0.2.1]:5", nil, "192.0.2.1", "192.0.2.1"},
		{"header without trusted proxies", nil, "192.0.2.1:5", []string{"1.1.1.1"}, "192.0.2.1", "192.0.2.1"},
		{"header past the proxies", proxies, "192.0.2.1:5", []string{"1.1.1.1"}, "192.0.2.1", "192.0.2.1"},
		{"by a proxy", proxies, "10.1.1.1:5", []string{"192.0.2.7"}, "192.0.2.7", "192.0.2.7"},
		{"by two", proxies, "[fd00::1]:5", []string{"192.0.2.7, 10.2.2.2"}, "192.0.2.7", "192.0.2.7"},
		{"forged in front", proxies, "10.1.1.1:5", []string{"1.1.1.1, 192.0.2.7"}, "192.0.2.7", "192.0.2.7"},
		{"forged in a line of its own", proxies, "10.1.1.1:5", []string{"1.1.1.1", "192.0.2.7"}, "192.0.2.7", "192.0.2.7"},
		{"garbage", proxies, "10.1.1.1:5", []string{"1.1.1.1, <script>"}, "", ""},
		{"X-Real-IP says nothing", proxies, "192.0.2.1:5", nil, "192.0.2.1", "192.0.2.1"},
	} {
		log, _ := logger()
		r := request("GET", "/", "X-Real-IP: 6.6.6.6", "True-Client-IP: 6.6.6.6")
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forward
		var got, key string
		do(chain(func(_ http.ResponseWriter, r *http.Request) {
			got, key = Address(r.Context()), AddressKey(r.Context())
		}, ClientAddress(c.trusted, log)), r)
		if got != c.want || key != c.limitKey {
			t.Errorf("%s: %q, key %q", c.name, got, key)
		}
	}
}

func TestForwardedWithoutTrustIsLoggedOnce(t *testing.T) {
	log, out := logger()
	h := chain(ok, ClientAddress(nil, log))
	plain := request("GET", "/")
	do(h, plain)
	if out.Len() != 0 {
		t.Fatalf("logged %s", out)
	}
	for range 3 {
		r := request("GET", "/", "X-Forwarded-For: 1.2.3.4")
		r.RemoteAddr = "172.18.0.1:4000"
		do(h, r)
	}
	if s := out.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, "--trusted-proxies 172.18.0.1") || strings.Contains(s, "1.2.3.4") {
		t.Errorf("logged %s", s)
	}
}

func TestIsHTTPS(t *testing.T) {
	for _, c := range []struct {
		name, public, peer string
		tls                bool
		proto              []string
		want               bool
	}{
		{"plain", "", "192.0.2.1:5", false, nil, false},
		{"tls", "", "192.0.2.1:5", true, nil, true},
		{"public url", "https://x", "192.0.2.1:5", false, nil, true},
		{"public url is plain", "http://x", "10.0.0.1:5", false, []string{"https"}, false},
		{"an untrusted peer says so", "", "192.0.2.1:5", false, []string{"https"}, false},
		{"a proxy says so", "", "10.0.0.1:5", false, []string{"https"}, true},
		{"a proxy says no", "", "10.0.0.1:5", false, []string{"http"}, false},
		{"the last proxy counts", "", "10.0.0.1:5", false, []string{"https, http"}, false},
		{"the last line counts", "", "10.0.0.1:5", false, []string{"http", "https"}, true},
	} {
		log, _ := logger()
		r := request("GET", "/")
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-Proto"] = c.proto
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		var got bool
		do(chain(func(_ http.ResponseWriter, r *http.Request) {
			got = IsHTTPS(r, parse(t, c.public))
		}, ClientAddress(prefixes("10.0.0.0/8"), log)), r)
		if got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
