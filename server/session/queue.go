package session

import (
	"sync"

	"parley/chat"
)

// chatQueue keeps one session's commands for one chat in order. Drafts are handed to
// the store one after the other without waiting, since the store keeps their order.
// Any other command waits until all before it are done, so that it sees their effect.
// A queue exists while it holds commands or drafts without an outcome. Its fields are
// guarded by the mu of queues.
type chatQueue struct {
	waiting []*task
	drafts  int  // handed to the store, outcome unknown
	busy    bool // a goroutine runs the waiting commands
}

// queues are the queues of one session.
type queues struct {
	session *Session // runs the commands; static

	mu      sync.Mutex
	over    bool                       // guarded by mu: no goroutine is started any more
	byChat  map[chat.ChatID]*chatQueue // guarded by mu; nil while no command is under way
	working sync.WaitGroup             // goroutines of the queues; Add under mu while not over
}

// stop returns when no command runs. Those that wait are dropped.
func (s *queues) stop() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.working.Wait()
}

// add adds a command to the queue of its chat. A draft that need not wait is handed
// to the store at once, on the caller's goroutine.
func (s *queues) add(t *task) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.byChat[t.ChatID]
	if q == nil {
		if s.byChat == nil {
			s.byChat = map[chat.ChatID]*chatQueue{}
		}
		q = &chatQueue{}
		s.byChat[t.ChatID] = q
	}
	q.waiting = append(q.waiting, t)
	if t.row.draft != nil && !q.busy && len(q.waiting) == 1 {
		q.busy = true
		s.run(t.ChatID, q)
		return
	}
	s.update(t.ChatID, q)
}

// canRun reports whether the first waiting command may run. The mu of queues is held.
func (q *chatQueue) canRun() bool {
	return len(q.waiting) > 0 && (q.drafts == 0 || q.waiting[0].row.draft != nil)
}

// update starts a goroutine for the queue if a command can run, and removes the
// queue if nothing is left of it. s.mu is held.
func (s *queues) update(id chat.ChatID, q *chatQueue) {
	switch {
	case q.busy:
	case s.over || s.session.ended.Load():
		if q.drafts == 0 {
			delete(s.byChat, id)
		}
	case q.canRun():
		q.busy = true
		s.working.Go(func() {
			defer s.session.recoverPanic()
			s.mu.Lock()
			defer s.mu.Unlock()
			s.run(id, q)
		})
	case q.drafts == 0:
		if delete(s.byChat, id); len(s.byChat) == 0 {
			s.byChat = nil
		}
	}
}

// run runs the commands that can run, one after the other. s.mu is held, but not
// while a command runs. The caller has set q.busy.
func (s *queues) run(id chat.ChatID, q *chatQueue) {
	for q.canRun() && !s.session.ended.Load() {
		t := q.waiting[0]
		q.waiting[0] = nil
		if q.waiting = q.waiting[1:]; len(q.waiting) == 0 {
			q.waiting = nil
		}
		if t.row.draft != nil {
			q.drafts++
		}
		s.mu.Unlock()
		s.runTask(q, t)
		s.mu.Lock()
	}
	q.busy = false
	s.update(id, q)
}

// runTask runs one command. The outcome of a draft comes later.
func (s *queues) runTask(q *chatQueue, t *task) {
	defer s.session.recoverPanic()
	if t.row.draft == nil {
		t.row.run(s.session, t)
		s.session.places.free(t.places)
		return
	}
	err := t.row.draft(s.session.Service, s.session.ctx, s.session.user, &t.Command, func(ev chat.Event, again bool, err error) { s.draftDone(q, t, ev, again, err) })
	if err != nil {
		s.draftDone(q, t, chat.Event{}, false, err)
	}
}

// draftDone replies to a draft. The store's goroutine calls it, so it must not block.
func (s *queues) draftDone(q *chatQueue, t *task, ev chat.Event, again bool, err error) {
	if err != nil {
		s.session.refuse(t, err)
	} else {
		s.session.answer(t.ID, t.row.reply(ev, again))
	}
	s.mu.Lock()
	q.drafts--
	s.update(t.ChatID, q)
	s.mu.Unlock()
	s.session.places.free(t.places)
}
