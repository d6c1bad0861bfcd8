//go:build linux

package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/server"
)

// TestFullDiskAPI tests the answers of the API on a full disk.
func TestFullDiskAPI(t *testing.T) {
	f := fullStore(t, 10<<20)
	f.disk.fillUp(0)
	s := server.New(server.Config{Store: f.DB, Log: slog.New(slog.DiscardHandler), Version: "test",
		Limits: server.Limits{Sockets: 20, Body: middleware.Size(1 << 20), Text: middleware.Size(16 << 10)}})
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- s.Run(ctx) }()
	web := httptest.NewServer(s.Handler())
	defer func() {
		bounded, release := context.WithTimeout(ctx, 10*time.Second)
		defer release()
		if err := s.Stop(bounded); err != nil {
			t.Error(err)
		}
		web.Close()
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
	}()
	if err := s.Await(ctx); err != nil {
		t.Fatal(err)
	}
	call := func(status int, by chat.UserID, method, path, body string) string {
		t.Helper()
		r, err := http.NewRequest(method, web.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer of "+string(by))
		res, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != status {
			t.Fatalf("%s %s: %d, want %d: %s, %v", method, path, res.StatusCode, status, b, err)
		}
		return string(b)
	}
	if _, err := f.CreateSession(ctx, f.ann, chat.NewSession{TokenHash: chat.SecretHash("of " + string(f.ann))}); err != nil {
		t.Fatal(err)
	}
	path := "/api/chats/" + string(f.chat)
	if got := call(200, "", "GET", "/readyz", ""); !strings.Contains(got, `"disk":"full"`) {
		t.Errorf("/readyz: %s", got)
	}
	var refused struct{ Error chat.Error }
	post := call(503, f.bob, "POST", path+"/messages", `{"clientId": "client-0001", "text": "no room"}`)
	if err := json.Unmarshal([]byte(post), &refused); err != nil || refused.Error.Code != chat.Unavailable ||
		!strings.Contains(refused.Error.Message, "disk is full") || refused.Error.RetryAfterMs == 0 {
		t.Errorf("a post: %s", post)
	}
	call(200, f.bob, "GET", path+"/messages", "")
	call(204, f.bob, "DELETE", fmt.Sprintf("%s/messages/%d", path, f.posts[0]), "")
	call(204, f.bob, "DELETE", "/api/sessions/current", "")
	call(401, f.bob, "GET", "/api/me", "")
	call(204, f.ann, "DELETE", path+"/members/"+string(f.bob), "")
	call(200, f.ann, "PATCH", "/api/users/"+string(f.eve), `{"active": false}`)
	call(401, f.eve, "GET", "/api/me", "")
}
