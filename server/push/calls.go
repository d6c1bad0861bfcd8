package push

import (
	"context"
	"errors"
	"net/http"
	"time"

	"parley/chat"
	"parley/internal/webpush"
	"parley/server/audit"
	"parley/server/push/payload"
	"parley/server/request"
	"parley/server/response"
)

// Answer is the answer about the caller's session.
type Answer struct {
	Key          string           `json:"key" msgpack:"key"` // the browser's applicationServerKey
	Subscription *Endpoint        `json:"subscription,omitempty" msgpack:"subscription,omitempty"`
	Last         *chat.PushResult `json:"last,omitempty" msgpack:"last,omitempty"`
	Problem      string           `json:"problem,omitempty" msgpack:"problem,omitempty"` // what will not work
}

// Endpoint is a subscription as its session is told of it.
type Endpoint struct {
	Endpoint string `json:"endpoint" msgpack:"endpoint"`
}

// TestAnswer is the answer to the call that sends a push.
type TestAnswer struct {
	Last chat.PushResult `json:"last" msgpack:"last"`
}

// checkOn returns forbidden on a server without pushes.
func (p *Pushes) checkOn() error {
	if !p.On {
		return chat.Fail(chat.Forbidden, "this server sends no push notifications")
	}
	return nil
}

// Get handles GET /api/push.
func (p *Pushes) Get(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOn(); err != nil {
		return err
	}
	return p.answer(w, r)
}

func (p *Pushes) answer(w http.ResponseWriter, r *http.Request) error {
	_, key, err := p.open(r.Context())
	if err != nil {
		return err
	}
	s, ok, err := p.Service.Subscription(r.Context(), request.Caller(r).Session.ID)
	if err != nil {
		return err
	}
	out := Answer{Key: key, Problem: p.problem()}
	if ok {
		out.Subscription, out.Last = &Endpoint{s.Endpoint}, s.Last
	}
	response.Write(w, r, http.StatusOK, out)
	return nil
}

// Put handles PUT /api/push/subscription.
func (p *Pushes) Put(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOn(); err != nil {
		return err
	}
	var in struct {
		Endpoint string `json:"endpoint"`
		Keys     *struct {
			P256dh string `json:"p256dh"`
			Auth   string `json:"auth"`
		} `json:"keys"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if in.Keys == nil {
		return chat.FailField(chat.BadInput, "keys", "keys must have p256dh and auth")
	}
	if _, err := webpush.NewSubscription(in.Endpoint, in.Keys.P256dh, in.Keys.Auth); err != nil {
		return refused(err)
	}
	c := request.Caller(r)
	if err := p.begin(r.Context()); err != nil {
		return err
	}
	s := chat.Subscription{Session: c.Session.ID, User: c.User.ID, Endpoint: in.Endpoint, P256dh: in.Keys.P256dh, Auth: in.Keys.Auth}
	before, had, err := p.Service.Subscription(r.Context(), s.Session)
	if err != nil {
		return err
	}
	err = p.Service.Subscribe(r.Context(), s)
	if err != nil || !had || !before.Same(s) { // a page sends what it has again
		p.writeAudit(r, audit.PushSubscribed, err)
	}
	if err != nil {
		return err
	}
	select {
	case p.begun <- struct{}{}:
	default:
	}
	return p.answer(w, r)
}

// begin saves, before the first subscription, that no push is made of earlier messages.
func (p *Pushes) begin(ctx context.Context) error {
	any, err := p.Service.AnySubscription(ctx)
	if err == nil && !any {
		err = p.Service.SavePushed(ctx, time.Now().UnixMilli())
	}
	return err
}

// refused returns the error of a client for an error of webpush.NewSubscription.
func refused(err error) error {
	field := "endpoint"
	switch {
	case errors.Is(err, webpush.ErrKey):
		field = "p256dh"
	case errors.Is(err, webpush.ErrAuth):
		field = "auth"
	}
	return chat.FailField(chat.BadInput, field, "%s", err)
}

// Delete handles DELETE /api/push/subscription. It works on a server without pushes too.
func (p *Pushes) Delete(w http.ResponseWriter, r *http.Request) error {
	session := request.Caller(r).Session.ID
	_, had, err := p.Service.Subscription(r.Context(), session)
	if err == nil && had {
		err = p.Service.Unsubscribe(r.Context(), session, "")
		p.writeAudit(r, audit.PushEnded, err)
	}
	if err != nil {
		return err
	}
	return response.NoContent(w)
}

// writeAudit writes that the caller changed the subscription of their session.
func (p *Pushes) writeAudit(r *http.Request, kind audit.Kind, err error) {
	c := request.Caller(r)
	p.Audit.Write(r.Context(), audit.Event{Kind: kind, Actor: string(c.User.ID), Target: string(c.Session.ID), Err: err})
}

// Test handles POST /api/push/test: it sends a push to the caller's session, at once.
func (p *Pushes) Test(w http.ResponseWriter, r *http.Request) error {
	if err := p.checkOn(); err != nil {
		return err
	}
	c := request.Caller(r)
	s, ok, err := p.Service.Subscription(r.Context(), c.Session.ID)
	if err == nil && !ok {
		err = chat.Fail(chat.NotFound, "this session has no subscription")
	}
	if err != nil {
		return err
	}
	if ok, _, wait := p.tests.Take(string(c.User.ID)); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many tests, wait a moment")
	}
	client, _, err := p.open(r.Context())
	if err != nil {
		return err
	}
	result := send(r.Context(), client, &s, p.testPush())
	last := chat.PushResult{At: time.Now().UnixMilli(), Result: string(result.Outcome), Reason: result.Reason}
	if err := p.save(context.WithoutCancel(r.Context()), &s, last); err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, TestAnswer{last})
	return nil
}

// save saves what became of a push. A subscription that is gone ends.
func (p *Pushes) save(ctx context.Context, s *chat.Subscription, last chat.PushResult) error {
	if last.Result == string(webpush.Gone) {
		return p.Service.Unsubscribe(ctx, s.Session, s.Endpoint)
	}
	return p.Service.SavePushResult(ctx, s.Session, last)
}

// send sends a push to a subscription.
func send(ctx context.Context, client *webpush.Client, s *chat.Subscription, push webpush.Push) webpush.Result {
	to, err := webpush.NewSubscription(s.Endpoint, s.P256dh, s.Auth)
	if err != nil { // of a version that judged it otherwise
		return webpush.Result{Outcome: webpush.Refused, Reason: err.Error()}
	}
	return client.Send(ctx, to, push)
}

// testPush returns the push that a user asked for.
func (p *Pushes) testPush() webpush.Push {
	return webpush.Push{TTL: time.Minute, Urgency: webpush.High, Text: payload.Payload{Notification: &payload.Notification{
		Title: "Notifications work", Body: "This device will tell you about new messages.", Navigate: p.link("/me"), Tag: testTag}}.Encode()}
}
