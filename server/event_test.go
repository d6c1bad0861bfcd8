package server

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"parley/chat"
	"parley/server/api"
	"parley/server/service"
)

func (c *client) events(id chat.ChatID, query string) *answer {
	c.server.t.Helper()
	return c.call("GET", "/api/chats/"+string(id)+"/events?"+query, nil)
}

// awaitPolls returns once n calls wait on the hub.
func (x *testServer) awaitPolls(n int) {
	x.t.Helper()
	x.eventually(func() bool { return x.s.hub.Stats().Members >= n })
}

func TestEvents(t *testing.T) {
	x := start(t)
	ann, eve := x.addUser("ann"), x.addUser("eve")
	id := ann.group()
	for range 3 {
		ann.post(id, "hello")
	}
	epoch := x.store.Epoch()
	var page service.EventPage
	ann.events(id, "after=0").want(200).into(&page)
	if len(page.Events) != 4 || page.Head != 4 || page.More || page.Epoch != epoch || page.Events[0].Kind != chat.Joined {
		t.Errorf("%+v", page)
	}
	ann.events(id, "after=1&limit=2&epoch="+epoch).want(200).into(&page)
	if len(page.Events) != 2 || page.Events[0].Seq != 2 || !page.More {
		t.Errorf("%+v", page)
	}
	page = service.EventPage{}
	ann.events(id, "after=4").want(200).into(&page)
	if page.Events == nil || len(page.Events) != 0 || page.Head != 4 {
		t.Errorf("%+v", page)
	}
	ann.events(id, "after=5").wantError(chat.Reset, "after")
	ann.events(id, "after=1&epoch=other").wantError(chat.Reset, "epoch")
	for query, field := range map[string]string{"": "after", "after=-1": "after", "after=x": "after", "after=0&limit=1001": "limit",
		"after=0&limit=0": "limit", "after=0&wait=31": "wait", "after=0&wait=-1": "wait", "after=0&wait=x": "wait"} {
		ann.events(id, query).wantError(chat.BadInput, field)
	}
	eve.events(id, "after=0").wantError(chat.NotFound, "chatId")
	eve.events(id, "after=0&epoch=other").want(409) // the epoch reveals nothing of the chat
}

// Ann's call waits until bob posts.
func TestWaitForEvent(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	answers := make(chan *answer, 1)
	go func() { answers <- ann.events(id, "after=2&wait=30") }()
	x.awaitPolls(1)
	bob.post(id, "hello")
	var page service.EventPage
	(<-answers).want(200).into(&page)
	if len(page.Events) != 1 || page.Events[0].Text != "hello" || page.Head != 3 {
		t.Errorf("%+v", page)
	}
	if s := x.s.hub.Stats(); s.Conns != 0 || s.Members != 0 {
		t.Errorf("the call left something behind: %+v", s)
	}
	page = service.EventPage{}
	ann.events(id, "after=3&wait=1").want(200).into(&page) // nothing comes
	if page.Events == nil || len(page.Events) != 0 || page.Head != 3 {
		t.Errorf("%+v", page)
	}
}

// A user who is removed or signed out while a call waits receives that error and no event.
func TestWaitEndsWithMembershipOrSession(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	answers := make(chan *answer, 1)
	go func() { answers <- bob.events(id, "after=2&wait=30") }()
	x.awaitPolls(1)
	ann.call("DELETE", "/api/chats/"+string(id)+"/members/"+string(bob.user.ID), nil).want(204)
	(<-answers).wantError(chat.NotFound, "chatId")

	second := ann.group(bob)
	go func() { answers <- bob.events(second, "after=2&wait=30") }()
	x.awaitPolls(1)
	if err := x.store.EndSession(context.Background(), bob.user.ID, bob.session.ID); err != nil {
		t.Fatal(err)
	}
	select { // at once, not with the next event or the end of the wait
	case a := <-answers:
		a.wantError(chat.NoIdentity, "")
	case <-time.After(patience):
		t.Error("the call still waits after its session has ended")
	}
}

// Twenty calls of one user may wait; they do not count as sockets.
func TestWaitingCallsAreLimited(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	answers := make(chan *answer, api.MaxPolls)
	for range api.MaxPolls {
		go func() { answers <- ann.events(id, "after=1&wait=30") }()
	}
	x.awaitPolls(api.MaxPolls)
	ann.events(id, "after=1&wait=30").wantError(chat.RateLimited, "")
	ann.post(id, "hello")
	for range api.MaxPolls {
		(<-answers).want(200)
	}
}

// Stop ends waiting calls at once with an empty page.
func TestStopEndsWaitingCalls(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	answers := make(chan *answer, 1)
	go func() { answers <- ann.events(id, "after=1&wait=30") }()
	x.awaitPolls(1)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second) // less than the call would wait
	defer cancel()
	if err := x.s.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	(<-answers).want(200)
	ann.events(id, "after=1&wait=30").wantError(chat.Unavailable, "")
	x.anonymous().call("GET", "/readyz", nil).wantError(chat.Unavailable, "")
	x.anonymous().call("GET", "/healthz", nil).want(200)
}

// net/http reads while a handler runs: its read timeout must not end a call that waits
// longer.
func TestWaitOutlivesReadTimeout(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	web := httptest.NewUnstartedServer(x.s.Handler())
	web.Config.ReadTimeout = 100 * time.Millisecond
	web.Start()
	defer web.Close()
	r, err := http.NewRequest("GET", fmt.Sprintf("%s/api/chats/%s/events?after=1&wait=1", web.URL, id), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = ann.header
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != 200 {
		t.Errorf("status %d", res.StatusCode)
	}
}

// hookAfter is a store that calls a hook after a log was read.
type hookAfter struct {
	chat.Store
	then func() // nil: none
}

func (l *hookAfter) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) ([]chat.Event, chat.Seq, error) {
	events, head, err := l.Store.After(ctx, viewer, id, seen, limit, maxBytes)
	if viewer != "" && l.then != nil {
		l.then()
	}
	return events, head, err
}

// An event between the read and the wait is not missed: the hub has it in its ring, or
// Live returns Behind and the log is read again.
func TestWaitMissesNoEvent(t *testing.T) {
	for _, trim := range []bool{false, true} {
		var store hookAfter
		x := start(t, func(c *Config) { store.Store = c.Store; c.Store = &store })
		ann, bob := x.addUser("ann"), x.addUser("bob")
		id := ann.group(bob)
		store.then = func() {
			if x.s.hub.Stats().Members == 0 {
				return // the first read, before the call joined the topic
			}
			store.then = nil
			bob.post(id, "hello")
			for x.s.hub.Stats().RingBytes == 0 {
				time.Sleep(time.Millisecond) // a poll of the hub's own count
			}
			if trim {
				x.s.hub.Trim(string(id))
			}
		}
		began := time.Now()
		var page service.EventPage
		ann.events(id, "after=2&wait=20").want(200).into(&page)
		if len(page.Events) != 1 || page.Events[0].Text != "hello" || time.Since(began) > 10*time.Second {
			t.Errorf("trim %v: %+v after %s", trim, page, time.Since(began))
		}
	}
}
