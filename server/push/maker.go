package push

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"parley/chat"
)

const (
	makeEvery = 500 * time.Millisecond // messages of so long are looked at together
	saveEvery = time.Minute            // between two saves of the progress of chats that nobody subscribes to
	// maxAge is how old a message may be when a push of it is made: what a server missed for
	// longer is history.
	maxAge = time.Hour
	// margin is how much an event's time may differ from the clock here.
	margin = 30 * time.Second

	scanChats  = 500 // chats of a part of a scan
	pageEvents = 200
	pageBytes  = 256 << 10

	// readDelay is how long a push waits for somebody who is online: the page of one who
	// looks at the chat says so within that time.
	readDelay = 800 * time.Millisecond

	// maxRows is how many chats and pushes a commit has, about: posts wait for it.
	maxRows = 200
)

// errMadeBefore reports that another holder of the lease made pushes of these messages already. A
// scan reads up to which message.
var errMadeBefore = errors.New("pushes were made before")

// maker makes pushes of new messages, while this server holds the lease.
type maker struct {
	*Pushes
	done   map[chat.ChatID]progress // up to where pushes were made
	saved  time.Time                // when the progress of all chats was saved
	queued *queue                   // told of the pushes that are queued
	made   []chat.ChatPushes        // not queued yet
}

// progress is up to where pushes of a chat were made.
type progress struct {
	seq  chat.Seq
	kind chat.ChatKind // "": not known
}

// run makes pushes until ctx ends, or until nobody has a subscription.
func (m *maker) run(ctx context.Context) error {
	m.marks.set(true)
	defer m.marks.set(false)
	m.marks.signal()
	m.saved = time.Now()
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-m.marks.wake:
		case <-tick.C:
			if any, err := m.Service.AnySubscription(ctx); err == nil && !any {
				return nil
			}
			continue
		case <-ctx.Done():
			return nil
		}
		if err := m.make(ctx); err != nil && ctx.Err() == nil {
			if !errors.Is(err, errMadeBefore) {
				m.Log.LogAttrs(ctx, slog.LevelError, "making pushes failed", slog.String("error", err.Error()))
			}
			m.marks.lost() // what was taken is found again
		}
		select {
		case <-time.After(makeEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// make makes the pushes of what is marked.
func (m *maker) make(ctx context.Context) error {
	began := time.Now()
	m.made = nil
	chats, all := m.marks.take()
	if all || len(m.done) > maxMarks {
		return m.scan(ctx, began)
	}
	for id, first := range chats {
		p := m.done[id]
		p.seq = max(p.seq, first-1)
		if err := m.makeOf(ctx, id, p); err != nil {
			return err
		}
	}
	if err := m.queue(ctx); err != nil {
		return err
	}
	if began.Sub(m.saved) < saveEvery {
		return nil
	}
	return m.save(ctx, began)
}

// save saves that pushes of all messages were made that were there at a time.
func (m *maker) save(ctx context.Context, at time.Time) error {
	m.saved = at
	return m.Service.SavePushed(ctx, at.Add(-margin).UnixMilli())
}

// scan makes the pushes of all messages of which none were made.
func (m *maker) scan(ctx context.Context, began time.Time) error {
	m.done = map[chat.ChatID]progress{}
	if err := m.Service.SavePushed(ctx, began.Add(-maxAge).UnixMilli()); err != nil {
		return err
	}
	for after := chat.ChatID(""); ; {
		chats, last, err := m.Service.UnmadePushes(ctx, after, scanChats)
		if err != nil {
			return err
		}
		for _, c := range chats {
			if err := m.makeOf(ctx, c.ChatID, progress{seq: c.Seq}); err != nil {
				return err
			}
		}
		if err := m.queue(ctx); err != nil {
			return err
		}
		if after = last; last == "" {
			return m.save(ctx, began)
		}
	}
}

// makeOf makes the pushes of the messages of a chat behind p.
func (m *maker) makeOf(ctx context.Context, id chat.ChatID, p progress) error {
	targets, err := m.Service.PushTargets(ctx, id)
	if err != nil || len(targets) == 0 {
		return err // the next message is looked at from itself on
	}
	if p.kind == "" {
		c, err := m.Service.Chat(ctx, targets[0].User, id)
		if chat.Is(err, chat.NotFound) { // a member who has just left, or a deleted chat
			return nil
		}
		if err != nil {
			return err
		}
		p.kind = c.Kind
	}
	for {
		events, head, err := m.Service.After(ctx, "", id, p.seq, pageEvents, pageBytes)
		if err != nil {
			return err
		}
		if len(events) == 0 {
			break
		}
		m.judge(id, p, events, targets)
		p.seq = events[len(events)-1].Seq
		m.done[id] = p
		if p.seq >= head {
			break
		}
	}
	rows := len(m.made)
	for i := range m.made {
		rows += len(m.made[i].Pushes)
	}
	if rows < maxRows {
		return nil
	}
	return m.queue(ctx)
}

// judge makes the pushes of events of a chat behind p.
func (m *maker) judge(id chat.ChatID, p progress, events []chat.Event, targets []chat.PushTarget) {
	now, any := time.Now(), false
	byUser := map[chat.UserID]*chat.QueuedPush{}
	for i := range events {
		ev := &events[i]
		if !ev.Kind.Is().Message {
			continue
		}
		any = true
		if ev.At < now.Add(-maxAge).UnixMilli() {
			continue
		}
		concerned := concernedBy(ev.By, ev.Mentions, ev.Reply)
		for j := range targets {
			t := &targets[j]
			online, attended := m.Presence.State(t.User)
			tell, reason := chat.PushCase{Kind: p.kind, By: ev.By, Seq: ev.Seq, Deleted: ev.DeletedAt != 0, Silent: ev.Silent, All: ev.MentionsAll,
				Concerned: slices.Contains(concerned, t.User), Target: *t, Online: online, ActiveAt: attended, Now: now.UnixMilli()}.Decide()
			if !tell {
				continue
			}
			q := byUser[t.User]
			if q == nil {
				q = &chat.QueuedPush{User: t.User, ChatID: id, At: now.UnixMilli(), Due: now.UnixMilli()}
				if online {
					q.Due = now.Add(readDelay).UnixMilli()
				}
				byUser[t.User] = q
			}
			q.Seq, q.Count, q.Urgent = ev.Seq, q.Count+1, q.Urgent || reason.IsUrgent()
		}
	}
	if !any {
		return
	}
	made := chat.ChatPushes{ChatID: id, After: p.seq, Last: events[len(events)-1].Seq}
	for _, q := range byUser {
		made.Pushes = append(made.Pushes, *q)
	}
	m.made = append(m.made, made)
}

// queue queues the pushes that were made, and saves that they were, in one commit.
func (m *maker) queue(ctx context.Context) error {
	if len(m.made) == 0 {
		return nil
	}
	made := m.made
	m.made = nil
	return m.queued.put(func() ([]chat.QueuedPush, error) {
		queued, all, err := m.Service.MakePushes(ctx, made)
		if err == nil && !all {
			err = errMadeBefore
		}
		return queued, err
	})
}

// concernedBy returns whom a message names or replies to.
func concernedBy(by chat.UserID, mentions []chat.UserID, reply *chat.Quote) []chat.UserID {
	repliesTo := chat.UserID("")
	if reply != nil {
		repliesTo = reply.By
	}
	return chat.ConcernedBy(by, mentions, repliesTo)
}
