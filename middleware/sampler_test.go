package middleware

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
)

// logLines returns the number of request lines and the summary lines in out, and
// empties it.
func logLines(t *testing.T, out *bytes.Buffer) (each int, sums []map[string]any) {
	t.Helper()
	for dec := json.NewDecoder(out); dec.More(); {
		var line map[string]any
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		switch line["msg"] {
		case "request":
			each++
		case "more requests":
			sums = append(sums, line)
		}
	}
	return each, sums
}

// A caller's first requests have a line each, the others one line together.
func TestLogSampler(t *testing.T) {
	for _, c := range []struct {
		name, token, path string
		from              string
		n, each           int
		sum               map[string]any // nil: none
	}{
		{"an anonymous caller who is refused", "", "/refused", "192.0.2.9", 5000, maxRefused, map[string]any{"status": 403.0, "address": "192.0.2.9", "user": ""}},
		{"an anonymous caller with a wrong token", "wrong", "/refused", "192.0.2.9", 5000, maxRefused, map[string]any{"status": 403.0, "address": "192.0.2.9"}},
		{"an anonymous caller who is served", "", "/served", "192.0.2.9", 5000, maxServed, map[string]any{"status": 200.0, "address": "192.0.2.9"}},
		{"an anonymous caller and an unknown path", "", "/nothing", "192.0.2.9", 5000, maxRefused, map[string]any{"status": 404.0}},
		{"a user who is refused", "ann-token", "/refused", "192.0.2.9", 5000, maxRefused, map[string]any{"status": 403.0, "address": "", "user": "u1"}},
		{"a user who is served", "ann-token", "/served", "192.0.2.9", 1000, 1000, nil},
		{"an anonymous caller below the bound", "", "/refused", "192.0.2.9", maxRefused, maxRefused, nil},
		{"an anonymous caller with many addresses of one network", "", "/refused", "2001:db8::LO", 5000, maxRefused, map[string]any{"address": "2001:db8::"}},
		{"many anonymous callers", "", "/refused", "10.HI.LO.1", 5000, maxCallers + maxRefused, map[string]any{"address": "", "count": float64(5000 - maxCallers - maxRefused)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, out := logger()
				answered := 0
				r := chi.NewRouter()
				r.Use(ClientAddress(nil, log), AccessLog(log, NewLogSampler(log), func(string, string, int, time.Duration) { answered++ }),
					Identify(fakeSessions{"ann-token": "u1"}, nil))
				r.Get("/refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) })
				r.Get("/served", ok)
				for window := range 2 {
					for i := range c.n {
						req := request("GET", c.path)
						req.RemoteAddr = "[" + strings.NewReplacer("HI", fmt.Sprint(i/256), "LO", fmt.Sprint(i%256)).Replace(c.from) + "]:1"
						if c.token != "" {
							req.Header.Set("Authorization", "Bearer "+c.token)
						}
						do(r, req)
					}
					time.Sleep(sampleWindow)
					synctest.Wait()
					each, sums := logLines(t, out)
					if each != c.each || len(sums) != min(1, len(c.sum)) {
						t.Fatalf("window %d: %d lines and %v, want %d and %v", window, each, sums, c.each, c.sum)
					}
					for k, want := range c.sum {
						if sums[0][k] != want {
							t.Errorf("%s is %v, want %v", k, sums[0][k], want)
						}
					}
					if c.sum != nil && sums[0]["count"] != float64(c.n-c.each) {
						t.Errorf("count is %v, want %d", sums[0]["count"], c.n-c.each)
					}
				}
				if answered != 2*c.n {
					t.Errorf("the observer was called for %d requests", answered)
				}
			})
		})
	}
}

// Flush logs what was counted in a window that has not ended.
func TestLogSamplerFlush(t *testing.T) {
	log, out := logger()
	sampler := NewLogSampler(log)
	h := chain(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, AccessLog(log, sampler, ignore))
	for range maxRefused + 3 {
		do(h, request("GET", "/"))
	}
	sampler.Flush()
	sampler.Flush()
	if each, sums := logLines(t, out); each != maxRefused || len(sums) != 1 || sums[0]["count"] != 3.0 {
		t.Errorf("%d lines, %v", each, sums)
	}
}

func TestLogSamplerFailures(t *testing.T) {
	log, out := logger()
	sampler, lines := NewLogSampler(log), 0
	h := chain(func(_ http.ResponseWriter, r *http.Request) {
		if sampler.AllowFailure(r.Context()) {
			lines++
		}
	}, ClientAddress(nil, log), AccessLog(log, sampler, ignore))
	for range maxRefused + 3 {
		do(h, request("GET", "/"))
	}
	out.Reset()
	sampler.Flush()
	var sum map[string]any
	if err := json.Unmarshal(out.Bytes(), &sum); err != nil || lines != maxRefused ||
		sum["msg"] != "more failures" || sum["count"] != 3.0 || sum["address"] != "192.0.2.1" || sum["level"] != "ERROR" {
		t.Errorf("%d lines, %v, %v", lines, sum, err)
	}
}
