package middleware

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
)

// testHandler returns the routes behind all middleware.
func testHandler(log *slog.Logger, routes func(chi.Router)) http.Handler {
	r := chi.NewRouter()
	r.Use(ClientAddress(nil, log), AccessLog(log, NewLogSampler(log), ignore), Recover(log, writeError), Headers(nil), Compress(),
		Identify(fakeSessions{"ann-token": "u1"}, nil), Body(1000))
	routes(r)
	return r
}

func TestAccessLog(t *testing.T) {
	log, out := logger()
	h := testHandler(log, func(r chi.Router) {
		r.Post("/api/chats/{chatId}/messages", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(201)
			_, _ = w.Write([]byte("secret answer"))
		})
	})
	r := httptest.NewRequest("POST", "/api/chats/secret-chat/messages?q=secret-query", strings.NewReader("secret body"))
	r.Header.Set("Authorization", "Bearer ann-token")
	r.Header.Set("User-Agent", "secret-agent")
	w := do(h, r)
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for key, want := range map[string]any{
		"method": "POST", "route": "/api/chats/{chatId}/messages", "status": 201.0, "bytes": 13.0,
		"request": w.Header().Get("X-Request-Id"), "address": "192.0.2.1", "user": "u1",
	} {
		if line[key] != want || want == "" {
			t.Errorf("%s is %v, want %v", key, line[key], want)
		}
	}
	if _, ok := line["took"].(float64); !ok {
		t.Errorf("took is %v", line["took"])
	}
	for _, never := range []string{"secret", "ann-token"} {
		if strings.Contains(out.String(), never) {
			t.Errorf("%q is in the log: %s", never, out)
		}
	}
}

// The log contains neither a path that no route matches nor an unknown method.
func TestAccessLogOmitsUnknownPathsAndMethods(t *testing.T) {
	log, out := logger()
	h := testHandler(log, func(r chi.Router) { r.Get("/healthz", ok) })
	do(h, request("GET", "/invite/secret-code"))
	do(h, request("SECRET-METHOD", "/healthz"))
	if s := out.String(); strings.Count(s, "\n") != 2 || strings.Contains(s, "secret") || strings.Contains(s, "SECRET") {
		t.Errorf("logged %s", s)
	}
	out.Reset()
	do(h, request("GET", "/healthz"))
	if out.Len() != 0 {
		t.Errorf("a health check is logged: %s", out)
	}
}

func TestRequestID(t *testing.T) {
	log, out := logger()
	var inside string
	h := chain(func(_ http.ResponseWriter, r *http.Request) { inside = RequestID(r.Context()) }, AccessLog(log, NewLogSampler(log), ignore))
	for in, taken := range map[string]bool{
		"": false, "abc-123": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false,
		"two words": false, "new\u0085line": false, "über": false, "tab\t": false,
	} {
		out.Reset()
		r := request("GET", "/")
		if in != "" {
			r.Header["X-Request-Id"] = []string{in}
		}
		got := do(h, r).Header().Get("X-Request-Id")
		if (got == in) != taken || len(got) < 3 || got != inside || !strings.Contains(out.String(), got) {
			t.Errorf("%q became %q, inside %q", in, got, inside)
		}
	}
	if RequestID(t.Context()) != "" {
		t.Error("an id outside of a request")
	}
}

func TestRecover(t *testing.T) {
	log, out := logger()
	h := testHandler(log, func(r chi.Router) {
		r.Get("/{what}", func(w http.ResponseWriter, r *http.Request) {
			switch chi.URLParam(r, "what") {
			case "before":
				panic("boom")
			case "within":
				_, _ = w.Write([]byte(strings.Repeat("half an answer ", 1000)))
				panic("boom")
			case "abort":
				panic(http.ErrAbortHandler)
			case "upgraded":
				w.WriteHeader(101)
				panic("boom")
			}
		})
	})
	for _, c := range []struct {
		path           string
		status         int
		body           string
		aborts, logged bool
	}{
		{"/before", 500, "internal", false, true},
		{"/within", 200, "half an answer", true, true},
		{"/abort", 200, "", true, false},
		{"/upgraded", 101, "", false, true},
	} {
		out.Reset()
		w := httptest.NewRecorder()
		var p any
		func() {
			defer func() { p = recover() }()
			h.ServeHTTP(w, request("GET", c.path))
		}()
		if c.aborts != (p == http.ErrAbortHandler) || !c.aborts && p != nil {
			t.Errorf("%s: panicked with %v", c.path, p)
		}
		if w.Code != c.status || !strings.HasPrefix(w.Body.String(), c.body) || c.body == "" && w.Body.Len() > 0 || strings.Contains(w.Body.String(), "boom") {
			t.Errorf("%s: %d %.40q", c.path, w.Code, w.Body)
		}
		s := out.String()
		if c.logged != (strings.Contains(s, "boom") && strings.Contains(s, "access_test.go") && strings.Contains(s, w.Header().Get("X-Request-Id"))) {
			t.Errorf("%s: logged %s", c.path, s)
		}
		if !strings.Contains(s, `"route":"/{what}","status":`) {
			t.Errorf("%s: no access line in %s", c.path, s)
		}
	}
}

func TestCompress(t *testing.T) {
	log, _ := logger()
	long := `{"text":"` + strings.Repeat("again and ", 1000) + `"}`
	h := testHandler(log, func(r chi.Router) {
		r.Get("/{what}", func(w http.ResponseWriter, r *http.Request) {
			what := chi.URLParam(r, "what")
			w.Header().Set("Content-Type", map[bool]string{true: "application/msgpack", false: "application/json"}[what == "msgpack"])
			switch what {
			case "secret":
				DisableCompression(w)
			case "short":
				_, _ = w.Write([]byte("{}"))
				return
			case "upgrade":
				if _, hijacks := w.(http.Hijacker); !hijacks {
					t.Error("an upgrade cannot be hijacked")
				}
			}
			_, _ = w.Write([]byte(long))
		})
	})
	server := httptest.NewServer(h)
	defer server.Close()
	for _, c := range []struct{ path, accept, upgrade, want string }{
		{"/long", "gzip", "", "gzip"},
		{"/long", "gzip, zstd", "", "zstd"},
		{"/long", "gzip;q=0", "", ""},
		{"/long", "identity", "", ""},
		{"/long", "gzip" + strings.Repeat(", gzip", 100), "", ""}, // too much to parse
		{"/secret", "gzip" + strings.Repeat(", gzip", 100), "", ""},
		{"/msgpack", "gzip", "", "gzip"},
		{"/short", "gzip", "", ""},
		{"/secret", "gzip, zstd", "", ""},
		{"/upgrade", "gzip", "websocket", ""},
	} {
		r, err := http.NewRequest("GET", server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", c.accept)
		if c.upgrade != "" {
			r.Header.Set("Upgrade", c.upgrade)
			r.Header.Set("Connection", "Upgrade")
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil || resp.Header.Get("Content-Encoding") != c.want || (c.want != "") != (len(b) < 1000 && len(b) > 2) {
			t.Errorf("%+v: %q, %d bytes, %v", c, resp.Header.Get("Content-Encoding"), len(b), err)
		}
		if resp.Header.Get("No-Gzip-Compression") != "" {
			t.Errorf("%+v: the internal header was sent", c)
		}
	}
}
