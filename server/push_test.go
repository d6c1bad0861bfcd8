package server

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
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
	bob.call("POST", "/api/push/test", nil).want(200)
	if test := service.next(); test.Notification == nil || test.Notification.Tag != "test" || test.AppBadge != nil {
		t.Errorf("a test changes the badge, or is none: %+v", test.Payload)
	}
	began := time.Now()
	seq := ann.post(direct, "**hello**\n\nyou")
	p := service.next()
	if took := p.at.Sub(began); took > 2*time.Second {
		t.Errorf("the push took %s", took)
	}
	if p.text() != "phone: Ann | **hello** you" || p.Notification.Navigate != fmt.Sprintf("/c/%s/%d", direct, seq) || p.AppBadge == nil || *p.AppBadge != 2 ||
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
	// The direct chat is read elsewhere: a push says so.
	unread := *p.AppBadge
	bob.call("PUT", "/api/chats/"+string(direct)+"/read", m{"seq": seq}).want(204)
	if p = <-service.closing; p.WebPush != 0 || p.AppBadge == nil || *p.AppBadge != unread-2 || !slices.Equal(p.closes.Read, []chat.ChatID{direct}) || p.header.Get("TTL") != "0" {
		t.Errorf("after reading: %+v, badge %v of %d", p, p.AppBadge, unread)
	}
	// On Apple's devices the next one that shows something says so.
	service.subscribeAt(bob, "https://web.push.apple.com/phone")
	bob.call("PUT", "/api/chats/"+string(group)+"/read", m{"seq": 1000}).want(204)
	ann.post(direct, "look")
	if p = service.next(); !slices.Equal(p.Notification.Data.Read, []chat.ChatID{group}) || p.header.Get("Urgency") != "high" || len(service.closing) != 0 {
		t.Errorf("after reading: %+v, %d pushes without a notification", p.Notification, len(service.closing))
	}
	if strings.Contains(x.logs.String(), "push.example.com") || strings.Contains(x.logs.String(), "level=ERROR") {
		t.Errorf("the log: %s", x.logs.String())
	}
}

// Messages of which another server made pushes are pushed no more; those behind them are.
func TestPushMadeBefore(t *testing.T) {
	service := newPushService(t)
	x := start(t, func(c *Config) { c.push = service })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	direct := ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	service.subscribe(bob, "phone")
	seq := ann.post(direct, "pushed")
	service.next()
	// The next message is one that a server with the lease before this one pushed.
	if _, made, err := x.store.MakePushes(t.Context(), []chat.ChatPushes{{ChatID: direct, After: seq, Last: seq + 1}}); err != nil || !made {
		t.Fatal(made, err)
	}
	ann.post(direct, "pushed by another server")
	ann.post(direct, "new")
	if p := service.next(); p.text() != "phone: Ann | new" || p.Notification.Data.Count != 1 {
		t.Errorf("%s: %+v", p.text(), p.Notification)
	}
	if strings.Contains(x.logs.String(), "level=ERROR") {
		t.Errorf("the log: %s", x.logs.String())
	}
}

// quiet asserts that no push is queued or comes: a message to another session, which is made
// with the others, comes alone.
func (s *pushService) quiet(what string, post func()) {
	s.t.Helper()
	post()
	if p := s.next(); !strings.HasPrefix(p.text(), "witness:") {
		s.t.Errorf("%s: %s", what, p.text())
	}
}

// What the people and the message are when the push leaves decides, not what they were.
func TestPushIsJudgedAgain(t *testing.T) {
	service := newPushService(t)
	x := start(t, func(c *Config) { c.push = service })
	ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
	chat1, other := string(ann.group(bob)), ann.group(cid)
	service.subscribe(bob, "phone")
	service.subscribe(cid, "witness")
	var failing atomic.Bool
	service.answers(func(r *http.Request) (int, http.Header) {
		if failing.Load() && strings.HasSuffix(r.URL.Path, "phone") {
			return 503, http.Header{"Retry-After": {"1"}}
		}
		return 201, nil
	})
	messages := "/api/chats/" + chat1 + "/messages"
	for what, change := range map[string]func(seq chat.Seq){
		"deleted": func(seq chat.Seq) { ann.call("DELETE", fmt.Sprint(messages, "/", seq), nil).want(204) },
		"read":    func(seq chat.Seq) { bob.call("PUT", "/api/chats/"+chat1+"/read", m{"seq": seq}).want(204) },
		"muted": func(chat.Seq) {
			bob.call("PATCH", "/api/chats/"+chat1+"/mine", m{"mutedUntil": chat.MutedForEver}).want(200)
		},
	} {
		failing.Store(true)
		seq := ann.post(chat.ChatID(chat1), what)
		if p := service.next(); p.text() != "phone: Group | Ann: "+what {
			t.Fatalf("%s: %s", what, p.text())
		}
		failing.Store(false)
		change(seq)
		x.drained(what)
		bob.call("PATCH", "/api/chats/"+chat1+"/mine", m{"mutedUntil": 0}).want(200)
		service.quiet(what, func() { ann.post(other, "witness") })
	}

	// What is deleted of several leaves the one before.
	failing.Store(true)
	ann.post(chat.ChatID(chat1), "first")
	service.next()
	last := ann.post(chat.ChatID(chat1), "second")
	ann.call("DELETE", fmt.Sprint(messages, "/", last), nil).want(204)
	failing.Store(false)
	if p := service.next(); p.text() != "phone: Group | Ann: first" {
		t.Errorf("after the last one was deleted: %s", p.text())
	}
	x.drained("the last")

	// None after a removal, a sign-out, or from a person whom one blocked.
	bob.call("PUT", "/api/blocks/"+string(ann.user.ID), nil).want(204)
	service.quiet("blocked", func() { ann.post(chat.ChatID(chat1), "blocked"); ann.post(other, "witness") })
	x.drained("blocked")
	bob.call("DELETE", "/api/blocks/"+string(ann.user.ID), nil).want(204)
	failing.Store(true)
	ann.post(chat.ChatID(chat1), "before the sign-out")
	service.next()
	failing.Store(false)
	bob.call("DELETE", "/api/sessions/current", nil).want(204)
	service.quiet("signed out", func() { ann.post(chat.ChatID(chat1), "after"); ann.post(other, "witness") })
	if n, _, err := x.store.CountPushes(t.Context()); err != nil || n > 1 { // the witness's may not be removed yet
		t.Errorf("%d pushes are queued: %v", n, err)
	}
}

