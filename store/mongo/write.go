package mongo

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"parley/chat"
)

// Bounds of the chat queues.
const (
	maxQueue      = 4096    // jobs that wait or work, over all chats
	maxChatQueues = 10_000  // chats whose state is cached
	maxRoles      = 10_000  // members cached of one chat
	maxNews       = 500     // events read to bring a state to the head
	maxPosts      = 500     // posts of one insert
	maxPostsBytes = 4 << 20 // of their texts
	maxEvents     = 50      // other events of one transaction
)

// job is a unit of work of a chat queue: an Append (rule is set) or a transaction that
// extends the chat's log (run is set). The queue owns it until done.
type job struct {
	draft chat.Event
	rule  chat.Rule
	run   func(*tx) error
	done  func(ev chat.Event, again bool, err error)

	// The outcome, for done.
	ev    chat.Event
	again bool
	err   error

	finished bool // there is an outcome
	unsure   bool // an attempt without an answer may have written it
}

// unfinished returns the jobs of a batch that have no outcome.
func unfinished(batch []*job) (left []*job) {
	for _, j := range batch {
		if !j.finished {
			left = append(left, j)
		}
	}
	return left
}

func (j *job) finish(ev chat.Event, again bool, err error) {
	j.ev, j.again, j.err, j.finished = ev, again, err, true
}

// chatQueues are the queues of the chats that this replica writes to.
type chatQueues struct {
	// Static after init.
	places chan struct{} // a token for each job that waits or works: put takes it, work returns it after done
	slots  chan struct{} // a token for each batch under way, within work

	working sync.WaitGroup // the goroutines of busy chatQueues

	mu     sync.Mutex
	of     map[chat.ChatID]*chatQueue // guarded by mu
	closed bool                       // guarded by mu
}

// chatQueue holds the jobs that wait for one chat. While it is busy a goroutine empties
// it, one batch at a time.
type chatQueue struct {
	id      chat.ChatID
	waiting []*job // guarded by chatQueues.mu
	busy    bool   // guarded by chatQueues.mu

	from  atomic.Uint64 // a number that the log has reached
	state *state        // owned by the goroutine; at the head that was last read; nil: not read
}

// init leaves a tenth of the pool's connections, and at least two, to reads.
func (l *chatQueues) init(pool int) {
	l.places, l.slots = make(chan struct{}, maxQueue), make(chan struct{}, max(1, pool-max(2, pool/10)))
	l.of = map[chat.ChatID]*chatQueue{}
}

// close refuses new jobs and returns when all queued ones are done.
func (l *chatQueues) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.working.Wait()
}

// put queues a job for a chat. It waits while the queue is full, until ctx ends.
func (db *DB) put(ctx context.Context, id chat.ChatID, j *job) error {
	if err := db.open(); err != nil {
		return err
	}
	l := &db.chatQueues
	select {
	case l.places <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return db.open()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		<-l.places
		return db.open()
	}
	a := l.of[id]
	if a == nil {
		l.trim()
		a = &chatQueue{id: id}
		l.of[id] = a
	}
	a.waiting = append(a.waiting, j)
	if !a.busy {
		a.busy = true
		l.working.Add(1)
		go db.work(a)
	}
	return nil
}

// reached returns a number that the chat's log has reached: it bounds the range of the
// index in which the head is searched.
func (l *chatQueues) reached(id chat.ChatID) chat.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.of[id]; a != nil {
		return chat.Seq(max(1, a.from.Load()))
	}
	return 1
}

// trim evicts idle chats while there are too many, in the random order of the map. One
// that is used again costs a read. l.mu is held.
func (l *chatQueues) trim() {
	for id, a := range l.of {
		if len(l.of) < maxChatQueues {
			return
		}
		if !a.busy {
			delete(l.of, id)
		}
	}
}

// write runs f as one transaction and waits for its commit. If it extends the
// log of a chat, id is that chat, and its queue runs f. See transact for what f may do. ctx bounds the wait for a place in the queue only.
func (db *DB) write(ctx context.Context, id chat.ChatID, doing string, f func(t *tx) error) error {
	if id == "" {
		if err := db.open(); err != nil {
			return err
		}
		return storeError(db.transact(f), doing)
	}
	done := make(chan error, 1)
	err := db.put(ctx, id, &job{run: f, done: func(_ chat.Event, _ bool, err error) { done <- err }})
	if err != nil {
		return err
	}
	return storeError(<-done, doing)
}

// work is the goroutine of a busy chat queue.
func (db *DB) work(a *chatQueue) {
	l := &db.chatQueues
	defer l.working.Done()
	for {
		batch := l.take(a)
		if len(batch) == 0 {
			return
		}
		l.slots <- struct{}{}
		if posts(batch[0]) {
			db.insertPosts(a, batch)
		} else {
			db.extend(a, batch)
		}
		<-l.slots
		for _, j := range batch {
			db.ack(j)
			<-l.places
		}
	}
}

