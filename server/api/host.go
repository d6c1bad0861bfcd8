package api

import (
	"net/http"
	"net/url"
	"slices"
	"sync"

	"parley/chat"
	"parley/middleware"
	"parley/server/request"
)

// maxHosts bounds the hosts that are known; the first one stays.
const maxHosts = 16

// hosts are the URLs at which an admin of the server was seen: they signed in there, or
// their browser sent its cookie from a page there. While there is none, the URL of the
// first sign-in of any user stands in. Links follow no other Host once one is known. They
// are in memory: after a restart the next sign-in makes one known.
type hosts struct {
	mu      sync.Mutex
	known   []url.URL // guarded by mu
	byAdmin bool      // guarded by mu: known is of admins
}

// add makes the URL known at which a user was seen.
func (h *hosts) add(u url.URL, admin bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if admin && !h.byAdmin {
		h.known, h.byAdmin = nil, true
	}
	if (admin || len(h.known) == 0) && len(h.known) < maxHosts && !slices.Contains(h.known, u) {
		h.known = append(h.known, u)
	}
}

// choose returns u if it is known or if none is, and else the first that is.
func (h *hosts) choose(u url.URL) url.URL {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.known) == 0 || slices.Contains(h.known, u) {
		return u
	}
	return h.known[0]
}

// requestURL returns the URL that the client used, as the Host header says it.
func requestURL(r *http.Request) (u url.URL, err error) {
	if !validHost(r.Host) {
		return u, chat.FailField(chat.BadInput, "Host", "the Host header is not a host and port")
	}
	u = url.URL{Scheme: "http", Host: r.Host}
	if middleware.IsHTTPS(r, nil) {
		u.Scheme = "https"
	}
	return u, nil
}

// sawSignIn makes the URL of a sign-in known.
func (a *API) sawSignIn(r *http.Request, user chat.User) {
	if u, err := requestURL(r); err == nil {
		a.hosts.add(u, user.Role == chat.RoleAdmin)
	}
}

// baseURL returns the URL with which links begin: the public URL; or that of the page
// whose browser sent its cookie with this request; or else the request's Host, unless
// that is unknown while others are known. Only the caller gets such a link.
func (a *API) baseURL(r *http.Request) (*url.URL, error) {
	if a.PublicURL != nil {
		return a.PublicURL, nil
	}
	u, err := requestURL(r)
	if err != nil {
		return nil, err
	}
	switch c := request.Identity(r); {
	case !c.Cookie || !middleware.HasOwnOrigin(r, nil):
		u = a.hosts.choose(u)
	case c.User.Role == chat.RoleAdmin:
		a.hosts.add(u, true)
	}
	return &u, nil
}
