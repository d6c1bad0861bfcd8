package server

import (
	"cmp"
	"context"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/hub"
	"parley/internal/lease"
	"parley/middleware"
	"parley/search/index"
	"parley/server/api"
	"parley/server/audit"
	"parley/server/auth"
	"parley/server/find"
	"parley/server/live"
	"parley/server/push"
	"parley/server/service"
	"parley/server/session"
	"parley/store/cached"
	"parley/wire"
)

// Registration is the policy for creating accounts.
type Registration = service.Registration

const (
	ByInvite = service.ByInvite
	Open     = service.Open
	Closed   = service.Closed
)

// Limits bound what one address, one user and one request may do.
type Limits = service.Limits

// Lifetimes are how long sessions and recovery links are valid.
type Lifetimes = service.Lifetimes

// Control has the commands of the machine's administrator.
type Control = api.Control

// Config is the configuration of a Server. Nothing in it changes afterwards.
type Config struct {
	Store          chat.Store
	Blobs          chat.Blobs // the bytes of files; nil: the server stores no files
	Push           bool       // the server sends push notifications
	Log            *slog.Logger
	Web            fs.FS // the page and its assets
	Version        string
	PublicURL      *url.URL // nil: links and origins follow the Host header
	Listen         net.Addr // nil: not known; then invites name no address in the server's network
	Registration   Registration
	TrustedProxies []netip.Prefix
	SocketIO       SocketIO   // transports of Socket.IO clients; "": SocketIOOn
	Replica        string     // name of this server among others; begins the session ids of Socket.IO
	Origins        []*url.URL // origins whose pages may use this server with the session cookie
	Limits         Limits
	Lifetimes      Lifetimes
	LostLines      func() uint64 // returns the number of lost log lines, for the metrics; nil: 0

	// For tests; zero values mean the defaults.
	sockets   hub.Config
	attempts  auth.Rates
	anonymous middleware.Rate // of one address: calls without an identity, and requests for the page's files
	intervals live.Intervals
	hold      time.Duration // session.Config.Hold
	find      find.Index
	push      http.RoundTripper // of pushes
}

const (
	maxMessage = 128 << 10 // bytes of one WebSocket message from a client
	maxFirst   = 32 << 10  // bytes of one before hello, if the upgrade had no identity
	heartbeat  = 25 * time.Second
)

// anonymousRequests is the number of calls without an identity that one address may make
// in a minute. It is large, since they have no effect, and attempts at passwords and codes
// have budgets of their own.
const anonymousRequests = 6000

// Server serves one store. Create it with New, serve Handler, and call Run once.
type Server struct {
	Config // static after construction

	service    *service.Service
	index      *index.Index
	hub        *hub.Hub
	live       *live.Live
	sessions   *session.Sessions
	handler    http.Handler
	metrics    *metrics
	perAddress *middleware.Limiter // calls without an identity, by address
	page       *middleware.Limiter // requests for the page's files, by address
	sampler    *middleware.LogSampler
	api        *api.API
	pushes     *push.Pushes
	health     *health
	socketIO   *socketIOClients
}

// New returns a Server. It starts the hub's goroutine and no other.
func New(c Config) *Server {
	c.sockets.Codecs, c.sockets.PingEvery = len(wire.Codecs), cmp.Or(c.sockets.PingEvery, heartbeat)
	c.Limits.Message = maxMessage
	c.SocketIO = cmp.Or(c.SocketIO, SocketIOOn)
	c.attempts = cmp.Or(c.attempts, auth.DefaultRates())
	requests := cmp.Or(c.anonymous, middleware.Rate{N: anonymousRequests, Per: time.Minute})
	if c.Limits.Anonymous.N == 0 {
		requests = middleware.Rate{}
	}
	s := &Server{
		Config:     c,
		hub:        hub.New(c.sockets),
		perAddress: middleware.NewLimiter(requests),
		page:       middleware.NewLimiter(requests),
		index:      index.New(index.Config{Store: c.Store, Log: c.Log}),
		sampler:    middleware.NewLogSampler(c.Log),
	}
	if c.find == nil {
		c.find = s.index.Search
	}
	if c.push == nil {
		c.push = newPushTransport()
	}
	errors := service.ErrorLog{Log: c.Log, Sampler: s.sampler}
	events := audit.New(c.Log, s.sampler)
	s.metrics = newMetrics(s)
	s.service = service.New(service.Config{Store: c.Store, Blobs: c.Blobs, Errors: errors, Audit: events, Registration: c.Registration, Limits: c.Limits, Lifetimes: c.Lifetimes, Appended: s.appended, Attempts: c.attempts, Find: c.find,
		Enforce: func(r cached.Revocation) { s.live.Enforce(r, s.service.Revoked) },
		Readmit: func(r cached.Revocation) { s.live.Readmit(r) }})
	s.live = live.New(live.Config{Store: s.service, Hub: s.hub, Log: c.Log, TextChanged: s.service.Pages.Clear, UsersChanged: s.service.Clear,
		Published: s.published, Read: func(u chat.UserID) { s.pushes.Read(u) }, FeedOpened: s.feedOpened, FeedLost: s.feedLost, Intervals: c.intervals})
	s.sessions = session.New(session.Config{Service: s.service, Hub: s.hub, Presence: s.live.Presence, Log: c.Log, Audit: events, Ready: s.live.Await,
		Version: c.Version, Heartbeat: c.sockets.PingEvery, Sockets: c.Limits.Sockets, Hold: c.hold,
		Closed: s.metrics.closed, LogRead: s.metrics.caughtUp.Inc})
	s.api = api.New(api.Config{Service: s.service, Hub: s.hub, Errors: errors, Audit: events, Version: c.Version, PublicURL: c.PublicURL, Listen: c.Listen, Ready: s.ready})
	s.pushes = push.New(push.Config{Service: s.service, Log: c.Log, Audit: events, On: c.Push, PublicURL: c.PublicURL, Transport: c.push,
		Presence: s.live.Presence, Sent: s.metrics.push})
	s.socketIO = newSocketIOClients(s)
	s.health = &health{api: s.api, store: s.service.Store, index: s.index, ready: s.ready}
	s.metrics.registry.MustRegister(newHubCollector(s), newFileCollector(s.service.Files), newSearchCollector(s.index), newPushCollector(c.Store))
	s.handler = s.routes()
	return s
}

