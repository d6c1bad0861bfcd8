package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	chimw "github.com/go-chi/chi/v5/middleware"

	"parley/chat"
)

// record is what a request's log line needs from further inside. It belongs to
// the request's goroutine.
type record struct {
	id   string
	user chat.UserID
}

type recordKey struct{}

// maxRequestID bounds an id that a client or proxy brings, in bytes.
const maxRequestID = 64

// RequestID is the id of the request, as X-Request-Id says it; "" outside of AccessLog.
func RequestID(ctx context.Context) string {
	if rec, ok := ctx.Value(recordKey{}).(*record); ok {
		return rec.id
	}
	return ""
}

// AccessLog gives each request an id, or keeps the one it came with, and logs
// one line when its handler returns: for an upgrade that is its beginning.
// Health checks are logged at debug level unless they fail.
func AccessLog(log *slog.Logger) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			rec := &record{id: requestID(r)}
			w.Header().Set("X-Request-Id", rec.id)
			r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
			ww := chimw.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				status := ww.Status()
				if status == 0 {
					status = http.StatusOK
				}
				level, route := slog.LevelInfo, route(r)
				if status < 400 && (route == "/healthz" || route == "/readyz") {
					level = slog.LevelDebug
				}
				log.LogAttrs(r.Context(), level, "request",
					slog.String("method", method(r)),
					slog.String("route", route),
					slog.Int("status", status),
					slog.Int("bytes", ww.BytesWritten()),
					slog.Duration("took", time.Since(began)),
					slog.String("request", rec.id),
					slog.String("address", Address(r.Context())),
					slog.String("user", string(rec.user)))
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// route is the pattern that matched, never the path: a path may hold anything.
func route(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

// method bounds what the log repeats: a method may be any word of any length.
func method(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return r.Method
	}
	return "other"
}

// requestID takes an incoming id only if it is short and plain, so that nobody
// writes their own lines into a log.
func requestID(r *http.Request) string {
	id := r.Header.Get("X-Request-Id")
	if id == "" || len(id) > maxRequestID {
		return chat.NewID[string]()
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return chat.NewID[string]()
		}
	}
	return id
}
