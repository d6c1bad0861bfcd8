package middleware

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"parley/chat"
)

const (
	// AnonymousBody bounds the body of a request without an identity, in bytes.
	AnonymousBody = 16 << 10
	// anonymousWithin is how long such a body may take to arrive.
	anonymousWithin = 10 * time.Second
	// maxUnfinished bounds the bodies of one user, or of one address without an
	// identity, that are arriving at the same time; together they may have as many
	// bytes as maxLargest of the largest.
	maxUnfinished = 64
	maxLargest    = 4
)

// Body bounds what is read of a request: limit bytes for a user, AnonymousBody
// without an identity. The reader of a longer one gives an *http.MaxBytesError,
// which the handler answers as too_large, at once if the request says its
// length and the handler gets that far: a missing identity is told first.
//
// It also bounds how many bodies of one user or address are arriving at once.
// One more makes the oldest of them fail with rate_limited: a body that is
// complete after one round trip is never the oldest for long, so slow senders
// shut nobody out who shares their address. It belongs behind Limit, which
// takes the request's token before anything is read.
func Body(limit Size) Middleware {
	u := &unfinished{by: map[string][]*body{}}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body == nil || r.Body == http.NoBody {
				next.ServeHTTP(w, r)
				return
			}
			limit, key := int64(limit), "user "+string(CallerOf(r.Context()).User.ID)
			rc := http.NewResponseController(w)
			if !CallerOf(r.Context()).Known() {
				limit, key = min(limit, AnonymousBody), "address "+AddressKey(r.Context())
				_ = rc.SetReadDeadline(time.Now().Add(anonymousWithin)) // not supported by a recorder
			}
			b := &body{ReadCloser: http.MaxBytesReader(w, r.Body, limit), of: u, key: key, size: limit,
				interrupt: func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) }}
			if r.ContentLength > limit {
				b.refusal = &http.MaxBytesError{Limit: limit}
			}
			if r.ContentLength >= 0 {
				b.size = min(limit, r.ContentLength)
			}
			u.enter(b, maxLargest*limit)
			defer u.leave(b)
			r.Body = b
			next.ServeHTTP(w, r)
		})
	}
}

// unfinished holds the bodies that are arriving, by user or address.
type unfinished struct {
	mu sync.Mutex
	by map[string][]*body // guarded by mu; the oldest first
}

// enter adds b, and makes the oldest of its key fail while there are too many,
// or more than most bytes of them.
func (u *unfinished) enter(b *body, most int64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	all, bytes := append(u.by[b.key], b), int64(0)
	for _, one := range all {
		bytes += one.size
	}
	for len(all) > maxUnfinished || bytes > most {
		oldest := all[0]
		oldest.dropped.Store(true)
		oldest.interrupt()
		all, bytes = all[1:], bytes-oldest.size
	}
	u.by[b.key] = all
}

// leave removes b, if it is still there.
func (u *unfinished) leave(b *body) {
	u.mu.Lock()
	defer u.mu.Unlock()
	all := u.by[b.key]
	for i, other := range all {
		if other == b {
			all = append(all[:i], all[i+1:]...)
			break
		}
	}
	if len(all) == 0 {
		delete(u.by, b.key)
		return
	}
	u.by[b.key] = all
}

// body leaves unfinished at its end.
type body struct {
	io.ReadCloser
	of        *unfinished
	key       string
	size      int64  // at most, in bytes
	interrupt func() // makes a Read that waits return
	dropped   atomic.Bool
	refusal   error // of what says that it is too long; static
	ended     bool  // nothing is left to read; owned by the handler
}

// Unread reports whether a part of the request's body was not read.
func Unread(r *http.Request) bool {
	b, ok := r.Body.(*body)
	return r.Body != nil && r.Body != http.NoBody && !(ok && b.ended)
}

func (b *body) Read(p []byte) (int, error) {
	if b.refusal != nil {
		return 0, b.refusal
	}
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	b.of.leave(b)
	b.ended = errors.Is(err, io.EOF)
	if b.dropped.Load() && !b.ended {
		return n, chat.FailAfter(chat.RateLimited, time.Second, "too many requests at once that are not complete")
	}
	return n, err
}
