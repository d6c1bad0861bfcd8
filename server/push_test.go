package server

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/push"
)

// Keys of a browser.
var (
	pushKey = func() string {
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
	}()
	pushAuth = base64.RawURLEncoding.EncodeToString([]byte("0123456789abcdef"))
)

// pushService answers pushes in the place of a push service.
type pushService func(r *http.Request) (status int, body string)

func (f pushService) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := f(r)
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func subscription(endpoint string) m {
	return m{"endpoint": endpoint, "keys": m{"p256dh": pushKey, "auth": pushAuth}}
}

func TestPushCalls(t *testing.T) {
	status, sent := 201, 0
	x := start(t, func(c *Config) {
		c.push = pushService(func(r *http.Request) (int, string) { sent++; return status, "because" })
	})
	ann := x.addUser("ann")
	var got push.Answer
	ann.call("GET", "/api/push", nil).want(200).into(&got)
	if len(got.Key) != 87 || got.Subscription != nil || got.Last != nil || !strings.Contains(got.Problem, "public https") {
		t.Errorf("at first: %+v", got)
	}
	for field, body := range map[string]m{
		"endpoint": subscription("http://push.example.com/1"),
		"keys":     {"endpoint": "https://push.example.com/1"},
		"p256dh":   {"endpoint": "https://push.example.com/1", "keys": m{"p256dh": "AA", "auth": pushAuth}},
		"auth":     {"endpoint": "https://push.example.com/1", "keys": m{"p256dh": pushKey, "auth": "AA"}},
	} {
		ann.call("PUT", "/api/push/subscription", body).wantError(chat.BadInput, field)
	}
	for _, address := range []string{"https://127.0.0.1/1", "https://[::ffff:10.0.0.1]/1", "https://push.example.com:1/1#x"} {
		ann.call("PUT", "/api/push/subscription", subscription(address)).wantError(chat.BadInput, "endpoint")
	}
	ann.call("POST", "/api/push/test", nil).want(404)
	ann.call("PUT", "/api/push/subscription", subscription("https://push.example.com/1")).want(200).into(&got)
	if got.Subscription == nil || got.Subscription.Endpoint != "https://push.example.com/1" {
		t.Errorf("subscribed: %+v", got)
	}
	for _, c := range []struct {
		status int
		result string
		ends   bool
	}{{201, "accepted", false}, {403, "refused", false}, {503, "failed", false}, {410, "gone", true}} {
		status = c.status
		var test push.TestAnswer
		ann.call("POST", "/api/push/test", nil).want(200).into(&test)
		got = push.Answer{}
		ann.call("GET", "/api/push", nil).want(200).into(&got)
		if test.Last.Result != c.result || c.status != 201 && test.Last.Reason != "because" || (got.Subscription == nil) != c.ends || !c.ends && (got.Last == nil || *got.Last != test.Last) {
			t.Errorf("test with %d: %+v, then %+v", c.status, test, got)
		}
	}
	ann.call("PUT", "/api/push/subscription", subscription("https://push.example.com/2")).want(200)
	status = 201
	for range 6 {
		ann.call("POST", "/api/push/test", nil).want(200)
	}
	ann.call("POST", "/api/push/test", nil).wantError(chat.RateLimited, "")
	if sent != 10 {
		t.Errorf("%d pushes were sent", sent)
	}
	ann.call("DELETE", "/api/push/subscription", nil).want(204)
	got = push.Answer{}
	if ann.call("GET", "/api/push", nil).want(200).into(&got); got.Subscription != nil {
		t.Errorf("after the end: %+v", got)
	}
	for _, secret := range []string{"push.example.com", pushKey, pushAuth} {
		if strings.Contains(x.logs.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// On a server without pushes nothing is sent and no key is made.
func TestPushOff(t *testing.T) {
	x := start(t, func(c *Config) { c.Push = false })
	ann := x.addUser("ann")
	ann.call("GET", "/api/push", nil).wantError(chat.Forbidden, "")
	ann.call("PUT", "/api/push/subscription", subscription("https://push.example.com/1")).wantError(chat.Forbidden, "")
	ann.call("POST", "/api/push/test", nil).wantError(chat.Forbidden, "")
	ann.call("DELETE", "/api/push/subscription", nil).want(204)
}
