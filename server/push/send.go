package push

import (
	"context"
	"encoding/json"
	"time"

	"parley/chat"
	"parley/internal/webpush"
	"parley/server/push/payload"
)

// preparedPush is a push that is ready to be sent.
type preparedPush struct {
	sub     chat.Subscription
	told    []news
	read    []chat.ChatID // chats that it says are read
	summary bool
	push    webpush.Push
}

// send sends one push for all that is due for a device.
func (s *sender) send(ctx context.Context, d *device, due []chat.QueuedPush) outcome {
	o := outcome{device: d, tried: due}
	p, err := s.prepare(ctx, due, &o)
	if err != nil {
		s.failed(ctx, err)
		o.wait = busyWait
	}
	if err != nil || p == nil {
		return o
	}
	result := send(ctx, s.client, &p.sub, p.push)
	if result.Outcome == webpush.Failed && ctx.Err() != nil {
		return o // it was cut off; whoever has the lease sends it again
	}
	s.sent(string(result.Outcome))
	now := time.Now()
	o.subscription, o.last = &p.sub, &chat.PushResult{At: now.UnixMilli(), Result: string(result.Outcome), Reason: result.Reason}
	for _, n := range p.told {
		q := n.queued
		if result.Outcome != webpush.Failed || now.Sub(time.UnixMilli(q.At)) > dropAfter {
			o.ended = append(o.ended, q)
			continue
		}
		q.Due = now.Add(backoff(q.Tries, result.After)).UnixMilli()
		q.Tries++
		o.again = append(o.again, q)
	}
	if result.Outcome == webpush.Accepted {
		o.shown = s.history.add(d, p)
	}
	return o
}

// prepare returns the push for all that is due for the device of an outcome, or nil if there is
// nothing to tell, or not yet: much may have happened since the messages were posted.
func (s *sender) prepare(ctx context.Context, due []chat.QueuedPush, o *outcome) (*preparedPush, error) {
	p, id := &preparedPush{}, o.session
	due, urgent := s.history.choose(id, due)
	if len(due) == 0 {
		o.wait = s.history.untilSummary(id)
		return nil, nil
	}
	s.preparing <- struct{}{}
	defer func() { <-s.preparing }()
	sub, ok, err := s.Service.Subscription(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		o.ended = due
		return nil, nil
	}
	p.sub = sub
	to, err := s.recipient(ctx, sub.User, due)
	if err != nil {
		return nil, err
	}
	if p.told, o.ended, err = s.news(ctx, to, due); err != nil || len(p.told) == 0 {
		return nil, err
	}
	if p.summary = !urgent && s.history.bursts(id, len(p.told)); p.summary {
		if o.wait = s.history.untilSummary(id); o.wait > 0 {
			return nil, nil
		}
	}
	if !p.summary {
		p.told = p.told[:1] // the others follow at once
	}
	return p, s.build(ctx, p, to)
}

// load reads of which chats devices may show notifications, and schedules the closing of those that
// were read while no server held the lease.
func (s *sender) load(ctx context.Context) error {
	subscriptions, err := s.Service.ShowingSubscriptions(ctx, maxSessions)
	if err != nil {
		return err
	}
	for _, sub := range subscriptions {
		s.history.load(&device{session: sub.Session, user: sub.User, host: hostOf(sub.Endpoint)}, sub.Shown)
		s.readers.add(sub.User)
	}
	s.loaded = true
	return nil
}

// closeWait is how long a push that closes notifications waits, so that one is sent for all
// that a user reads meanwhile.
const closeWait = time.Second

// closeRead lets the devices of users who have read something close their notifications.
func (s *sender) closeRead(now time.Time) {
	for u := range s.readers.take() {
		for _, shown := range s.history.showing(u) {
			s.queue.closeAt(shown.session, u, shown.host, now.Add(closeWait))
		}
	}
}

// sendClose sends a device which of the chats that it may show notifications of are read. It is
// not tried again: the next push says so, too.
func (s *sender) sendClose(ctx context.Context, d *device) outcome {
	o := outcome{device: d}
	sub, read, text, err := s.prepareClose(ctx, d)
	if err != nil {
		s.failed(ctx, err)
	}
	if len(read) == 0 {
		return o
	}
	// Without a TTL: a device that is offline gets none, since nothing may be shown once it comes.
	result := send(ctx, s.client, &sub, webpush.Push{Text: text, Urgency: webpush.Normal})
	s.sent(string(result.Outcome))
	switch result.Outcome {
	case webpush.Accepted:
		o.shown = s.history.closed(d.session, read)
	case webpush.Gone:
		o.subscription, o.last = &sub, &chat.PushResult{At: time.Now().UnixMilli(), Result: string(result.Outcome), Reason: result.Reason}
	}
	return o
}

func (s *sender) prepareClose(ctx context.Context, d *device) (sub chat.Subscription, read []chat.ChatID, text []byte, err error) {
	s.preparing <- struct{}{}
	defer func() { <-s.preparing }()
	sub, ok, err := s.Service.Subscription(ctx, d.session)
	if err != nil || !ok || webpush.MustShow(sub.Endpoint) {
		return sub, nil, nil, err
	}
	badge, read, err := s.unread(ctx, &sub, true)
	if err != nil {
		return sub, nil, nil, err
	}
	v := struct {
		AppBadge int          `json:"app_badge"`
		Data     payload.Data `json:"data"`
	}{badge, payload.Data{Read: read}}
	text, _ = json.Marshal(v) // has nothing that JSON lacks
	return sub, read, text, nil
}
