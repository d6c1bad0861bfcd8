package push

import (
	"context"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

// message is a push that is ready to be sent.
type message struct {
	sub     chat.Subscription
	told    []news
	read    []chat.ChatID // chats that it says are read
	summary bool
	push    webpush.Push
}

// send sends one push for all that is due for a device.
func (s *sender) send(ctx context.Context, d *device, due []chat.QueuedPush) outcome {
	o := outcome{device: d}
	m, err := s.prepare(ctx, due, &o)
	if err != nil {
		s.failed(ctx, err)
		o.wait = busyWait
	}
	if m == nil {
		return o
	}
	result := send(ctx, s.client, &m.sub, m.push)
	if result.Outcome == webpush.Failed && ctx.Err() != nil {
		return o // it was cut off; whoever has the lease sends it again
	}
	s.sent(string(result.Outcome))
	now := time.Now()
	o.subscription, o.last = &m.sub, &chat.PushResult{At: now.UnixMilli(), Result: string(result.Outcome), Reason: result.Reason}
	for _, n := range m.told {
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
		s.history.add(d.session, m)
	}
	return o
}

// prepare returns the push for all that is due for the device of an outcome, or nil if there is
// nothing to tell, or not yet: much may have happened since the messages were posted.
func (s *sender) prepare(ctx context.Context, due []chat.QueuedPush, o *outcome) (*message, error) {
	s.preparing <- struct{}{}
	defer func() { <-s.preparing }()
	m, id := &message{}, o.session
	sub, ok, err := s.Service.Subscription(ctx, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		o.ended = due
		return nil, nil
	}
	m.sub = sub
	to, err := s.recipient(ctx, sub.User)
	if err != nil {
		return nil, err
	}
	if m.told, o.ended, err = s.news(ctx, to, due); err != nil || len(m.told) == 0 {
		return nil, err
	}
	if len(m.told) > 1 && !s.history.bursts(id, len(m.told)) {
		m.told = m.told[:1] // the others follow at once
	}
	if m.summary = s.history.bursts(id, len(m.told)); m.summary {
		if o.wait = s.history.untilSummary(id); o.wait > 0 {
			return nil, nil
		}
	}
	return m, s.write(ctx, m, to)
}
