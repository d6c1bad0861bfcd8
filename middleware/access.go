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

// requestInfo is what the parts of this package find out about a request: one value,
// since each that the context holds costs a copy of the request. It belongs to
// the request's goroutine.
type requestInfo struct {
	id     string
	caller Caller
}

type requestInfoKey struct{}

// infoOf gives the requestInfo of a request, or one that begins here.
func infoOf(r *http.Request) (*requestInfo, *http.Request) {
	if v, ok := r.Context().Value(requestInfoKey{}).(*requestInfo); ok {
		return v, r
	}
	v := &requestInfo{}
	return v, r.WithContext(context.WithValue(r.Context(), requestInfoKey{}, v))
}

// maxRequestID bounds an id that a client or proxy brings, in bytes.
const maxRequestID = 64

// RequestID is the id of the request, as X-Request-Id says it; "" outside of AccessLog.
func RequestID(ctx context.Context) string {
	if v, ok := ctx.Value(requestInfoKey{}).(*requestInfo); ok {
		return v.id
	}
	return ""
}

// Observer is told of each request when its handler has returned: the pattern
// that it matched ("" for none), its method (or "other"), the answer's status
// and how long it took.
type Observer func(route, method string, status int, took time.Duration)

// AccessLog gives each request an id, or keeps the one it came with, and logs
// one line when its handler returns: for an upgrade that is its beginning.
// Health checks are logged at debug level unless they fail. Of requests that one
// caller sampler some are only counted (LogSampler); answered is told of all.
func AccessLog(log *slog.Logger, sampler *LogSampler, answered Observer) Middleware {
	to := log.Handler() // a Logger would look up who calls it, for each line
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			v, r := infoOf(r)
			v.id = requestID(r)
			w.Header().Set("X-Request-Id", v.id)
			ww := chimw.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				route, method, status, took := route(r), method(r), ww.Status(), time.Since(began)
				if status == 0 {
					status = http.StatusOK
				}
				level := slog.LevelInfo
				if status < 400 && (route == "/healthz" || route == "/readyz") {
					level = slog.LevelDebug
				}
				answered(route, method, status, took)
				if !to.Enabled(r.Context(), level) || !sampler.allowRequest(r, &v.caller, route, status) {
					return
				}
				line := slog.NewRecord(began.Add(took), level, "request", 0)
				line.AddAttrs(
					slog.String("method", method),
					slog.String("route", route),
					slog.Int("status", status),
					slog.Int("bytes", ww.BytesWritten()),
					slog.Duration("took", took),
					slog.String("request", v.id),
					slog.String("address", Address(r.Context())),
					slog.String("user", string(v.caller.User.ID)))
				_ = to.Handle(r.Context(), line) // what Logger does with its error
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

// method bounds what the log sampler: a method may be any word of any length.
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
