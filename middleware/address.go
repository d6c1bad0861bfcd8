package middleware

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/go-chi/httprate"
)

// client is who sent a request, as far as its connection and trusted proxies tell.
type client struct {
	address netip.Addr // not valid if the peer has none
	proxied bool       // the peer is a trusted proxy
}

type clientKey struct{}

// ClientAddress sets the client's address: the peer of the TCP connection or, if that
// is a trusted proxy, the rightmost address in X-Forwarded-For that is not one. If all
// are, it is the leftmost. An entry that is not an address ends the search: the client is
// then the proxy that passed the entry on, so that its clients share that proxy's limits.
//
// Other headers (Forwarded, X-Real-IP) are never read: a proxy that sets one of them
// passes the others on as a client sent them. What makes clients share one address's
// limits is logged once: X-Forwarded-For without a trusted proxy, and a trusted proxy
// that names its clients in another way.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger) Middleware {
	var once sync.Once
	warn := func(text string, peer netip.Addr) {
		once.Do(func() { log.Warn(text, slog.String("peer", peer.String())) })
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			peer := peerAddress(r.RemoteAddr)
			c := client{address: peer, proxied: isIn(peer, trusted)}
			forwarded := r.Header["X-Forwarded-For"]
			switch {
			case c.proxied:
				found, valid := forwardedFor(forwarded, trusted)
				if found.IsValid() {
					c.address = found
				}
				if !valid || forwarded == nil && (r.Header["Forwarded"] != nil || r.Header["X-Real-Ip"] != nil) {
					warn("the trusted proxy sends no address in X-Forwarded-For; all its clients share its limits", peer)
				}
			case forwarded != nil && len(trusted) == 0:
				warn("X-Forwarded-For is ignored; if your own proxy sent it, start with --trusted-proxies "+peer.WithZone("").String(), peer)
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), clientKey{}, c)))
		})
	}
}

// peerAddress returns the address of a TCP peer, with its zone.
func peerAddress(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	peer, _ := netip.ParseAddr(host)
	return peer.Unmap()
}

// forwardedFor returns the client in the values of X-Forwarded-For, which are one list
// (RFC 9110, section 5.3). valid is false if the search ended at an entry that is no
// address; found is then the proxy that passed it on, if the list names that.
func forwardedFor(values []string, trusted []netip.Prefix) (found netip.Addr, valid bool) {
	entries := strings.Split(strings.Join(values, ","), ",")
	for _, entry := range slices.Backward(entries) {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		address, ok := forwardedAddress(entry)
		if !ok {
			return found, false
		}
		if found = address; !isIn(address, trusted) {
			break
		}
	}
	return found, true
}

// forwardedAddress parses an address as proxies write it: alone or with a port, IPv6
// with or without brackets, in quotes. It drops the zone, and the IPv6 form of an IPv4
// address, so that no client has two names.
func forwardedAddress(s string) (a netip.Addr, ok bool) {
	s = strings.Trim(s, `"`)
	a, err := netip.ParseAddr(s)
	if err != nil {
		host, _, err := net.SplitHostPort(s)
		if err != nil {
			inner, closed := strings.CutSuffix(strings.TrimPrefix(s, "["), "]")
			if !closed || s[0] != '[' {
				return a, false
			}
			host = inner
		}
		if a, err = netip.ParseAddr(host); err != nil {
			return a, false
		}
	}
	return a.Unmap().WithZone(""), true
}

// isIn reports whether an address is in one of the prefixes.
func isIn(a netip.Addr, prefixes []netip.Prefix) bool {
	a = a.WithZone("") // prefixes have none
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool { return p.Contains(a) })
}

// Address returns the client's full address as set by ClientAddress. Where the peer has
// none it is "unknown", so that a log line is never without; outside of ClientAddress it
// is "".
func Address(ctx context.Context) string {
	c, ok := ctx.Value(clientKey{}).(client)
	switch {
	case !ok:
		return ""
	case !c.address.IsValid():
		return "unknown"
	}
	return c.address.String()
}

// AddressKey returns the key under which limits count the client's address: IPv6
// addresses by /64, since one customer has a whole /64.
func AddressKey(ctx context.Context) string { return KeyOfAddress(Address(ctx)) }

// KeyOfAddress returns the AddressKey of a full address that Address returned.
func KeyOfAddress(address string) string {
	address, _, _ = strings.Cut(address, "%") // the zone, which CanonicalizeIP does not parse
	return httprate.CanonicalizeIP(address)
}

// IsHTTPS reports whether the client uses https. The public URL decides, if there is
// one; else the connection is TLS, or a trusted proxy states that the client's is.
func IsHTTPS(r *http.Request, public *url.URL) bool {
	if public != nil {
		return public.Scheme == "https"
	}
	if r.TLS != nil {
		return true
	}
	if c, _ := r.Context().Value(clientKey{}).(client); !c.proxied {
		return false
	}
	// The last value was set by the nearest proxy.
	protos := strings.Split(strings.Join(r.Header["X-Forwarded-Proto"], ","), ",")
	return strings.EqualFold(strings.TrimSpace(protos[len(protos)-1]), "https")
}
