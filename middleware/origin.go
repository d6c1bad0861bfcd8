package middleware

import (
	"net/http"
	"net/url"
	"strings"

	"parley/chat"
)

// SameOrigin refuses requests with an unsafe method that a browser says come
// from another site (net/http's CrossOriginProtection); programs, which send
// neither Sec-Fetch-Site nor Origin, pass.
func SameOrigin(public *url.URL, fail Fail) Middleware {
	protection := http.NewCrossOriginProtection()
	if public != nil {
		// Behind a proxy that rewrites Host, the public origin is ours all the same.
		// The error is for a URL that is no origin, which this one is by its parts.
		_ = protection.AddTrustedOrigin(public.Scheme + "://" + public.Host)
	}
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fail(w, r, chat.Fail(chat.Forbidden, "this request came from another site"))
	}))
	return protection.Handler
}

// SocketOrigin judges the Origin of a WebSocket upgrade, which every browser
// sends and no same-origin policy guards. cookie says whether the request's
// identity would be its cookie (Caller.Cookie): only that is sent without the
// page knowing it. Then the Origin must be ours, in scheme, host and port: that
// of the public URL, else of Host with the scheme by which the client came
// (IsHTTPS), so that behind a proxy that ends TLS one of --public-url and
// --trusted-proxies is needed. A missing Origin, "null" and anything else is
// refused.
//
// Without the cookie every Origin passes: a page elsewhere that knows a token
// has been given it, and one that does not gets no further than hello.
func SocketOrigin(r *http.Request, public *url.URL, cookie bool) error {
	if !cookie {
		return nil
	}
	ours := public
	if ours == nil {
		ours = &url.URL{Scheme: "http", Host: r.Host}
		if IsHTTPS(r, nil) {
			ours.Scheme = "https"
		}
	}
	if origins := r.Header["Origin"]; len(origins) == 1 && isOrigin(origins[0], ours) {
		return nil
	}
	return chat.Fail(chat.Forbidden,
		"an upgrade with a cookie needs the Origin of this server (if this is its page, --public-url must say so)")
}

// isOrigin compares an Origin header with the origin of a URL (RFC 6454,
// section 4). The header is matched as a string, never taken apart, so that no
// two parsers can disagree on it.
func isOrigin(origin string, u *url.URL) bool {
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	port := map[string]string{"http": ":80", "https": ":443"}[scheme]
	if port == "" || host == "" {
		return false
	}
	return strings.ToLower(origin) == scheme+"://"+strings.TrimSuffix(host, port)
}
