// Package middleware is what every HTTP request passes before a handler sees
// it: the client's address, limits, secure headers, same-origin, compression,
// the access log, recovery from panics, and identity.
//
// It knows neither routes nor codecs. Whatever answers with an error gets a
// [Fail] handed in, which writes it in the form that the client accepts.
//
// The order that the parts count on, from the outside:
//
//	ClientAddress  everything after it may ask for Address
//	AccessLog      gives the request its id, sees the final status and tells the metrics
//	Recover        inside the log, so that a panic's 500 is logged; outside Compress
//	Headers        also on error answers
//	Compress       on /api; the page's files are compressed once, where they are kept
//	SameOrigin     on /api
//	Identify       on /api; tells the access log who it was
//	Limit          after Identify: who is known has a budget of their own
//	MatchUser      after Limit, so that what it refuses is counted
//	Body           after Limit: nothing is read before the budget was asked
//	Require        on what needs an identity
//
// What is never logged here: queries, bodies, headers, paths. The access log
// names the route's pattern instead of the path.
//
// No part starts a goroutine but LogSampler, whose timer does. Limiter, Bucket and
// LogSampler are safe for concurrent use
// and bounded in memory whatever keys strangers bring.
package middleware

import "net/http"

// Fail answers a request with an error, normally a *chat.Error.
type Fail func(w http.ResponseWriter, r *http.Request, err error)

// Middleware wraps a handler, as chi's Use wants it.
type Middleware = func(http.Handler) http.Handler
