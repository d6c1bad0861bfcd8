package webpush

import (
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"net/netip"
	"net/url"
	"strings"
)

// Subscription is where a browser receives pushes, as its PushManager made it.
type Subscription struct {
	Endpoint string
	Key      []byte // p256dh: the browser's public key on P-256, uncompressed
	Auth     []byte // auth: the secret of the encryption
}

// Sizes of a subscription, in bytes.
const (
	MaxEndpoint = 2000
	keySize     = 65
	authSize    = 16
)

// Errors of Check, one for each field.
var (
	ErrEndpoint = errors.New("endpoint must be an https address of a push service, of at most 2000 bytes")
	ErrKey      = errors.New("p256dh must be a public key on the curve P-256, in base64url")
	ErrAuth     = errors.New("auth must be 16 bytes in base64url")
)

// NewSubscription returns the subscription with these values, the keys in base64url as a
// browser's PushSubscription.toJSON returns them. It refuses what no push can be sent to: the
// error is ErrEndpoint, ErrKey or ErrAuth. Whether the endpoint is public is judged when it
// is dialled.
func NewSubscription(endpoint, p256dh, auth string) (Subscription, error) {
	if !isEndpoint(endpoint) {
		return Subscription{}, ErrEndpoint
	}
	key, err := decode(p256dh)
	if err != nil || len(key) != keySize {
		return Subscription{}, ErrKey
	}
	if _, err := ecdh.P256().NewPublicKey(key); err != nil {
		return Subscription{}, ErrKey
	}
	secret, err := decode(auth)
	if err != nil || len(secret) != authSize {
		return Subscription{}, ErrAuth
	}
	return Subscription{Endpoint: endpoint, Key: key, Auth: secret}, nil
}

// MustShow reports whether each push to the endpoint has to show a notification. Apple's browsers
// end a subscription after three that do not; others let one pass while a notification of the
// site is shown.
func MustShow(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err != nil || strings.HasSuffix(u.Hostname(), ".push.apple.com")
}

// isEndpoint reports whether s is an https URL with a host that is not an address of a private
// network. A name may still lead to one: the dialer judges that.
func isEndpoint(s string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > MaxEndpoint || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return false
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return guardian.Safe("tcp4", netip.AddrPortFrom(ip.Unmap(), 443).String(), nil) == nil || ip.Is6() && !ip.Is4In6() && guardian.Safe("tcp6", netip.AddrPortFrom(ip, 443).String(), nil) == nil
	}
	return true
}

// decode decodes base64url, with padding or without.
func decode(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
}
