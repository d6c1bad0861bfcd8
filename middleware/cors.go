package middleware

import (
	"net/http"
	"net/url"

	"github.com/rs/cors"
)

// corsMaxAge is how long browsers keep the answer to a preflight, in seconds.
const corsMaxAge = 600

// CORS lets pages of other origins read the answers: those of origins with the session
// cookie, all others without. It answers preflights.
func CORS(origins []*url.URL) Middleware {
	options := cors.Options{
		AllowedOrigins: []string{"*"},
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{"*"},
		ExposedHeaders: []string{"Location", "Retry-After", "Ratelimit-Limit", "Ratelimit-Remaining", "Ratelimit-Reset", "X-Request-Id",
			"Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Upload-Offset", "Upload-Length", "Upload-Expires"},
		MaxAge: corsMaxAge,
	}
	others := cors.New(options)
	options.AllowedOrigins = nil
	options.AllowOriginFunc = func(string) bool { return true } // isOneOf has judged it
	options.AllowCredentials = true
	named := cors.New(options)
	return func(next http.Handler) http.Handler {
		forOthers, forNamed := others.Handler(next), named.Handler(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Header["Origin"] == nil:
				next.ServeHTTP(w, r)
			case isOneOf(r, origins):
				forNamed.ServeHTTP(w, r)
			default:
				forOthers.ServeHTTP(w, r)
			}
		})
	}
}
