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
		{"with a port", proxies, "10.1.1.1:5", []string{"192.0.2.7:40001"}, "192.0.2.7", "192.0.2.7"},
		{"with a port, forged in front", proxies, "10.1.1.1:5", []string{"1.1.1.1:80, 192.0.2.7:40001"}, "192.0.2.7", "192.0.2.7"},
		{"a proxy with a port", proxies, "10.1.1.1:5", []string{"192.0.2.7:40001, 10.2.2.2:8443"}, "192.0.2.7", "192.0.2.7"},
		{"v6", proxies, "10.1.1.1:5", []string{"2001:db8:1:2:3::4"}, "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"v6 with a port", proxies, "10.1.1.1:5", []string{"[2001:db8:1:2:3::4]:40001"}, "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"v6 in brackets", proxies, "10.1.1.1:5", []string{"[2001:db8:1:2:3::4]"}, "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"v6 with a zone", proxies, "10.1.1.1:5", []string{"[fe80::1%eth0]:40001"}, "fe80::1", "fe80::"},
		{"v6 proxy with a zone", prefixes("fe80::/10"), "[fe80::2%eth0]:5", []string{"192.0.2.7, [fe80::3%eth0]:1"}, "192.0.2.7", "192.0.2.7"},
		{"v4 in v6 with a port", proxies, "10.1.1.1:5", []string{"[::ffff:192.0.2.7]:40001"}, "192.0.2.7", "192.0.2.7"},
		{"quoted", proxies, "10.1.1.1:5", []string{`"[2001:db8:1:2:3::4]:40001"`}, "2001:db8:1:2:3::4", "2001:db8:1:2::"},
		{"empty entries", proxies, "10.1.1.1:5", []string{"192.0.2.7, , ", ""}, "192.0.2.7", "192.0.2.7"},
		{"only proxies", proxies, "10.1.1.1:5", []string{"10.9.9.9, 10.2.2.2"}, "10.9.9.9", "10.9.9.9"},
		{"without a header", proxies, "10.1.1.1:5", nil, "10.1.1.1", "10.1.1.1"},
		{"garbage", proxies, "10.1.1.1:5", []string{"1.1.1.1, <script>"}, "10.1.1.1", "10.1.1.1"},
		{"garbage before a proxy", proxies, "10.1.1.1:5", []string{"1.1.1.1, unknown, 10.2.2.2"}, "10.2.2.2", "10.2.2.2"},
		{"a hidden client", proxies, "10.1.1.1:5", []string{"_hidden"}, "10.1.1.1", "10.1.1.1"},
		{"a port alone", proxies, "10.1.1.1:5", []string{":40001"}, "10.1.1.1", "10.1.1.1"},
		{"a name", proxies, "10.1.1.1:5", []string{"client.example:40001"}, "10.1.1.1", "10.1.1.1"},
		{"an open bracket", proxies, "10.1.1.1:5", []string{"[2001:db8::1"}, "10.1.1.1", "10.1.1.1"},
		{"direct with a zone", nil, "[fe80::1%eth0]:5", nil, "fe80::1%eth0", "fe80::"},
		{"no address at all", proxies, "@", []string{"192.0.2.7"}, "unknown", "unknown"},
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

func TestProxyWithoutForwardedForIsLoggedOnce(t *testing.T) {
	log, out := logger()
	h := chain(ok, ClientAddress(prefixes("10.0.0.0/8"), log))
	send := func(peer string, lines ...string) {
		r := request("GET", "/", lines...)
		r.RemoteAddr = peer
		do(h, r)
	}
	send("10.0.0.1:5", "X-Forwarded-For: 192.0.2.7:40001")
	send("10.0.0.1:5")                                        // a health check
	send("192.0.2.1:5", "Forwarded: for=192.0.2.7")           // past the proxy
	send("10.0.0.1:5", "X-Forwarded-For: 192.0.2.7, 1.2.3.4") // a chain
	if out.Len() != 0 {
		t.Fatalf("logged %s", out)
	}
	for range 3 {
		send("10.0.0.1:5", "Forwarded: for=192.0.2.7")
		send("10.0.0.1:5", "X-Real-IP: 192.0.2.7")
		send("10.0.0.1:5", "X-Forwarded-For: unknown")
	}
	if s := out.String(); strings.Count(s, "\n") != 1 || !strings.Contains(s, `"peer":"10.0.0.1"`) || strings.Contains(s, "192.0.2.7") {
		t.Errorf("logged %s", s)
	}
}

func FuzzForwardedAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.7", "192.0.2.7:1", "[::1]:1", "[fe80::1%a]:1", "[", "]", "[]", ":", "\"", "%", "::ffff:1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := forwardedAddress(s)
		if ok != a.IsValid() || a.Zone() != "" || a.Is4In6() {
			t.Errorf("%q: %v %v", s, a, ok)
		}
		if again, ok2 := forwardedAddress(a.String()); ok && (!ok2 || again != a) {
			t.Errorf("%q: %v, then %v", s, a, again)
		}
	})
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
