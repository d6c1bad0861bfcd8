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

// ClientAddress sets the client's address: the peer of the TCP connection or, if that
// is a trusted proxy, the rightmost address in X-Forwarded-For that is not one. Without
// trusted proxies the header is ignored. The first request that has it is then logged,
// since all clients behind that proxy share one address's limits.
func ClientAddress(trusted []netip.Prefix, log *slog.Logger) Middleware {
	if len(trusted) == 0 {
		var once sync.Once
		return func(next http.Handler) http.Handler {
			return chimw.ClientIPFromRemoteAddr(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header["X-Forwarded-For"] != nil {
					once.Do(func() {
						log.Warn("X-Forwarded-For is ignored; if your own proxy sent it, start with --trusted-proxies "+Address(r.Context()),
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

// addressIn reports whether a remote address is in one of the prefixes.
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

// Address returns the client's full address as set by ClientAddress, or "" if a trusted
// proxy sent no valid one.
func Address(ctx context.Context) string { return chimw.GetClientIP(ctx) }

// AddressKey returns the key under which limits count the client's address: IPv6
// addresses by /64, since one customer has a whole /64.
func AddressKey(ctx context.Context) string { return KeyOfAddress(Address(ctx)) }

// KeyOfAddress returns the AddressKey of a full address that Address returned.
func KeyOfAddress(address string) string { return httprate.CanonicalizeIP(address) }

// IsHTTPS reports whether the client uses https. The public URL decides, if there is
// one; else the connection is TLS, or a trusted proxy states that the client's is.
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
	// The last value was set by the nearest proxy.
	protos := strings.Split(strings.Join(r.Header["X-Forwarded-Proto"], ","), ",")
	return strings.EqualFold(strings.TrimSpace(protos[len(protos)-1]), "https")
}
