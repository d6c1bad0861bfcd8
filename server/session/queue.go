package session

import (
	"parley/chat"
)

// chatQueue keeps one session's commands for one chat in order. Drafts are handed to
// the store one after the other without waiting, since the store keeps their order.
// Any other command waits until all before it are done, so that it sees their effect.
// A queue exists while it holds commands or drafts without an outcome. Its fields are
// guarded by the session's mu.
type chatQueue struct {
	waiting []*task
	drafts  int  // handed to the store, outcome unknown
	busy    bool // a goroutine runs the waiting commands
}

// enqueue adds a command to the queue of its chat. A draft that need not wait is handed
// to the store at once, on the caller's goroutine.
func (c *Session) enqueue(t *task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q := c.queues[t.ChatID]
	if q == nil {
		if c.queues == nil {
			c.queues = map[chat.ChatID]*chatQueue{}
		}
		q = &chatQueue{}
		c.queues[t.ChatID] = q
	}
	q.waiting = append(q.waiting, t)
	if t.row.draft != nil && !q.busy && len(q.waiting) == 1 {
		q.busy = true
		c.runQueue(t.ChatID, q)
		return
	}
	c.updateQueue(t.ChatID, q)
}

// canRun reports whether the first waiting command may run. The session's mu is held.
func (q *chatQueue) canRun() bool {
	return len(q.waiting) > 0 && (q.drafts == 0 || q.waiting[0].row.draft != nil)
}

// updateQueue starts a goroutine for the queue if a command can run, and removes the
// queue if nothing is left of it. c.mu is held.
func (c *Session) updateQueue(id chat.ChatID, q *chatQueue) {
	switch {
	case q.busy:
	case c.over || c.ended.Load():
		if q.drafts == 0 {
			delete(c.queues, id)
		}
	case q.canRun():
		q.busy = true
		c.start(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.runQueue(id, q)
		})
	case q.drafts == 0:
		if delete(c.queues, id); len(c.queues) == 0 {
			c.queues = nil
		}
	}
}

// runQueue runs the commands that can run, one after the other. c.mu is held, but not
// while a command runs. The caller has set q.busy.
func (c *Session) runQueue(id chat.ChatID, q *chatQueue) {
	for q.canRun() && !c.ended.Load() {
		t := q.waiting[0]
		q.waiting[0] = nil
		if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
			q.waiting = nil
		}
		if t.row.draft != nil {
			q.drafts++
		}
		c.mu.Unlock()
		c.runTask(q, t)
		c.mu.Lock()
	}
	q.busy = false
	c.updateQueue(id, q)
}

// runTask runs one command. The outcome of a draft comes later.
func (c *Session) runTask(q *chatQueue, t *task) {
	defer c.recoverPanic()
	if t.row.draft == nil {
		t.row.run(c, t)
		c.freePlaces(t.places)
		return
	}
	err := t.row.draft(c.Service, c.ctx, c.user, &t.Command, func(ev chat.Event, again bool, err error) { c.draftDone(q, t, ev, again, err) })
	if err != nil {
		c.draftDone(q, t, chat.Event{}, false, err)
	}
}

// draftDone replies to a draft. The store's goroutine calls it, so it must not block.
func (c *Session) draftDone(q *chatQueue, t *task, ev chat.Event, again bool, err error) {
	c.answer(t.ID, t.row.reply(ev, again), err)
	c.mu.Lock()
	q.drafts--
	c.updateQueue(t.ChatID, q)
	c.mu.Unlock()
	c.freePlaces(t.places)
}
