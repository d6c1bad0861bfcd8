package api

import (
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"parley/chat"
	"parley/middleware"
)

// Links carry their code in the fragment, which a browser does not send to a server.
func setupLink(base *url.URL, code string) string   { return link(base, "setup", code) }
func inviteLink(base *url.URL, code string) string  { return link(base, "invite", code) }
func recoverLink(base *url.URL, code string) string { return link(base, "recover", code) }

func link(base *url.URL, kind, code string) string {
	return strings.TrimSuffix(base.String(), "/") + "/#" + kind + "=" + code
}

// baseURL returns the URL with which links begin: the public URL, or else the request's
// Host, if it is valid. Only the caller gets such a link.
func (a *API) baseURL(r *http.Request) (*url.URL, error) {
	if a.PublicURL != nil {
		return a.PublicURL, nil
	}
	if !validHost(r.Host) {
		return nil, chat.FailField(chat.BadInput, "Host", "the Host header is not a host and port")
	}
	scheme := "http"
	if middleware.IsHTTPS(r, a.PublicURL) {
		scheme = "https"
	}
	return &url.URL{Scheme: scheme, Host: r.Host}, nil
}

// validHost reports whether h is name, name:port, 192.0.2.1:port or [2001:db8::1]:port.
func validHost(h string) bool {
	if h == "" || len(h) > 255 {
		return false
	}
	if strings.HasPrefix(h, "[") {
		inner, rest, ok := strings.Cut(h[1:], "]")
		ip, err := netip.ParseAddr(inner)
		return ok && err == nil && ip.Is6() && ip.Zone() == "" && (rest == "" || rest[0] == ':' && isPort(rest[1:]))
	}
	name, port, hasPort := strings.Cut(h, ":")
	if name == "" || hasPort && !isPort(port) {
		return false
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return true
}

func isPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}
