package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/chat"
	"parley/server/push"
)

func TestPushCalls(t *testing.T) {
	status := 201
	service := newPushService(t)
	service.answers(func(*http.Request) (int, http.Header) { return status, nil })
	x := start(t, func(c *Config) { c.push = service })
	ann := x.addUser("ann")
	body := func(endpoint string) m { return newBrowser(endpoint).subscription() }
	keys := body("")["keys"].(m)
	var got push.Answer
	ann.call("GET", "/api/push", nil).want(200).into(&got)
	if len(got.Key) != 87 || got.Subscription != nil || got.Last != nil || !strings.Contains(got.Problem, "public https") {
		t.Errorf("at first: %+v", got)
	}
	for field, in := range map[string]m{
		"endpoint": body("http://push.example.com/1"),
		"keys":     {"endpoint": "https://push.example.com/1"},
		"p256dh":   {"endpoint": "https://push.example.com/1", "keys": m{"p256dh": "AA", "auth": keys["auth"]}},
		"auth":     {"endpoint": "https://push.example.com/1", "keys": m{"p256dh": keys["p256dh"], "auth": "AA"}},
	} {
		ann.call("PUT", "/api/push/subscription", in).wantError(chat.BadInput, field)
	}
	for _, address := range []string{"https://127.0.0.1/1", "https://[::ffff:10.0.0.1]/1", "https://push.example.com:1/1#x"} {
		ann.call("PUT", "/api/push/subscription", body(address)).wantError(chat.BadInput, "endpoint")
	}
	ann.call("POST", "/api/push/test", nil).want(404)
	ann.call("PUT", "/api/push/subscription", body("https://push.example.com/1")).want(200).into(&got)
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
	ann.call("PUT", "/api/push/subscription", body("https://push.example.com/2")).want(200)
	status = 201
	for range 6 {
		ann.call("POST", "/api/push/test", nil).want(200)
	}
	ann.call("POST", "/api/push/test", nil).wantError(chat.RateLimited, "")
	if n := len(service.received); n != 10 {
		t.Errorf("%d pushes were sent", n)
	}
	ann.call("DELETE", "/api/push/subscription", nil).want(204)
	got = push.Answer{}
	if ann.call("GET", "/api/push", nil).want(200).into(&got); got.Subscription != nil {
		t.Errorf("after the end: %+v", got)
	}
	for _, secret := range []string{"push.example.com", keys["p256dh"].(string), keys["auth"].(string)} {
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
	ann.call("PUT", "/api/push/subscription", newBrowser("https://push.example.com/1").subscription()).wantError(chat.Forbidden, "")
	ann.call("POST", "/api/push/test", nil).wantError(chat.Forbidden, "")
	ann.call("DELETE", "/api/push/subscription", nil).want(204)
}

// A message is pushed within two seconds of its commit, with what the devices of its
// receivers need to show it.
func TestPush(t *testing.T) {
	service := newPushService(t)
	x := start(t, func(c *Config) { c.push = service })
	ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
	direct, group := ann.chat(chat.NewChat{Kind: chat.Direct}, bob), ann.group(bob, cid)
	ann.post(direct, "before anybody subscribed")
	service.subscribe(bob, "phone")
	began := time.Now()
	seq := ann.post(direct, "**hello**\n\nyou")
	p := service.next()
	if took := p.at.Sub(began); took > 2*time.Second {
		t.Errorf("the push took %s", took)
	}
	if p.text() != "phone: Ann | **hello** you" || p.Notification.Navigate != fmt.Sprintf("/c/%s/%d", direct, seq) || p.AppBadge != 2 ||
		p.Notification.Tag != string(direct) || p.Notification.Data.Count != 1 || p.Notification.Data.Seq != seq || p.WebPush != 8030 {
		t.Errorf("direct: %s: %+v %+v", p.text(), p.Payload, p.Notification)
	}
	if h := p.header; h.Get("TTL") != "86400" || h.Get("Urgency") != "high" || len(h.Get("Topic")) != 32 || strings.Contains(h.Get("Topic"), string(direct)) {
		t.Errorf("headers %v", h)
	}
	// Nothing of a muted chat, one's own message, a silent one, or in a chat at the level none.
	bob.call("PATCH", "/api/chats/"+string(group)+"/mine", m{"mutedUntil": chat.MutedForEver}).want(200)
	ann.post(group, "muted")
	bob.call("PATCH", "/api/chats/"+string(group)+"/mine", m{"mutedUntil": 0}).want(200)
	bob.post(group, "own")
	ann.call("POST", "/api/chats/"+string(group)+"/messages", m{"clientId": "silent", "text": "silent", "silent": true}).want(201)
	bob.call("PATCH", "/api/me", m{"settings": m{"pushText": false}}).want(200)
	ann.post(group, "secret")
	if p = service.next(); p.text() != "phone: Group | Ann: New message" || p.header.Get("Urgency") != "normal" {
		t.Errorf("without text: %s", p.text())
	}
	// The direct chat is read elsewhere: the next push says so.
	bob.call("PUT", "/api/chats/"+string(direct)+"/read", m{"seq": seq}).want(204)
	ann.post(group, "@bob look")
	if p = service.next(); !slices.Equal(p.Notification.Data.Read, []chat.ChatID{direct}) || p.header.Get("Urgency") != "high" {
		t.Errorf("after reading: %+v", p.Notification)
	}
	if strings.Contains(x.logs.String(), "push.example.com") || strings.Contains(x.logs.String(), "level=ERROR") {
		t.Errorf("the log: %s", x.logs.String())
	}
}