// withoutIndex is not empty in the binary by which internal/loadgen measures what the search
// index costs: it is set by the linker, and searches wait forever.
var withoutIndex string

// appended is called with the outcome of each draft.
func (s *Server) appended(kind chat.Kind, began time.Time, ev chat.Event, again bool, err error) {
	s.metrics.outcome(kind, began, ev, again, err)
	if err == nil && ev.Seq != 0 && !again && withoutIndex == "" {
		s.index.Acknowledged(&ev)
	}
}

// published is called with each event that is delivered.
func (s *Server) published(ev *chat.Event) {
	s.metrics.published(ev)
	s.pushes.Published(ev)
	if withoutIndex == "" {
		s.index.Apply(ev)
	}
}

func (s *Server) feedOpened() {
	s.index.Opened()
	s.pushes.FeedOpened()
}

func (s *Server) feedLost() {
	s.metrics.feedLost.Inc()
	s.index.Lost()
}

// Handler returns the handler of all routes except the metrics.
func (s *Server) Handler() http.Handler { return s.handler }

// Metrics returns the handler of the metrics, in Prometheus's text format.
func (s *Server) Metrics() http.Handler { return s.metrics.handler() }

// Control returns the commands of the machine's administrator. listen is the address of the
// server, for links without a public URL.
func (s *Server) Control(listen *url.URL) Control { return Control{API: s.api, Listen: listen} }

// Run runs the server's goroutines until ctx ends. A lost feed is opened again with
// back-off; only a programming error makes Run fail.
func (s *Server) Run(ctx context.Context) error {
	defer s.sampler.Flush()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.live.Run(ctx) })
	g.Go(func() error { return s.socketIO.engine.Run(ctx) })
	g.Go(func() error { return releaseMemory(ctx) })
	g.Go(func() error { return s.service.Run(ctx) })
	g.Go(func() error { return s.service.Sweep(ctx) })
	g.Go(func() error { return s.service.RunPurge(ctx) })
	g.Go(func() error { return s.pushes.Run(ctx) })
	if withoutIndex == "" {
		g.Go(func() error { return s.index.Run(ctx) })
		g.Go(func() error { return lease.Run(ctx, s.service, "search index", nil, s.index.Write) })
	}
	if err := g.Wait(); ctx.Err() == nil {
		return err
	}
	return nil
}

// Await returns nil once the feed is open and hello is accepted, or else ctx's error.
func (s *Server) Await(ctx context.Context) error { return s.live.Await(ctx) }

// Stop ends the sockets in order: /readyz becomes 503, accepted drafts are committed and
// answered, then every peer is told to reconnect. It returns when the sockets' goroutines
// have ended, or with ctx's error. Call it at the same time as the listener's Shutdown,
// which waits for the calls that wait for an event; Stop ends these. Cancel Run's context
// and close the store after both.
func (s *Server) Stop(ctx context.Context) error {
	drafts := ctx
	if end, ok := ctx.Deadline(); ok { // leaves time to close the sockets if the store hangs
		var cancel context.CancelFunc
		drafts, cancel = context.WithDeadline(ctx, end.Add(-time.Until(end)/4))
		defer cancel()
	}
	s.service.Stop(drafts)
	defer s.socketIO.engine.Close(wire.CloseRestarting, "restarting") // those that have not said hello
	return s.hub.Close(ctx)
}

// ready returns why hello and /readyz must fail, or nil.
func (s *Server) ready() error {
	switch {
	case s.service.Stopping():
		return chat.FailAfter(chat.Unavailable, time.Second, "the server is stopping")
	case !s.live.Ready():
		return chat.FailAfter(chat.Unavailable, time.Second, "the server is not ready yet")
	}
	return nil
}
