package service

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/wire"
)

// Registration is the policy for creating accounts.
type Registration string

const (
	ByInvite Registration = "invite"
	Open     Registration = "open"
	Closed   Registration = "closed"
)

// Limits bound what one address, one user and one request may do.
type Limits struct {
	Anonymous middleware.Rate // failures of one address, of each kind (attempts.go); off lifts every bound on addresses
	User      middleware.Rate // requests and socket commands of one user
	Posts     middleware.Rate // posts of one user and whatever else is delivered to others, by cost (budget.go): a token bucket
	Chats     int             // chats of one user, and chats created or people added by them in an hour; 0: no limit
	Sockets   int             // open sockets of one user
	Body      middleware.Size // bytes of a request's body
	Text      middleware.Size // bytes of a message's text
	Message   int64           // bytes of one WebSocket message from a client
}

// Config is the configuration of a Service. Nothing in it changes afterwards.
type Config struct {
	Store        chat.Store
	Errors       ErrorLog
	Registration Registration
	Limits       Limits
	Appended     Appended
	Attempts     AttemptRates

	// Enforce closes what a revocation that could not be saved leaves open, and Readmit
	// opens it again. They are called from any goroutine.
	Enforce, Readmit func(Revocation)
}

// Appended is called with the outcome of each draft; began is when it was queued.
type Appended func(kind chat.Kind, began time.Time, ev chat.Event, again bool, err error)

// Service serves one store. Its reads are the store's own, with a short cache. All
// methods are safe for concurrent use.
type Service struct {
	*Store
	registration Registration
	limits       Limits
	ErrorLog
	appended Appended

	PerUser *middleware.Limiter // budget of requests and commands, by user
	posts   *middleware.Bucket  // what is delivered to others, by user
	people  *middleware.Bucket  // chats created and people added, by user

	attempts  *attempts
	passwords *passwords
	inviting  keyedMutex // held while an invite is created, by user
	drafts    inFlight   // accepted and not yet answered

	deleted chan struct{} // has a token when a chat was deleted
}

// New returns a Service; Run and RunPurge are its only goroutines.
func New(c Config) *Service {
	s := &Service{
		Store:        newStore(c.Store),
		registration: c.Registration,
		limits:       c.Limits,
		ErrorLog:     c.Errors,
		appended:     c.Appended,
		PerUser:      middleware.NewLimiter(c.Limits.User),
		posts:        middleware.NewBucket(c.Limits.Posts),
		people:       middleware.NewBucket(middleware.Rate{N: c.Limits.Chats, Per: time.Hour}),
		attempts:     newAttempts(c.Limits.Anonymous, c.Attempts),
		passwords:    newPasswords(),
		deleted:      make(chan struct{}, 1),
	}
	s.revocations.enforce = func(r Revocation) { s.Clear(); c.Enforce(r) }
	s.revocations.readmit = func(r Revocation) { s.Clear(); c.Readmit(r) }
	return s
}

// Run retries to save revocations until ctx ends.
func (s *Service) Run(ctx context.Context) error { return s.revocations.run(ctx) }

// Stop refuses further drafts and waits until the accepted ones are answered, or until
// ctx ends.
func (s *Service) Stop(ctx context.Context) { s.drafts.close(ctx) }

// Stopping reports whether Stop has begun.
func (s *Service) Stopping() bool { return s.drafts.isClosed() }

func errStopping() error {
	return chat.FailAfter(chat.Unavailable, time.Second, "the server is stopping")
}

// Registration returns the policy for creating accounts.
func (s *Service) Registration() Registration { return s.registration }

// Unsaved returns the number of revocations that the store has not saved yet.
func (s *Service) Unsaved() int { return int(s.revocations.n.Load()) }

// Limits returns the limits that clients are told.
func (s *Service) Limits() wire.Limits {
	return wire.Limits{
		Text:    int64(s.limits.Text),
		Body:    int64(s.limits.Body),
		Message: s.limits.Message,
		Page:    chat.MaxPage,
		Sockets: int64(s.limits.Sockets),
		Posts:   wire.Rate{N: int64(s.limits.Posts.N), PerMs: s.limits.Posts.Per.Milliseconds()},
	}
}

// ErrorLog logs failures of the server.
type ErrorLog struct {
	Log     *slog.Logger
	Sampler *middleware.LogSampler // sums up the failures that one caller causes
}

// ClientError returns the error that a client is told, and logs a failure of the server
// with its cause.
func (l ErrorLog) ClientError(ctx context.Context, err error) *chat.Error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return chat.FailCause(chat.Unavailable, err, "the server did not finish in time")
	}
	e := chat.AsError(err)
	if (e.Code == chat.Internal || e.Code == chat.Unavailable && e.Unwrap() != nil) && l.Sampler.AllowFailure(ctx) {
		l.Log.LogAttrs(ctx, slog.LevelError, "failed",
			slog.String("request", middleware.RequestID(ctx)), slog.String("error", e.Error()))
	}
	return e
}
