package push

import (
	"context"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

// send sends one push for all that is due for a device. It judges first what is still to be
// told: much may have happened since the messages were posted.
func (s *sender) send(ctx context.Context, d *device, due []chat.QueuedPush) outcome {
	o, id := outcome{device: d}, d.session
	sub, ok, err := s.Service.Subscription(ctx, id)
	switch {
	case err != nil:
		s.failed(ctx, err)
		o.wait = busyWait
		return o
	case !ok:
		o.ended = due
		return o
	}
	to, err := s.recipient(ctx, sub.User)
	if err != nil {
		s.failed(ctx, err)
		o.wait = busyWait
		return o
	}
	told, ended, err := s.news(ctx, to, due)
	if err != nil {
		s.failed(ctx, err)
		o.wait = busyWait
		return o
	}
	o.ended = ended
	if len(told) == 0 {
		return o
	}
	if len(told) > 1 && !s.history.bursts(id, len(told)) {
		told = told[:1] // the others follow at once
	}
	summary := s.history.bursts(id, len(told))
	if summary {
		if o.wait = s.history.untilSummary(id); o.wait > 0 {
			return o
		}
	}
	push, read, err := s.push(ctx, &sub, to, told, summary)
	if err != nil {
		s.failed(ctx, err)
		o.wait = busyWait
		return o
	}
	result := send(ctx, s.client, &sub, push)
	if result.Outcome == webpush.Failed && ctx.Err() != nil {
		return o // it was cut off; whoever has the lease sends it again
	}
	s.sent(string(result.Outcome))
	now := time.Now()
	o.subscription, o.last = &sub, &chat.PushResult{At: now.UnixMilli(), Result: string(result.Outcome), Reason: result.Reason}
	for _, n := range told {
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
		s.history.add(id, told, read, summary)
	}
	return o
}
