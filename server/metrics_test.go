package server

import (
	"net/http/httptest"
	"strings"
	"testing"

	"parley/chat"
)

func TestMetrics(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	ann.post(id, "hello")
	ann.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": "x", "text": "a", "replyTo": 99}).wantError(chat.NotFound, "replyTo")
	ann.call("GET", "/api/strange-"+string(id), nil).want(404)
	ann.call("BREW", "/api/me", nil).want(405)
	scrape := func() string {
		w := httptest.NewRecorder()
		x.s.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
		return w.Body.String()
	}
	out := scrape()
	for _, line := range []string{
		`parley_http_requests_total{code="201",method="POST",route="/api/chats/{chatId}/messages"} 1`,
		`parley_http_requests_total{code="404",method="GET",route="/api/*"} 1`,
		`parley_appends_total{kind="posted",result="ok"} 1`,
		`parley_appends_total{kind="posted",result="not_found"} 1`,
		`parley_append_seconds_count 2`,
		`parley_http_request_seconds_count{route="/api/chats/{chatId}/messages"} 2`,
		`parley_connections 0`,
		`parley_hub_closes_total{cause="too_slow"} 0`,
		`parley_feeding 1`,
		`parley_resume_reads_total 0`,
		`parley_log_lines_lost_total 0`,
		`parley_disk_full 0`,
		`parley_sqlite_wal_bytes `,
		`parley_revocations_unsaved 0`,
		`parley_build_info{version="test"} 1`,
		`process_open_fds`,
		`go_goroutines`,
	} {
		if !strings.Contains(out, line) {
			t.Errorf("no %s", line)
		}
	}
	for _, secret := range []string{string(id), string(ann.user.ID), ann.token, "BREW"} {
		if strings.Contains(out, secret) {
			t.Errorf("the metrics say %q", secret)
		}
	}
	x.anonymous().call("GET", "/metrics", nil).want(404) // they have a listener of their own
}
