package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// In each window the first requests of one caller to one route with one status are
// logged. The others are counted, and the count is logged at the end of the window.
const (
	sampleWindow = time.Minute
	maxRefused   = 10   // lines for refused requests (4xx, 5xx)
	maxServed    = 200  // lines for others, of callers without an identity
	maxCallers   = 1000 // counters of caller, route and status; further callers share theirs
)

// LogSampler bounds how many log lines one caller causes. It is safe for concurrent use.
type LogSampler struct {
	log *slog.Logger

	mu    sync.Mutex
	began time.Time         // guarded by mu
	seen  map[sampleKey]int // guarded by mu: requests in this window; nil: there is no window
	end   *time.Timer       // guarded by mu: calls Flush at the end of the window
}

type sampleKey struct {
	address, user string // one of them; neither for callers beyond maxCallers
	route         string
	status        int    // 0: a failure of the server, which is logged besides the request
	event, target string // of a security event that failed; then there is no route and status
}

// lines returns how many requests are logged in one window.
func (k *sampleKey) lines() int {
	if k.status == 0 || k.status >= http.StatusBadRequest {
		return maxRefused
	}
	return maxServed
}

// NewLogSampler returns a LogSampler that writes its counts to log.
func NewLogSampler(log *slog.Logger) *LogSampler { return &LogSampler{log: log} }

// allowRequest reports whether a request is to be logged.
func (r *LogSampler) allowRequest(req *http.Request, caller *Caller, route string, status int) bool {
	k := sampleKey{route: route, status: status}
	if caller.SignedIn() && k.lines() == maxServed {
		return true // bounded by the user's limit
	}
	if k.user = string(caller.User.ID); k.user == "" {
		k.address = AddressKey(req.Context())
	}
	return r.count(k)
}

// AllowFailure reports whether a failure of the server is to be logged: as many of one
// caller as refused requests. ctx is the request's.
func (r *LogSampler) AllowFailure(ctx context.Context) bool {
	k := sampleKey{user: string(CallerOf(ctx).User.ID)}
	if k.user == "" {
		k.address = AddressKey(ctx)
	}
	return r.count(k)
}

// AllowEvent reports whether a security event that failed is to be logged: as many of one
// kind, caller and target as refused requests. Beyond maxCallers the target does not count.
func (r *LogSampler) AllowEvent(kind, user, target, address string) bool {
	k := sampleKey{event: kind, target: target, user: user}
	if user == "" {
		k.address = address
	}
	return r.count(k)
}

// count counts one request or failure and reports whether it is to be logged.
func (r *LogSampler) count(k sampleKey) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen, r.began = map[sampleKey]int{}, time.Now()
		r.end = time.AfterFunc(sampleWindow, r.Flush)
	}
	if r.seen[k] == 0 && len(r.seen) >= maxCallers {
		k.address, k.user, k.target = "", "", ""
	}
	r.seen[k]++
	return r.seen[k] <= k.lines()
}

// Flush ends the window. It logs one line for each caller, route and status whose
// requests were not all logged.
func (r *LogSampler) Flush() {
	r.mu.Lock()
	seen, took := r.seen, time.Since(r.began)
	if r.end != nil {
		r.end.Stop()
	}
	r.seen, r.end = nil, nil
	r.mu.Unlock()
	for k, n := range seen {
		if n <= k.lines() {
			continue
		}
		if k.event != "" {
			r.log.LogAttrs(context.Background(), slog.LevelInfo, "more security events", slog.Int("count", n-k.lines()),
				slog.Duration("within", took), slog.String("kind", k.event), slog.String("target", k.target),
				slog.String("address", k.address), slog.String("actor", k.user))
			continue
		}
		if k.status == 0 {
			r.log.LogAttrs(context.Background(), slog.LevelError, "more failures", slog.Int("count", n-k.lines()),
				slog.Duration("within", took), slog.String("address", k.address), slog.String("user", k.user))
			continue
		}
		r.log.LogAttrs(context.Background(), slog.LevelInfo, "more requests",
			slog.Int("count", n-k.lines()), slog.Duration("within", took), slog.String("route", k.route), slog.Int("status", k.status),
			slog.String("address", k.address), slog.String("user", k.user))
	}
}
