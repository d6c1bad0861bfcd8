package middleware

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"

	chimw "github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"
)

type proxiedKey struct{}

// ClientAddress finds out who is asking: the peer of the TCP connection or, if
// that is a trusted proxy, the rightmost address in X-Forwarded-For that is
// not. Without trusted proxies the header is ignored, and its first appearance
// gives one line in the log, since then all clients share the proxy's limits.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger) Middleware {
	if len(trusted) == 0 {
		var once sync.Once
		return func(next http.Handler) http.Handler {
			return chimw.ClientIPFromRemoteAddr(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header["X-Forwarded-For"] != nil {
					once.Do(func() {
						log.Warn("X-Forwarded-For is ignored; if a proxy of yours sent it, start with --trusted-proxies "+Address(r.Context()),
							slog.String("peer", Address(r.Context())))
					})
				}
				next.ServeHTTP(w, r)
			}))
		}
	}
	cidrs := make([]string, len(trusted))
	for i, p := range trusted {
		cidrs[i] = p.String()
	}
	fromHeader := chimw.ClientIPFromXFF(cidrs...)
	return func(next http.Handler) http.Handler {
		next = fromHeader(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if addressIn(r.RemoteAddr, trusted) {
				r = r.WithContext(context.WithValue(r.Context(), proxiedKey{}, true))
			}
			next.ServeHTTP(w, r)
		})
	}
}

func addressIn(remote string, prefixes []netip.Prefix) bool {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	addr = addr.Unmap().WithZone("")
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Address is the client's address in full, as ClientAddress found it; "" when a
// trusted proxy said nothing that is one.
func Address(ctx context.Context) string { return chimw.GetClientIP(ctx) }

// AddressKey is the client's address as limits see it: IPv6 by /64, since one
// customer has all of one.
func AddressKey(ctx context.Context) string { return KeyOfAddress(Address(ctx)) }

// KeyOfAddress is AddressKey of an address in full, as Address returned it.
func KeyOfAddress(address string) string { return httprate.CanonicalizeIP(address) }

// IsHTTPS reports whether the client speaks https: as the public URL says, else
// if the connection is TLS or a trusted proxy says that its own is.
func IsHTTPS(r *http.Request, public *url.URL) bool {
	if public != nil {
		return public.Scheme == "https"
	}
	if r.TLS != nil {
		return true
	}
	if proxied, _ := r.Context().Value(proxiedKey{}).(bool); !proxied {
		return false
	}
	// Of several values the last is that of the proxy next to us.
	protos := strings.Split(strings.Join(r.Header["X-Forwarded-Proto"], ","), ",")
	return strings.EqualFold(strings.TrimSpace(protos[len(protos)-1]), "https")
}