// drained waits until no push is queued.
func (x *testServer) drained(what string) {
	x.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, _, err := x.store.CountPushes(x.t.Context())
		if err != nil || time.Now().After(end) {
			x.t.Fatalf("%s: %d pushes are queued: %v", what, n, err)
		}
		if n == 0 {
			return
		}
	}
}

// A user who looks at a page on one device gets no push on another; after a burst a summary
// tells of all.
func TestPushActiveAndBurst(t *testing.T) {
	service := newPushService(t)
	x := start(t, func(c *Config) { c.push = service })
	ann, bob, cid := x.addUser("ann"), x.addUser("bob"), x.addUser("cid")
	garden, other := ann.group(bob), ann.group(cid)
	service.subscribe(bob, "phone")
	service.subscribe(cid, "witness")
	socket := bob.connectLive()
	socket.wantError(m{"do": "focus", "chatIds": []chat.ChatID{other}}, chat.NotFound, "chatIds") // refused: not a member; it does not count
	ann.post(garden, "he does not look")
	if p := service.next(); p.text() != "phone: Group | Ann: he does not look" {
		t.Errorf("with a socket: %s", p.text())
	}
	socket.ask(m{"do": "focus", "chatIds": []chat.ChatID{garden}}, nil)
	service.quiet("looks at a page", func() { ann.post(garden, "he looks"); ann.post(other, "witness") })

	var chats []chat.ChatID
	for range 7 {
		chats = append(chats, ann.group(cid))
	}
	for range 3 {
		for _, id := range chats {
			ann.post(id, "many")
		}
	}
	summaries, one := 0, 0
	for summaries == 0 {
		if p := service.next(); p.Notification.Tag == "summary" {
			summaries++
			if !strings.Contains(p.Notification.Title, "new messages in") || p.Notification.Data.Count < 2 {
				t.Errorf("summary: %s", p.text())
			}
		} else {
			one++
		}
	}
	if one > 5 {
		t.Errorf("%d pushes before a summary", one)
	}
}

// A push service that hangs, refuses or sends storms of 410 delays neither posts nor the
// pushes to others. Its subscriptions end, or its pushes are sent later.
func TestHostilePushService(t *testing.T) {
	service := newPushService(t)
	release := make(chan struct{})
	var limited atomic.Int64
	service.answers(func(r *http.Request) (int, http.Header) {
		switch name := r.URL.Path[1:]; {
		case strings.HasPrefix(name, "slow"):
			select {
			case <-release:
			case <-r.Context().Done():
			}
		case strings.HasPrefix(name, "gone"):
			return 410, nil
		case name == "redirects":
			return 302, http.Header{"Location": {"https://127.0.0.1/"}}
		case name == "limited" && limited.Add(1) == 1:
			return 429, http.Header{"Retry-After": {"3"}}
		}
		return 201, nil
	})
	x := start(t, func(c *Config) { c.push = service })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var slow, gone []*client
	for i := range 12 {
		slow, gone = append(slow, x.addUser(fmt.Sprint("slow", i))), append(gone, x.addUser(fmt.Sprint("gone", i)))
	}
	redirects, refused := x.addUser("redirects"), x.addUser("limited")
	id := ann.group(slices.Concat(slow, gone, []*client{bob, redirects, refused})...)
	for i := range slow {
		service.subscribe(slow[i], fmt.Sprint("slow", i))
		service.subscribe(gone[i], fmt.Sprint("gone", i))
	}
	service.subscribe(redirects, "redirects")
	service.subscribe(refused, "limited")
	service.subscribe(bob, "bob")
	began, times, bobs := time.Now(), map[string]time.Time{}, 0
	for i := range 3 {
		at := time.Now()
		ann.post(id, fmt.Sprint("message ", i))
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("a post took %s", took)
		}
		for got := false; !got; { // of this message
			p := service.next()
			name := p.endpoint[strings.LastIndex(p.endpoint, "/")+1:]
			times[name] = p.at
			if got = name == "bob"; got {
				bobs++
				if took := p.at.Sub(at); took > 2*time.Second {
					t.Errorf("a push to another took %s", took)
				}
			}
		}
	}
	for times["limited"].Sub(began) < 3*time.Second {
		p := service.next()
		times[p.endpoint[strings.LastIndex(p.endpoint, "/")+1:]] = p.at
	}
	close(release)
	x.drained("after the release")
	for i := range gone {
		if _, ok, err := x.store.Subscription(t.Context(), gone[i].session.ID); err != nil || ok {
			t.Errorf("a subscription that is gone is still there: %v", err)
		}
	}
	sub, ok, err := x.store.Subscription(t.Context(), redirects.session.ID)
	if err != nil || !ok || sub.Last == nil || sub.Last.Result != "refused" || sub.Last.Reason != "because" {
		t.Errorf("a redirect: %+v, %v", sub, err)
	}
}
