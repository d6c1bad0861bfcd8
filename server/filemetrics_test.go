package server

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/chat"
)

// The metrics tell what is stored, what is arriving, what was refused and what was left over.
func TestFileMetrics(t *testing.T) {
	dir := t.TempDir()
	orphan := filepath.Join(dir, chat.NewID[string]())
	old := time.Now().Add(-48 * time.Hour)
	if err := os.WriteFile(orphan, []byte("of nobody"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(orphan, old, old); err != nil {
		t.Fatal(err)
	}
	x := start(t, withFiles(t, dir), func(c *Config) { c.Limits.File, c.Limits.Uploads, c.Limits.Storage = 1000, 1500, 2000 })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	has := func(lines ...string) {
		t.Helper()
		var out string
		eventually(t, func() bool {
			w := httptest.NewRecorder()
			x.s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
			out = w.Body.String()
			for _, line := range lines {
				if !strings.Contains(out, "\n"+line+"\n") {
					return false
				}
			}
			return true
		})
	}
	has("parley_files 0", "parley_files_bytes 0", "parley_uploads_sending 0", "parley_file_orphans_total 1", "parley_files_missing 0")

	file := ann.upload(id, "name=a", random(900))
	path := "/api/chats/" + string(id) + "/files?name=a"
	ann.call("POST", path, random(1001)).wantError(chat.FileTooLarge, "")
	ann.call("POST", path, random(1001)).wantError(chat.FileTooLarge, "")
	ann.call("POST", path, random(601)).wantError(chat.QuotaExceeded, "")
	has("parley_files_bytes 900", `parley_uploads_refused_total{reason="file_too_large"} 2`, `parley_uploads_refused_total{reason="quota_exceeded"} 1`)

	body, feed := io.Pipe()
	r, err := http.NewRequest("POST", x.url+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header, r.ContentLength = bob.header.Clone(), 100
	answered := make(chan int, 1)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			answered <- 0
			return
		}
		defer res.Body.Close()
		answered <- res.StatusCode
	}()
	if _, err := feed.Write(random(50)); err != nil {
		t.Fatal(err)
	}
	has("parley_uploads_sending 1", "parley_files_bytes 1000")
	if _, err := io.Copy(feed, bytes.NewReader(random(50))); err != nil {
		t.Fatal(err)
	}
	_ = feed.Close()
	if status := <-answered; status != 201 {
		t.Errorf("status %d", status)
	}
	has("parley_uploads_sending 0")

	ann.tus("DELETE", "/api/uploads/"+string(file.ID), nil, nil).want(204)
	has("parley_files 1", "parley_files_bytes 100")
}
