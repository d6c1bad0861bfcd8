package push

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"parley/chat"
	"parley/internal/webpush"
	"parley/middleware"
	"parley/server/service"
)

// Config is the configuration of a Pushes. Nothing in it changes afterwards.
type Config struct {
	Service   *service.Service
	Log       *slog.Logger
	On        bool              // false: the server sends nothing, and its calls are forbidden
	PublicURL *url.URL          // of the server; nil: not known
	Transport http.RoundTripper // of the pushes
	Presence  Presence
	Sent      func(result string) // called with what became of each push; nil: nothing
}

// Presence knows who is online.
type Presence interface {
	// State returns whether the user is online, and when they last looked at a page, in ms;
	// 0: not lately.
	State(u chat.UserID) (online bool, attended int64)
}

// Pushes are a server's pushes.
type Pushes struct {
	Config
	tests *middleware.Limiter // pushes that users ask for, by user
	marks *marks
	begun chan struct{} // has a token when this server took a subscription

	mu     sync.Mutex
	client *webpush.Client // guarded by mu; nil until it is used
	key    string          // guarded by mu: of the client
}

// testRate bounds the pushes that a user asks for.
var testRate = middleware.Rate{N: 10, Per: time.Minute}

// New returns a Pushes; it starts no goroutine.
func New(c Config) *Pushes {
	return &Pushes{Config: c, tests: middleware.NewLimiter(testRate), marks: newMarks(), begun: make(chan struct{}, 1)}
}

// contact returns the server's contact for push services: its public URL.
func (p *Pushes) contact() string {
	if p.PublicURL == nil {
		return "https://localhost"
	}
	return "https://" + p.PublicURL.Host // some services take nothing else
}

// problem returns what will not work, in a sentence for people, or "".
func (p *Pushes) problem() string {
	if p.PublicURL != nil && webpush.CheckSubject(p.PublicURL.String()) == "" {
		return ""
	}
	return "This server has no public https address, so iPhones, iPads and Safari may get no notifications."
}

// open returns the client and the public key. The first call on a new database makes the key.
func (p *Pushes) open(ctx context.Context) (*webpush.Client, string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.client != nil {
		return p.client, p.key, nil
	}
	made, err := webpush.NewKey()
	if err != nil {
		return nil, "", err
	}
	raw, err := made.Bytes()
	if err != nil {
		return nil, "", err
	}
	if raw, err = p.Service.PushKey(ctx, raw); err != nil {
		return nil, "", err
	}
	key, err := webpush.ParseKey(raw)
	if err != nil {
		return nil, "", chat.FailCause(chat.Internal, err, "the key of pushes cannot be read")
	}
	p.client, p.key = webpush.NewClient(key, p.contact(), p.Transport), key.Public()
	return p.client, p.key, nil
}

// link returns the address of a place of the page; without a public URL it is relative.
func (p *Pushes) link(path string) string {
	if p.PublicURL == nil {
		return path
	}
	return p.PublicURL.Scheme + "://" + p.PublicURL.Host + path
}

func (p *Pushes) sent(result string) {
	if p.Sent != nil {
		p.Sent(result)
	}
}
