package middleware

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	chimw "github.com/go-chi/chi/v5/middleware"

	"parley/chat"
)

// Recover logs a handler's panic with its stack and answers 500. If the answer has
// begun, it aborts the connection instead, so that no client takes the answer for
// complete. It does not touch a hijacked connection. http.ErrAbortHandler passes.
func Recover(log *slog.Logger, fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ww, ok := w.(chimw.WrapResponseWriter) // AccessLog's
			if !ok {
				ww = chimw.NewWrapResponseWriter(w, r.ProtoMajor)
			}
			defer func() {
				p := recover()
				if p == nil {
					return
				}
				if p == http.ErrAbortHandler {
					panic(p)
				}
				log.LogAttrs(r.Context(), slog.LevelError, "panic",
					slog.String("method", method(r)),
					slog.String("route", Route(r)),
					slog.String("request", RequestID(r.Context())),
					slog.String("panic", fmt.Sprint(p)),
					slog.String("stack", string(debug.Stack())))
				switch ww.Status() {
				case 0:
					fail(ww, r, chat.Fail(chat.Internal, "something went wrong on the server"))
				case http.StatusSwitchingProtocols:
				default:
					panic(http.ErrAbortHandler)
				}
			}()
			next.ServeHTTP(ww, r)
		})
	}
}
