package middleware

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"parley/chat"
)

// SameOrigin refuses requests with an unsafe method that a browser marks as coming from
// another site (net/http's CrossOriginProtection), unless they come from one of origins or
// have a valid token in the Authorization header, which no browser sends by itself.
// Programs, which send neither Sec-Fetch-Site nor Origin, pass.
func SameOrigin(public *url.URL, origins []*url.URL, fail Fail) Middleware {
	protection := http.NewCrossOriginProtection()
	if public != nil {
		// The proxy may rewrite Host, so the public origin must be named. The error is for
		// a URL that is not an origin.
		_ = protection.AddTrustedOrigin(public.Scheme + "://" + public.Host)
	}
	for _, o := range origins {
		_ = protection.AddTrustedOrigin(o.Scheme + "://" + o.Host)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, chat.Fail(chat.Forbidden, "this request comes from another site"))
	}))
	return func(next http.Handler) http.Handler {
		protected := protection.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c := CallerOf(r.Context()); c.SignedIn() && !c.Cookie {
				next.ServeHTTP(w, r)
			} else {
				protected.ServeHTTP(w, r)
			}
		})
	}
}

// SocketOrigin checks the Origin of a WebSocket upgrade, to which browsers apply no
// same-origin policy. cookie is whether the identity comes from the cookie
// (Caller.Cookie), which a browser sends from any site's page. Then the Origin must be
// this server's in scheme, host and port: that of the public URL, or else Host with the
// client's scheme (IsHTTPS), so that behind a proxy that terminates TLS --public-url or
// --trusted-proxies is needed, or one of origins. Any other Origin, a missing one and "null"
// are refused.
//
// Without the cookie every Origin passes: a page of another site needs a token for
// hello, and if it has one, a user gave it to that page.
func SocketOrigin(r *http.Request, public *url.URL, origins []*url.URL, cookie bool) error {
	if !cookie || HasOwnOrigin(r, public) || isOneOf(r, origins) {
		return nil
	}
	return chat.Fail(chat.Forbidden,
		"an upgrade with a cookie must have this server's Origin (if the page is at another address, start with --public-url or --origins)")
}

// HasOwnOrigin reports whether a request has exactly one Origin and that is this server's:
// a browser sends it for a page of the server.
func HasOwnOrigin(r *http.Request, public *url.URL) bool {
	ours := public
	if ours == nil {
		ours = &url.URL{Scheme: "http", Host: r.Host}
		if IsHTTPS(r, nil) {
			ours.Scheme = "https"
		}
	}
	origins := r.Header["Origin"]
	return len(origins) == 1 && isOrigin(origins[0], ours)
}

// isOneOf reports whether a request has exactly one Origin and that is one of origins.
func isOneOf(r *http.Request, origins []*url.URL) bool {
	have := r.Header["Origin"]
	return len(have) == 1 && slices.ContainsFunc(origins, func(u *url.URL) bool { return isOrigin(have[0], u) })
}

// isOrigin reports whether an Origin header is the origin of a URL (RFC 6454, section
// 4). It compares strings and does not parse the header, so that no two parsers can
// disagree.
func isOrigin(origin string, u *url.URL) bool {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	if port == "" || host == "" {
		return false
	}
	return strings.ToLower(origin) == scheme+"://"+strings.TrimSuffix(host, port)
}
