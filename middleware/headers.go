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
	pagePolicy = "default-src 'self'; connect-src %s; img-src 'self' data: blob:; style-src 'self'; script-src 'self'; " +
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
	hsts = "max-age=31536000" // a year
)

// Headers sets security headers: a content security policy without inline code, no
// content sniffing, no frames, no referrer, no sharing with other origins, no devices.
// HSTS is set only on answers over TLS, as RFC 6797, section 7.2, asks: to this server or
// to a trusted proxy. It also needs a public URL with https, which says that the host is
// meant for TLS alone: HSTS covers all its ports, and a LAN without TLS would become
// unreachable.
func Headers(public *url.URL) Middleware {
	// 'self' covers ws and wss of the same host (CSP level 3). Older browsers need
	// the host's name, which only the public URL states.
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
	}
	api := fixedHeaders(options, apiPolicy)
	page := fixedHeaders(options, strings.Replace(pagePolicy, "%s", connect, 1))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h, set := w.Header(), page
			if r.URL.Path == "/api" || strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/socket.io") {
				set = api
			}
			for _, f := range set {
				h[f.name] = f.value
			}
			if https && IsHTTPS(r, nil) {
				h.Set("Strict-Transport-Security", hsts)
			}
			if https || secureContext(r) {
				h.Set("Cross-Origin-Opener-Policy", "same-origin")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// header is a header of every answer. The value is shared between answers: it has no
// spare capacity, so that appending to it makes a copy.
type header struct {
	name  string
	value []string
}

// fixedHeaders returns the headers that secure sets under these options. They do not
// depend on the request, so they are computed once.
func fixedHeaders(options secure.Options, policy string) (fields []header) {
	options.ContentSecurityPolicy = policy
	// The error is for redirects and hosts that are not allowed, of which there are none.
	h, _, _ := secure.New(options).ProcessNoModifyRequest(nil, &http.Request{URL: &url.URL{}})
	for name, value := range h {
		fields = append(fields, header{name, value[:1:1]})
	}
	return fields
}

// secureContext reports whether browsers respect Cross-Origin-Opener-Policy on this
// request's page. On plain http in a LAN they ignore it and warn in the console.
func secureContext(r *http.Request) bool {
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		return true
	}
	name := (&url.URL{Host: r.Host}).Hostname()
	ip, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && ip.IsLoopback()
}
