package middleware

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/unrolled/secure"
)

const (
	apiPolicy  = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	pagePolicy = "default-src 'self'; connect-src %s; img-src 'self' data:; style-src 'self'; script-src 'self'; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	hstsSeconds = 365 * 24 * 60 * 60
)

// Headers sets what keeps browsers from helping an attacker: a content security
// policy without inline code, no sniffing, no frames, no referrer, nothing
// shared with other origins, no devices. HSTS only when the public URL is
// https, since it would lock a plain installation out of its own host.
func Headers(public *url.URL) Middleware {
	// 'self' covers ws and wss of the same host (CSP level 3); older browsers need
	// the name, which only the public URL can give.
	connect := "'self'"
	https := public != nil && public.Scheme == "https"
	if public != nil {
		connect += " ws" + strings.TrimPrefix(public.Scheme, "http") + "://" + public.Host
	}
	options := secure.Options{
		ContentTypeNosniff:        true,
		FrameDeny:                 true,
		ReferrerPolicy:            "no-referrer",
		CrossOriginResourcePolicy: "same-origin",
		PermissionsPolicy:         "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
		ForceSTSHeader:            https,
	}
	if https {
		options.STSSeconds = hstsSeconds
	}
	options.ContentSecurityPolicy = apiPolicy
	api := secure.New(options)
	options.ContentSecurityPolicy = strings.Replace(pagePolicy, "%s", connect, 1)
	page := secure.New(options)
	return func(next http.Handler) http.Handler {
		apiNext, pageNext := api.Handler(next), page.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if https || trustworthy(r) {
				w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
			}
			if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") {
				apiNext.ServeHTTP(w, r)
				return
			}
			pageNext.ServeHTTP(w, r)
		})
	}
}

// trustworthy tells whether browsers would heed Cross-Origin-Opener-Policy: from
// plain http on a LAN they ignore it, and complain on the console of each page.
func trustworthy(r *http.Request) bool {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return true
	}
	name := (&url.URL{Host: r.Host}).Hostname()
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}
