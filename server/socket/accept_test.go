package socket

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestProtocolSelection(t *testing.T) {
	server, accepted := listen(t, Config{Protocols: []string{"v1.msgpack", "v1.json"}}, false, nil)
	for asked, want := range map[string]string{
		"":                               "",
		"v1.json":                        "v1.json",
		"V1.JSON":                        "v1.json",
		"chat, v1.json":                  "v1.json",
		"v1.json, v1.msgpack":            "v1.msgpack", // ours to prefer
		"other":                          "",
		"v1.jsonx, v1.msgpack.and.more,": "",
	} {
		header := ""
		if asked != "" {
			header = "Sec-WebSocket-Protocol: " + asked + "\r\n"
		}
		dial(t, server, header)
		if got := receive(t, accepted).Protocol(); got != want {
			t.Errorf("asked for %q, got %q, want %q", asked, got, want)
		}
	}
}

func TestRefusedUpgrade(t *testing.T) {
	good := http.Header{"Connection": {"keep-alive, Upgrade"}, "Upgrade": {"websocket"},
		"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	for name, c := range map[string]struct {
		change func(*http.Request)
		status int
		header string
	}{
		"no upgrade":    {func(r *http.Request) { r.Header.Del("Upgrade") }, 426, "Upgrade"},
		"no connection": {func(r *http.Request) { r.Header.Del("Connection") }, 426, "Connection"},
		"h2c":           {func(r *http.Request) { r.Header.Set("Upgrade", "h2c") }, 426, "Upgrade"},
		"post":          {func(r *http.Request) { r.Method = "POST" }, 405, ""},
		"http/1.0":      {func(r *http.Request) { r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0 }, 426, ""},
		"version 8":     {func(r *http.Request) { r.Header.Set("Sec-WebSocket-Version", "8") }, 400, "Sec-WebSocket-Version"},
		"no key":        {func(r *http.Request) { r.Header.Del("Sec-WebSocket-Key") }, 400, ""},
		"short key":     {func(r *http.Request) { r.Header.Set("Sec-WebSocket-Key", "YQ==") }, 400, ""},
		"two keys": {func(r *http.Request) {
			r.Header.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
		}, 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = good.Clone()
			c.change(r)
			for _, refuse := range []bool{true, false} {
				config, w, called := Config{}, httptest.NewRecorder(), 0
				if refuse {
					config.Refuse = func(w http.ResponseWriter, _ *http.Request, status int, sentence string) {
						called++
						if sentence == "" || strings.Contains(sentence, "\n") {
							t.Errorf("sentence %q", sentence)
						}
						w.Header().Set("Content-Type", "application/json")
						w.WriteHeader(status)
						_, _ = fmt.Fprintf(w, "{}")
					}
				}
				s, err := Accept(w, r, config)
				if s != nil || err == nil {
					t.Fatalf("accepted: %v", err)
				}
				if w.Code != c.status || (c.header != "" && w.Header().Get(c.header) == "") {
					t.Errorf("status %d, headers %v", w.Code, w.Header())
				}
				if refuse && (called != 1 || w.Header().Get("Content-Type") != "application/json" || w.Body.String() != "{}") {
					t.Errorf("Refuse called %d times; body %q", called, w.Body)
				}
			}
		})
	}
}
