package push

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/internal/lease"
	"parley/internal/webpush"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/service"
)

// Config is the configuration of a Pushes. Nothing in it changes afterwards.
type Config struct {
	Service   *service.Service
	Log       *slog.Logger
	Audit     *audit.Log
	On        bool              // false: the server sends nothing, and its calls are forbidden
	PublicURL *url.URL          // of the server; nil: not known
	Transport http.RoundTripper // of the pushes
	Presence  Presence
	Sent      func(result string) // called with what became of each push; nil: nothing
}

// Presence returns who is online.
type Presence interface {
	// State returns whether the user is online, and when they last looked at a page, in ms;
	// 0: not lately.
	State(u chat.UserID) (online bool, attended int64)
}

// Pushes are a server's pushes.
type Pushes struct {
	Config
	tests   *middleware.Limiter // pushes that users ask for, by user
	marks   *marks
	readers *readers
	begun   chan struct{} // has a token when this server took a subscription

	mu     sync.Mutex
	client *webpush.Client // guarded by mu; nil until it is used
	key    string          // guarded by mu: of the client
}

// testRate bounds the pushes that a user asks for.
var testRate = middleware.Rate{N: 10, Per: time.Minute}

// New returns a Pushes; it starts no goroutine.
func New(c Config) *Pushes {
	return &Pushes{Config: c, tests: middleware.NewLimiter(testRate), marks: newMarks(), readers: newReaders(), begun: make(chan struct{}, 1)}
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

// Run makes and sends pushes, if this server holds the lease, until ctx ends. While nobody
// has a subscription it asks the store now and then, and does nothing else.
func (p *Pushes) Run(ctx context.Context) error {
	if !p.On {
		return nil
	}
	for p.await(ctx) {
		if err := lease.Run(ctx, p.Service, "push", nil, p.hold); err != nil && ctx.Err() == nil {
			p.Log.LogAttrs(ctx, slog.LevelError, "pushes failed", slog.String("error", err.Error()))
			select {
			case <-time.After(lookEvery):
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// await returns true once somebody has a subscription, and false when ctx ends.
func (p *Pushes) await(ctx context.Context) bool {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var none time.Time // when the last look found no subscription
	for {
		now := time.Now()
		any, err := p.Service.AnySubscription(ctx)
		if err == nil && any && !none.IsZero() { // no push is made of what was posted before
			err = p.Service.SavePushed(ctx, none.Add(-margin).UnixMilli())
		}
		switch {
		case err == nil && any:
			return true
		case err == nil:
			none = now
		}
		select {
		case <-tick.C:
		case <-p.begun:
		case <-ctx.Done():
			return false
		}
	}
}

// hold makes and sends pushes until ctx ends, or until nobody has a subscription.
func (p *Pushes) hold(ctx context.Context) error {
	client, _, err := p.open(ctx)
	if err != nil {
		return err
	}
	s := newSender(p, client)
	m := &maker{Pushes: p, done: map[chat.ChatID]progress{}, queued: s.queue}
	g, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	g.Go(func() error {
		defer stop() // the sender ends with the maker
		return m.run(ctx)
	})
	g.Go(func() error { return s.run(ctx) })
	return g.Wait()
}

// Published marks the chat of a new message. It is called with each event that is delivered.
func (p *Pushes) Published(ev *chat.Event) {
	if ev.Kind.Is().Message && p.On {
		p.marks.add(ev)
	}
}

// Read is called with each user who has read further in a chat.
func (p *Pushes) Read(u chat.UserID) { p.readers.add(u) }

// FeedOpened is called when events may have been missed before.
func (p *Pushes) FeedOpened() { p.marks.lost() }

// sent reports what became of a push.
func (p *Pushes) sent(result string) {
	if p.Sent != nil {
		p.Sent(result)
	}
}
