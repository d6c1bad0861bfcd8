package server

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/server/push/payload"
)

// browser is the receiver of a subscription.
type browser struct {
	endpoint string
	key      *ecdh.PrivateKey
	auth     []byte
}

func newBrowser(endpoint string) *browser {
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return &browser{endpoint, key, []byte("0123456789abcdef")}
}

// subscription returns what PushSubscription.toJSON returns.
func (b *browser) subscription() m {
	return m{"endpoint": b.endpoint, "keys": m{"p256dh": base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()), "auth": base64.RawURLEncoding.EncodeToString(b.auth)}}
}

// decrypt returns the text of a push (RFC 8291). TestPushLibraries of internal/e2e decrypts
// with an implementation by others.
func (b *browser) decrypt(body []byte) ([]byte, error) {
	salt, public, sealed := body[:16], body[21:86], body[86:]
	peer, err := ecdh.P256().NewPublicKey(public)
	if err != nil {
		return nil, err
	}
	secret, err := b.key.ECDH(peer)
	if err != nil {
		return nil, err
	}
	ikm, _ := hkdf.Key(sha256.New, secret, b.auth, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(public), 32)
	key, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	block, _ := aes.NewCipher(key)
	gcm, _ := cipher.NewGCM(block)
	text, err := gcm.Open(nil, nonce, sealed, nil)
	return bytes.TrimRight(text, "\x02"), err
}

// pushed is a push that a push service received.
type pushed struct {
	payload.Payload
	closes   payload.Data // of one that shows nothing
	endpoint string
	header   http.Header
	size     int
	at       time.Time
}

// pushService answers pushes in the place of all push services.
type pushService struct {
	t        testing.TB
	received chan pushed
	closing  chan pushed // those that show nothing

	mu       sync.Mutex
	browsers map[string]*browser                               // guarded by mu, by endpoint
	answer   func(r *http.Request) (status int, h http.Header) // guarded by mu; nil: 201
}

func newPushService(t testing.TB) *pushService {
	return &pushService{t: t, received: make(chan pushed, 1000), closing: make(chan pushed, 1000), browsers: map[string]*browser{}}
}

// answers sets the answer to pushes.
func (s *pushService) answers(f func(r *http.Request) (int, http.Header)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

func (s *pushService) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	b, answer := s.browsers[r.URL.String()], s.answer
	s.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p := pushed{endpoint: r.URL.String(), header: r.Header, size: len(body), at: time.Now()}
	if b != nil {
		text, err := b.decrypt(body)
		if err == nil {
			err = json.Unmarshal(text, &p.Payload)
		}
		if err == nil && p.Notification == nil {
			err = json.Unmarshal(text, &struct{ Data *payload.Data }{&p.closes})
		}
		if err != nil {
			s.t.Errorf("a push that cannot be read: %v", err)
		}
	}
	status, header := 201, http.Header{}
	if answer != nil {
		status, header = answer(r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if b != nil && p.Notification == nil {
		s.closing <- p
	} else {
		s.received <- p
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("because")), Request: r}, nil
}

// subscribe subscribes the session of a client.
func (s *pushService) subscribe(c *client, name string) *browser {
	c.server.t.Helper()
	return s.subscribeAt(c, "https://push.example.com/"+name)
}

// subscribeAt subscribes the session of a client to an endpoint.
func (s *pushService) subscribeAt(c *client, endpoint string) *browser {
	c.server.t.Helper()
	b := newBrowser(endpoint)
	s.mu.Lock()
	s.browsers[b.endpoint] = b
	s.mu.Unlock()
	c.call("PUT", "/api/push/subscription", b.subscription()).want(200)
	return b
}

// next returns the next push.
func (s *pushService) next() pushed {
	s.t.Helper()
	select {
	case p := <-s.received:
		return p
	case <-time.After(30 * time.Second):
		s.t.Fatal("no push came")
		return pushed{}
	}
}

// text returns a push as "endpoint: title | body".
func (p *pushed) text() string {
	name := strings.TrimPrefix(p.endpoint, "https://push.example.com/")
	if p.Notification == nil {
		return name + ": nothing"
	}
	return fmt.Sprintf("%s: %s | %s", name, p.Notification.Title, p.Notification.Body)
}
