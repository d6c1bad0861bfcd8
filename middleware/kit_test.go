package middleware

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/chat"
)

// writeError is the Fail of these tests: the body is the error's code.
func writeError(w http.ResponseWriter, _ *http.Request, err error) {
	code := chat.AsError(err).Code
	w.WriteHeader(map[chat.Code]int{
		chat.NoIdentity: 401, chat.Forbidden: 403, chat.TooLarge: 413, chat.RateLimited: 429,
		chat.Internal: 500, chat.Unavailable: 503,
	}[code])
	_, _ = w.Write([]byte(code))
}

func ignore(string, string, int, time.Duration) {}

func ok(http.ResponseWriter, *http.Request) {}

// chain wraps the handler in the middleware; the first is the outermost.
func chain(h http.HandlerFunc, around ...Middleware) http.Handler {
	var all http.Handler = h
	for i := len(around) - 1; i >= 0; i-- {
		all = around[i](all)
	}
	return all
}

func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	return r
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func logger() (*slog.Logger, *bytes.Buffer) {
	var b bytes.Buffer
	return slog.New(slog.NewJSONHandler(&b, nil)), &b
}

func parse(t *testing.T, s string) *url.URL {
	t.Helper()
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
