package push

import (
	"context"
	"time"

	"parley/chat"
	"parley/internal/webpush"
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
	o := outcome{device: d}
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
		s.history.add(d.session, p)
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
