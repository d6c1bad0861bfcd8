package api

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Links carry their code in the fragment, which a browser does not send to a server.
func setupLink(base *url.URL, code string) string   { return link(base, "setup", code) }
func inviteLink(base *url.URL, code string) string  { return link(base, "invite", code) }
func recoverLink(base *url.URL, code string) string { return link(base, "recover", code) }

func link(base *url.URL, kind, code string) string {
	return strings.TrimSuffix(base.String(), "/") + "/#" + kind + "=" + code
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
