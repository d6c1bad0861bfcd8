package webpush

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// tokenLife is how long a VAPID token is valid. RFC 8292, section 2, allows 24 hours; a push
// service whose clock differs must still accept it.
const tokenLife = 12 * time.Hour

// Key is a server's VAPID key (RFC 8292): push services accept pushes to a subscription only
// by the key that it was made for.
type Key struct {
	private *ecdsa.PrivateKey
	public  string
}

// NewKey returns a new key.
func NewKey() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return newKey(private)
}

// ParseKey returns the key whose Bytes these are.
func ParseKey(raw []byte) (*Key, error) {
	private, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return nil, fmt.Errorf("the VAPID key: %w", err)
	}
	return newKey(private)
}

func newKey(private *ecdsa.PrivateKey) (*Key, error) {
	public, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, err
	}
	return &Key{private: private, public: base64.RawURLEncoding.EncodeToString(public)}, nil
}

// Bytes returns the private key. It is a secret.
func (k *Key) Bytes() ([]byte, error) { return k.private.Bytes() }

// Public returns the public key in base64url, as a browser's PushManager takes it
// (applicationServerKey).
func (k *Key) Public() string { return k.public }

// authorization returns the Authorization header for a push to the endpoint (RFC 8292,
// section 3). subject is the contact, an https or mailto URL.
func (k *Key) authorization(endpoint *url.URL, subject string, now time.Time) (string, error) {
	claims, err := json.Marshal(map[string]any{"aud": "https://" + endpoint.Host, "exp": now.Add(tokenLife).Unix(), "sub": subject})
	if err != nil {
		return "", err
	}
	token := base64.RawURLEncoding.EncodeToString([]byte(`{"typ":"JWT","alg":"ES256"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(token))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, digest[:])
	if err != nil {
		return "", err
	}
	var signature [64]byte // RFC 7518, section 3.4: r and s, not ASN.1
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return "vapid t=" + token + "." + base64.RawURLEncoding.EncodeToString(signature[:]) + ", k=" + k.public, nil
}

// CheckSubject returns why push services may refuse the subject, or "". Apple's refuses one
// whose host is not on the internet.
func CheckSubject(subject string) string {
	u, err := url.Parse(subject)
	if err != nil {
		return "the contact is not a URL"
	}
	host := u.Hostname()
	switch u.Scheme {
	case "https":
	case "mailto":
		_, host, _ = strings.Cut(u.Opaque, "@")
	default:
		return "the contact must be an https or a mailto URL"
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	dot := strings.LastIndexByte(host, '.')
	switch {
	case dot < 0 || strings.Trim(host, "0123456789.:") == "":
		return "the contact needs a public host name"
	}
	switch host[dot+1:] {
	case "local", "localhost", "internal", "invalid", "test", "example", "lan", "home", "arpa":
		return "the contact needs a public host name"
	}
	return ""
}
