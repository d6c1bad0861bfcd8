package server

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/wire"
)

// Registration says who may make an account.
type Registration string

const (
	ByInvite Registration = "invite"
	Open     Registration = "open"
	Closed   Registration = "closed"
)

// Config is what a Server is built from. Nothing in it changes afterwards.
type Config struct {
	Store          chat.Store
	Log            *slog.Logger
	Web            fs.FS // the page and its assets
	Version        string
	PublicURL      *url.URL // nil: links and origins follow the Host header
	Registration   Registration
	TrustedProxies []netip.Prefix
	Limits         Limits
	LostLines      func() uint64 // lines of the log that were lost, for the metrics; nil: none

	sockets hub.Config // zero values mean the defaults, as do those of pace; for tests
	pace    pace
}

// Limits bound what one address, one user, one request may do.
type Limits struct {
	Anonymous middleware.Rate // failures of one address, of each kind (attempt.go); off lifts every bound on addresses
	User      middleware.Rate // requests and socket commands of one user
	Posts     middleware.Rate // posts of one user and what others are told beside, by cost (cost.go): a token bucket
	Chats     int             // chats of one user, and chats made or people added by them in an hour; 0: no limit
	Sockets   int             // open sockets of one user
	Body      middleware.Size // bytes of a request's body
	Text      middleware.Size // bytes of a message's text
}

const (
	maxMessage   = 128 << 10 // bytes of one WebSocket message from a client
	maxFirst     = 32 << 10  // bytes of one before hello, if the upgrade named nobody
	maxStrangers = 256       // sockets of one address that have not said hello
	heartbeat    = 25 * time.Second
)

// Server serves one store. Create it with New, serve Handler, call Run once.
type Server struct {
	Config // static after construction

	memory    *memory // Store, which is this
	hub       *hub.Hub
	handler   http.Handler
	metrics   *metrics
	passwords *passwords
	anonymous *middleware.Limiter // calls without an identity, per address
	page      *middleware.Limiter // the page's files, per address
	attempts  *attempts
	users     *middleware.Limiter // requests and commands, per user
	inviting  turns               // invites that are being made, by user
	posts     *middleware.Bucket  // what is delivered to others, per user
	people    *middleware.Bucket  // chats made and people added, per user
	presence  *presence
	strangers strangers // sockets that have not said hello, by address
	pulse     pulse     // when the store last answered
	repeats   *middleware.Repeats

	revocations *revocations // that the store has not saved

	feeding  gate          // open while the pump's feed stands
	stopping atomic.Bool   // Stop has begun
	working  drain         // drafts accepted and not yet answered
	resumes  chan struct{} // places for those who read the log at once
}

// pace holds the service's own intervals.
type pace struct {
	hold  time.Duration // after hello, until held chats go live without a resume
	beat  time.Duration // between two tellings of who is here
	grace time.Duration // a user stays present after their last socket went
	lease time.Duration // a replica's users stay present without a beat
	check time.Duration // between two looks at the sessions of all sockets
	retry time.Duration // before a lost feed is opened again, at first
}

func (p pace) orDefault() pace {
	return pace{
		hold:  cmp.Or(p.hold, 500*time.Millisecond),
		beat:  cmp.Or(p.beat, 5*time.Second),
		grace: cmp.Or(p.grace, 30*time.Second),
		lease: cmp.Or(p.lease, 15*time.Second),
		check: cmp.Or(p.check, 30*time.Second),
		retry: cmp.Or(p.retry, 100*time.Millisecond),
	}
}

// New builds a server; it starts no goroutine but the hub's.
func New(c Config) *Server {
	c.pace = c.pace.orDefault()
	c.sockets.Codecs, c.sockets.PingEvery = len(wire.Codecs), cmp.Or(c.sockets.PingEvery, heartbeat)
	m := remember(c.Store)
	c.Store = m
	requests := anonymousRequests
	if c.Limits.Anonymous.N == 0 {
		requests = middleware.Rate{}
	}
	s := &Server{
		Config:    c,
		memory:    m,
		hub:       hub.New(c.sockets),
		passwords: newPasswords(),
		anonymous: middleware.NewLimiter(requests),
		page:      middleware.NewLimiter(requests),
		attempts:  newAttempts(c.Limits.Anonymous),
		users:     middleware.NewLimiter(c.Limits.User),
		posts:     middleware.NewBucket(c.Limits.Posts),
		people:    middleware.NewBucket(middleware.Rate{N: c.Limits.Chats, Per: time.Hour}),
		resumes:   make(chan struct{}, 64),
		pulse:     pulse{turn: make(chan struct{}, 1)},
		repeats:   middleware.NewRepeats(c.Log),
	}
	s.revocations = m.revocations
	s.revocations.enforce, s.revocations.undo = s.enforce, s.readmit
	s.presence = newPresence(s)
	s.metrics = newMetrics(s)
	s.handler = s.routes()
	return s
}

// Handler serves the whole surface but the metrics.
func (s *Server) Handler() http.Handler { return s.handler }

// Metrics serves Prometheus's text format.
func (s *Server) Metrics() http.Handler { return s.metrics.handler() }

// Run keeps the service's own goroutines until ctx ends. A feed that breaks is
// opened again with back-off; only a programming error makes Run fail.
func (s *Server) Run(ctx context.Context) error {
	defer s.repeats.Flush()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.pump(ctx) })
	g.Go(func() error { return s.presence.run(ctx) })
	g.Go(func() error { return s.checkSessions(ctx) })
	g.Go(func() error { return rest(ctx) })
	g.Go(func() error { return s.revocations.run(ctx) })
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// Await returns once the feed stands, and hello may say yes, or with ctx's error.
func (s *Server) Await(ctx context.Context) error { return s.feeding.wait(ctx) }

// Stop ends the sockets in order: readiness goes, drafts already accepted are
// finished and answered, then every peer is told to come back. It returns when
// the sockets' goroutines have ended, or with ctx's error. Run it beside the
// listener's Shutdown, which waits for the calls that wait for an event, and
// which this ends. Cancel Run's context and close the store after both.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Store(true)
	drafts := ctx
	if end, ok := ctx.Deadline(); ok { // a store that hangs leaves time to tell the peers
		var cancel context.CancelFunc
		drafts, cancel = context.WithDeadline(ctx, end.Add(-time.Until(end)/4))
		defer cancel()
	}
	s.working.close(drafts)
	return s.hub.Close(ctx)
}

// ready reports whether hello and /readyz may say yes.
func (s *Server) ready() error {
	switch {
	case s.stopping.Load():
		return chat.FailAfter(chat.Unavailable, time.Second, "the server is stopping")
	case !s.feeding.Load():
		return chat.FailAfter(chat.Unavailable, time.Second, "the server is not ready yet")
	}
	return nil
}
