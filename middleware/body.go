package middleware

import (
	"net/http"

	"parley/chat"
)

// BodyLimit refuses a request whose body says that it is longer, and bounds
// what can be read of one that does not say: its reader then gives an
// *http.MaxBytesError, which the handler answers as too_large.
func BodyLimit(limit Size, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > int64(limit) {
				fail(w, r, chat.Fail(chat.TooLarge, "the body must have at most %d bytes", int64(limit)))
				return
			}
			if r.Body != nil && r.Body != http.NoBody {
				r.Body = http.MaxBytesReader(w, r.Body, int64(limit))
			}
			next.ServeHTTP(w, r)
		})
	}
}
