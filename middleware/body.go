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
	// maxPending bounds the bodies of one user, or of one address without an identity,
	// that are arriving at the same time. Together they may have maxPendingBytes times
	// the bytes of one body.
	maxPending      = 64
	maxPendingBytes = 4
)

// Body bounds what is read of a request: limit bytes for a user, AnonymousBody
// without an identity. Reading a longer body returns an *http.MaxBytesError, which the
// handler answers as too_large. If the request states its length, that is the first
// Read; a missing identity is reported before.
//
// It also bounds how many bodies of one user or address are arriving at once. One more
// makes the oldest fail with rate_limited: slow senders then do not block others at
// their address, whose bodies are complete after a round trip and so never stay the
// oldest. Body must come after Limit, which counts the request before anything is read.
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
				_ = rc.SetReadDeadline(time.Now().Add(anonymousTimeout)) // httptest's recorder does not support it
			}
			b := &body{ReadCloser: http.MaxBytesReader(w, r.Body, limit), of: p, key: key, size: limit,
				interrupt: func() { _ = rc.SetReadDeadline(time.Unix(1, 0)) }}
			if r.ContentLength > limit {
				b.refusal = &http.MaxBytesError{Limit: limit}
			}
			if r.ContentLength >= 0 {
				b.size = min(limit, r.ContentLength)
			}
			p.add(b, maxPendingBytes*limit)
			defer p.remove(b)
			r.Body = b
			next.ServeHTTP(w, r)
		})
	}
}

// pendingBodies holds the bodies that are arriving, by user or address.
type pendingBodies struct {
	mu sync.Mutex
	by map[string][]*body // guarded by mu; oldest first
}

// add adds b. While its key has more than maxPending bodies or maxBytes bytes, it makes
// the oldest body fail.
func (p *pendingBodies) add(b *body, maxBytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all, bytes := append(p.by[b.key], b), int64(0)
	for _, one := range all {
		bytes += one.size
	}
	for len(all) > maxPending || bytes > maxBytes {
		oldest := all[0]
		oldest.dropped.Store(true)
		oldest.interrupt()
		all, bytes = all[1:], bytes-oldest.size
	}
	p.by[b.key] = all
}

// remove removes b if it is still there.
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

// body is a request's body. It removes itself from pendingBodies when it ends.
type body struct {
	io.ReadCloser
	of        *pendingBodies
	key       string
	size      int64       // upper bound, in bytes
	interrupt func()      // makes a blocked Read return
	dropped   atomic.Bool // later requests took its place
	refusal   error       // of a request that states too great a length; static
	ended     bool        // read to its end; owned by the handler
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
		return n, chat.FailAfter(chat.RateLimited, time.Second, "too many incomplete requests at once")
	}
	return n, err
}
