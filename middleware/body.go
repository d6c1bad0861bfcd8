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
	// anonymousTimeout is how long such a body may take to arrive.
	anonymousTimeout = 10 * time.Second
	// maxPending bounds the bodies of one user, or of one address without an
	// identity, that are arriving at the same time; together they may have as many
	// bytes as maxLargest of the largest.
	maxPending = 64
	maxLargest = 4
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
	p := &pendingBodies{by: map[string][]*body{}}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Body == nil || r.Body == http.NoBody {
				next.ServeHTTP(w, r)
				return
			}
			limit, key := int64(limit), "user "+string(CallerOf(r.Context()).User.ID)
			rc := http.NewResponseController(w)
			if !CallerOf(r.Context()).SignedIn() {
				limit, key = min(limit, AnonymousBody), "address "+AddressKey(r.Context())
				_ = rc.SetReadDeadline(time.Now().Add(anonymousTimeout)) // not supported by a recorder
			}
			b := &body{ReadCloser: http.MaxBytesReader(w, r.Body, limit), of: p, key: key, size: limit,
				interrupt: func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) }}
			if r.ContentLength > limit {
				b.refusal = &http.MaxBytesError{Limit: limit}
			}
			if r.ContentLength >= 0 {
				b.size = min(limit, r.ContentLength)
			}
			p.add(b, maxLargest*limit)
			defer p.remove(b)
			r.Body = b
			next.ServeHTTP(w, r)
		})
	}
}

// pendingBodies holds the bodies that are arriving, by user or address.
type pendingBodies struct {
	mu sync.Mutex
	by map[string][]*body // guarded by mu; the oldest first
}

// enter adds b, and makes the oldest of its key fail while there are too many,
// or more than most bytes of them.
func (p *pendingBodies) add(b *body, most int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, bytes := append(p.by[b.key], b), int64(0)
	for _, one := range all {
		bytes += one.size
	}
	for len(all) > maxPending || bytes > most {
		oldest := all[0]
		oldest.dropped.Store(true)
		oldest.interrupt()
		all, bytes = all[1:], bytes-oldest.size
	}
	p.by[b.key] = all
}

// leave removes b, if it is still there.
func (p *pendingBodies) remove(b *body) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.by[b.key]
	for i, other := range all {
		if other == b {
			all = append(all[:i], all[i+1:]...)
			break
		}
	}
	if len(all) == 0 {
		delete(p.by, b.key)
		return
	}
	p.by[b.key] = all
}

// body leaves pendingBodies at its end.
type body struct {
	io.ReadCloser
	of        *pendingBodies
	key       string
	size      int64  // at most, in bytes
	interrupt func() // makes a Read that waits return
	dropped   atomic.Bool
	refusal   error // of what says that it is too long; static
	ended     bool  // nothing is left to read; owned by the handler
}

// HasUnreadBody reports whether a part of the request's body was not read.
func HasUnreadBody(r *http.Request) bool {
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
	b.of.remove(b)
	b.ended = errors.Is(err, io.EOF)
	if b.dropped.Load() && !b.ended {
		return n, chat.FailAfter(chat.RateLimited, time.Second, "too many requests at once that are not complete")
	}
	return n, err
}
