package middleware

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	chimw "github.com/go-chi/chi/v5/middleware"

	"parley/chat"
)

// requestInfo is what the middleware found out about a request. It is one value,
// since each value put into the context costs a copy of the request. The request's
// goroutine owns it.
type requestInfo struct {
	id     string
	caller Caller
}

type requestInfoKey struct{}

// infoOf returns the requestInfo of a request and the request whose context holds it.
// It adds one to the context if there is none.
func infoOf(r *http.Request) (*requestInfo, *http.Request) {
	if v, ok := r.Context().Value(requestInfoKey{}).(*requestInfo); ok {
		return v, r
	}
	v := &requestInfo{}
	return v, r.WithContext(context.WithValue(r.Context(), requestInfoKey{}, v))
}

// maxRequestID bounds the request id of a client or proxy, in bytes.
const maxRequestID = 64

// RequestID returns the id of the request, which is also in the answer's X-Request-Id.
// It returns "" outside of AccessLog.
func RequestID(ctx context.Context) string {
	if v, ok := ctx.Value(requestInfoKey{}).(*requestInfo); ok {
		return v.id
	}
	return ""
}

// Observer is called for each request when its handler has returned. It receives the
// pattern of the route ("" if none matched), the method (or "other"), the status of the
// answer and the duration.
type Observer func(route, method string, status int, took time.Duration)

// AccessLog sets the id of each request, or keeps a valid one that it came with, and
// logs one line when its handler returns; for an upgrade, that is when the connection
// begins. Health checks and the polls of Socket.IO clients are logged at debug level unless they
// fail. The sampler decides
// which of the requests that one caller repeats are logged; observe is called for all.
func AccessLog(log *slog.Logger, sampler *LogSampler, observe Observer) Middleware {
	to := log.Handler() // a Logger would look up its caller's source line for each record
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			began := time.Now()
			v, r := infoOf(r)
			v.id = requestID(r)
			w.Header().Set("X-Request-Id", v.id)
			ww := chimw.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				route, method, status, took := Route(r), method(r), ww.Status(), time.Since(began)
				if status == 0 {
					status = http.StatusOK
				}
				level := slog.LevelInfo
				if status < 400 && (route == "/healthz" || route == "/readyz" || strings.HasPrefix(route, "/socket.io")) {
					level = slog.LevelDebug
				}
				observe(route, method, status, took)
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
				_ = to.Handle(r.Context(), line) // a Logger ignores this error, too
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// Route returns the pattern of the route that matched. The path itself is never logged: it may
// contain a secret.
func Route(r *http.Request) string {
	if c := chi.RouteContext(r.Context()); c != nil {
		return c.RoutePattern()
	}
	return ""
}

// method returns a known method or "other": a client may send any word of any length.
func method(r *http.Request) string {
	switch r.Method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return r.Method
	}
	return "other"
}

// requestID returns the id that the request came with if it is short and printable
// ASCII, so that no client can forge log lines, and else a new one.
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
