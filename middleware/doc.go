// Package middleware processes every HTTP request before its handler: the client's
// address, limits, security headers, same-origin checks, compression, the access log,
// recovery from panics, and identity.
//
// It depends on neither routes nor codecs. Middleware that answers with an error takes
// a [Fail], which writes the error in the form that the client accepts.
//
// The required order, from the outside:
//
//	ClientAddress  everything after it may call Address
//	AccessLog      sets the request's id, sees the final status and updates the metrics
//	Recover        inside the log, so that a panic's 500 is logged; outside Compress
//	Headers        also on error answers
//	Compress       on /api; the page's files are compressed once, when they are loaded
//	CORS           on /api and /socket.io/; also on error answers
//	Identify       on /api and /socket.io/; the access log names the user
//	SameOrigin     on /api, after Identify: a token in a header is not sent by itself
//	Limit          after Identify: each user has a budget
//	MatchUser      after Limit, so that refused requests are counted
//	Body           after Limit, so that nothing is read of a request over the limit
//	Require        on routes that need an identity
//	Query          after Require
//
// Queries, bodies, headers and paths are never logged. The access log contains the
// route's pattern instead of the path.
//
// Only LogSampler starts a goroutine, with its timer. Limiter, Bucket and LogSampler
// are safe for concurrent use, and their memory is bounded whatever keys clients send.
package middleware

import "net/http"

// Fail answers a request with an error, normally a *chat.Error.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Middleware wraps a handler. chi's Use takes it.
type Middleware = func(http.Handler) http.Handler