func posts(j *job) bool { return j.rule != nil && inserted(&j.draft) }

// inserted reports whether the event is written by one insert, with others: a post without
// files. All other events need a transaction.
func inserted(e *chat.Event) bool { return e.Kind.Is().Message && len(e.Files) == 0 }

// take returns the jobs of the next write: posts, which are an insert, or other events,
// which are a transaction. If it returns none, the queue is idle.
func (l *chatQueues) take(a *chatQueue) []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, bytes := 0, 0
	for _, j := range a.waiting {
		alone := j.run != nil
		if n > 0 && (alone || a.waiting[0].run != nil || posts(j) != posts(a.waiting[0])) {
			break
		}
		if bytes += len(j.draft.Text); posts(j) && (n == maxPosts || n > 0 && bytes > maxPostsBytes) || !posts(j) && n == maxEvents {
			break
		}
		n++
	}
	batch := a.waiting[:n:n]
	if a.waiting = a.waiting[n:]; len(a.waiting) == 0 {
		a.waiting = nil
	}
	a.busy = n > 0
	return batch
}

// insertPosts writes the posts of a batch. Those that fail for a retryable reason are
// judged and sent again, under the same _id, so that each is written once.
func (db *DB) insertPosts(a *chatQueue, batch []*job) {
	ctx, cancel := context.WithTimeout(db.ctx, writeTimeout)
	defer cancel()
	for n := 1; len(batch) > 0; {
		attempt, end := context.WithTimeout(ctx, db.attemptTimeout)
		left, err := db.insert(attempt, a, batch)
		end()
		if err != nil {
			a.state = nil
			if !retryable(err) || !backoff(ctx, n) {
				for _, j := range left {
					j.finish(chat.Event{}, false, storeError(err, "write"))
				}
				return
			}
			n++
		} else if len(left) == len(batch) { // the number was taken
			backoff(ctx, 1)
		}
		batch = left
	}
}

// extend writes the other events of a batch in one transaction, at the head that
// was read before it.
func (db *DB) extend(a *chatQueue, batch []*job) {
	ctx, cancel := context.WithTimeout(db.ctx, writeTimeout)
	defer cancel()
	var err error
	for n := 1; ; n++ {
		look := err != nil // an earlier attempt may have written some
		err = db.session(ctx, func(ctx context.Context, s *mongo.Session) error { return db.attempt(ctx, s, a, batch, look) })
		if err == nil || !retryable(err) || outcomeUnknown(err) {
			break
		}
		if !isConflict(err) {
			a.state = nil
		} else if n = 1; a.state != nil {
			a.state.stale = true
		}
		if !backoff(ctx, n) {
			break
		}
	}
	switch {
	case err == nil:
	case len(batch) > 1 && !retryable(err): // one of them is the reason
		for i := range batch {
			db.extend(a, batch[i:i+1])
		}
	default:
		a.state = nil
		for _, j := range batch {
			j.finish(chat.Event{}, false, storeError(err, "write"))
		}
	}
}

// attempt is one transaction of extend. Without look a known clientId is a
// duplicate key.
func (db *DB) attempt(ctx context.Context, s *mongo.Session, a *chatQueue, batch []*job, look bool) error {
	bounded, end := context.WithTimeout(ctx, db.attemptTimeout)
	defer end()
	t := db.tx(bounded)
	known, err := t.catchUp(a)
	if err == nil {
		a.state = known
		err = t.roles(known, batch)
	}
	if err != nil {
		return err
	}
	head := known.clone()
	t.states[a.id] = head
	err = db.transaction(ctx, s, func() error {
		for _, j := range batch {
			var err error
			if j.run != nil {
				err = db.guard(func() error { return j.run(t) })
			} else {
				var ev chat.Event
				var again bool
				ev, again, err = t.judge(j.draft, j.rule, look)
				j.finish(ev, again, err)
				err = t.broken
			}
			if err != nil {
				return err
			}
		}
		if batch[0].run == nil && head.head == known.head {
			return t.checkCurrent(head)
		}
		return nil
	})
	if err == nil {
		a.state = head
		a.from.Store(uint64(head.head))
	}
	return err
}

// guard returns a panic of a rule or a job as an error.
func (db *DB) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			db.log.Error("a job of the store panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = chat.Panicked(p)
		}
	}()
	return f()
}

func (db *DB) ack(j *job) {
	defer func() {
		if p := recover(); p != nil {
			db.log.Error("a callback of the log panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	j.done(j.ev, j.again, j.err)
}
