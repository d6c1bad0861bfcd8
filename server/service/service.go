package service

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server/audit"
	"parley/server/auth"
	"parley/server/budget"
	"parley/server/drafts"
	"parley/server/files"
	"parley/server/find"
	"parley/store/cached"
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
	Anonymous middleware.Rate // failures of one address, of each kind (package auth); off lifts every bound on addresses
	User      middleware.Rate // requests and socket commands of one user
	Posts     middleware.Rate // posts of one user and whatever else is delivered to others, by cost (package budget): a token bucket
	Chats     int             // chats of one user, and chats created or people added by them in an hour; 0: no limit
	Sockets   int             // open sockets of one user
	Body      middleware.Size // bytes of a request's body
	Text      middleware.Size // bytes of a message's text
	Message   int64           // bytes of one WebSocket message from a client
	File      middleware.Size // bytes of a file
	Uploads   middleware.Size // bytes that one user uploads in a day; 0: no limit
	Storage   middleware.Size // bytes of all files; 0: no limit
}

// Lifetimes are how long what a Service creates is valid.
type Lifetimes struct {
	Session  time.Duration // however often it is used; 0: chat.DefaultSessionLife
	Recovery time.Duration // of a recovery link; 0: chat.RecoveryLife
}

// Config is the configuration of a Service. Nothing in it changes afterwards.
type Config struct {
	Store        chat.Store
	Blobs        chat.Blobs // nil: the server stores no files
	Errors       ErrorLog
	Audit        *audit.Log
	Registration Registration
	Limits       Limits
	Lifetimes    Lifetimes
	Appended     drafts.Appended
	Attempts     auth.Rates
	Find         find.Index // answers searches

	// Enforce closes what a revocation that could not be saved leaves open, and Readmit
	// opens it again. They are called from any goroutine.
	Enforce, Readmit func(cached.Revocation)
}

// Service serves one store. It has the operations of each noun, and the store's reads. An
// operation hides the store's method of the same name. All methods are safe for concurrent
// use.
type Service struct {
	*core
	accounts
	blocks
	chats
	events
	fileLists
	*files.Files // its Sweep is a goroutine
	*invites
	members
	mentions
	messages
	recoveries
	searches
	server
	sessions
	settings
	users
}

// core is what the nouns share.
type core struct {
	*cached.Store // its Run and RunPurge, and Sweep of files, are the only goroutines of a Service
	ErrorLog
	*budget.Budgets
	audit        *audit.Log
	registration Registration
	limits       Limits
	lifetimes    Lifetimes
	drafts       *drafts.Queue
	auth         *auth.Auth
	files        *files.Files
	deleted      chan struct{} // has a token when a chat was deleted
}

// New returns a Service.
func New(c Config) *Service {
	store, budgets := cached.New(c.Store, c.Enforce, c.Readmit), budget.New(c.Limits.User, c.Limits.Posts, c.Limits.Chats)
	s := &core{
		Store:        store,
		ErrorLog:     c.Errors,
		Budgets:      budgets,
		audit:        c.Audit,
		registration: c.Registration,
		limits:       c.Limits,
		lifetimes:    c.Lifetimes,
		drafts:       drafts.New(store, budgets, c.Appended),
		auth:         auth.New(c.Limits.Anonymous, c.Attempts, store.SessionsOf),
		files: files.New(files.Config{Store: store, Blobs: c.Blobs, Log: c.Errors.Log,
			Limit: int64(c.Limits.File), Uploads: int64(c.Limits.Uploads), Storage: int64(c.Limits.Storage)}),
		deleted: make(chan struct{}, 1),
	}
	return &Service{
		core:       s,
		accounts:   accounts{s},
		blocks:     blocks{s},
		chats:      chats{s},
		events:     events{s},
		fileLists:  fileLists{s},
		Files:      s.files,
		invites:    &invites{core: s},
		members:    members{s},
		mentions:   mentions{s},
		messages:   messages{s},
		recoveries: recoveries{s},
		searches:   searches{s, find.New(store, c.Find)},
		server:     server{s},
		sessions:   sessions{s},
		settings:   settings{s},
		users:      users{s},
	}
}

// Stop refuses further drafts and waits until the accepted ones are answered, or until
// ctx ends.
func (s *Service) Stop(ctx context.Context) { s.drafts.Stop(ctx) }

// Stopping reports whether Stop has begun.
func (s *Service) Stopping() bool { return s.drafts.Stopping() }

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
