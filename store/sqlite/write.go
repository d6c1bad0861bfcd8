package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"parley/chat"
)

// Bounds of the writer.
const (
	maxQueue      = 4096    // jobs that wait
	maxBatch      = 2000    // jobs of one transaction
	maxBatchBytes = 4 << 20 // of their texts
)

// job is a unit of work of the writer: an Append (rule is set) or a write (run is set).
// The writer owns it from the queue until it passes it to the notifier.
type job struct {
	draft chat.Event
	rule  chat.Rule
	run   func(*tx) error
	done  func(ev chat.Event, again bool, err error)

	whenFull bool // also done on a full disk (reserve.go)

	// The outcome, for done.
	ev    chat.Event
	again bool
	err   error
}

// put queues a job. It waits while the queue is full, until ctx ends.
func (db *DB) put(ctx context.Context, j *job) error {
	db.sending.RLock()
	defer db.sending.RUnlock()
	select {
	case <-db.stop:
		return chat.StoreClosed(nil)
	default:
	}
	select {
	case db.queue <- j:
		return nil
	default:
	}
	select {
	case db.queue <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-db.stop:
		return chat.StoreClosed(nil)
	}
}

// write queues f as one job of the writer and waits for its commit. f runs in a
// savepoint: an error undoes it and is returned. ctx bounds the wait for a
// place in the queue only. f must not keep the tx.
func (db *DB) write(ctx context.Context, f func(*tx) error) error {
	return db.await(ctx, &job{run: f})
}

// writeWhenFull is write for what is also done on a full disk: it ends access, removes
// something, or only admins can do it.
func (db *DB) writeWhenFull(ctx context.Context, f func(*tx) error) error {
	return db.await(ctx, &job{run: f, whenFull: true})
}

func (db *DB) await(ctx context.Context, j *job) error {
	done := make(chan error, 1)
	j.done = func(_ chat.Event, _ bool, err error) { done <- err }
	err := db.put(ctx, j)
	if err != nil {
		return err
	}
	return <-done
}

// tryWrite queues f like write but does not wait for its commit, and drops it if the
// queue is full.
func (db *DB) tryWrite(f func(*tx) error) {
	db.sending.RLock()
	defer db.sending.RUnlock()
	select {
	case <-db.stop:
		return
	default:
	}
	select {
	case db.queue <- &job{run: f, done: func(chat.Event, bool, error) {}}:
	default:
	}
}

// tx is the transaction of one batch. All of it is owned by the writer
// goroutine; the same value serves batch after batch.
type tx struct {
	db    *DB
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
	cache cache

	now          int64         // time of the batch, in every event's At
	notices      []chat.Notice // for the feeds, after the commit
	broken       error         // a statement failed: the batch fails
	inJob        bool          // inside a savepoint
	scrubDue     bool          // SQLite's log may hold a text that was deleted: empty it soon
	checkpointed time.Time     // the last checkpoint
	warnedAt     int64         // bytes of the log at the last warning; 0: none since it was short
	scrubber     scrubber
	postponed    time.Time // when a checkpoint began to wait for the search index; zero: none waits
	path         string    // of the database
	reserve      reserve
}

// newTx returns a tx whose first scrub is due: a process that was killed may not have
// scrubbed.
func newTx(db *DB, conn *sql.Conn, path string, r reserve) *tx {
	return &tx{db: db, conn: conn, stmts: map[string]*sql.Stmt{}, cache: newCache(), scrubDue: true, path: path, reserve: r,
		scrubber: scrubber{path: db.walPath, pending: map[uint32]struct{}{}}}
}

// run is the writer goroutine. It ends when the queue is closed and empty.
func (t *tx) run() {
	defer close(t.db.acks)
	for {
		j, open := t.next()
		if !open {
			break
		}
		if j == nil {
			t.checkpointInTurn()
			continue
		}
		batch := append(make([]*job, 0, min(1+len(t.db.queue), maxBatch)), j)
		bytes := len(j.draft.Text)
	fill:
		for len(batch) < maxBatch && bytes < maxBatchBytes {
			select {
			case j, open := <-t.db.queue:
				if !open {
					break fill
				}
				batch = append(batch, j)
				bytes += len(j.draft.Text)
			default:
				break fill
			}
		}
		t.batch(batch)
		t.db.acks <- batch
		if !t.postponed.IsZero() || t.scrubber.full(t.db.checkpointEvery, t.reserve.want) {
			t.checkpointInTurn()
		}
	}
	t.checkpoint()
	if t.scrubber.file != nil {
		_ = t.scrubber.file.Close()
	}
	for _, s := range t.stmts {
		_ = s.Close()
	}
	_ = t.conn.Close()
}

// next waits for a job. It returns nil when a checkpoint is due.
func (t *tx) next() (j *job, open bool) {
	if !t.scrubDue && t.postponed.IsZero() {
		j, open = <-t.db.queue
		return j, open
	}
	due := t.checkpointed.Add(t.db.scrubEvery)
	if !t.postponed.IsZero() {
		due = t.postponed.Add(t.db.indexWait)
	}
	wait := time.Until(due)
	if wait <= 0 {
		return nil, true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case j, open = <-t.db.queue:
		return j, open
	case <-timer.C:
		return nil, true
	}
}

// batch does the jobs in one transaction and sets the outcome of each. If the disk is
// full it tries again those that are done on a full disk.
func (t *tx) batch(batch []*job) {
	t.attempt(batch)
	if t.db.full.Load() && t.reserve.noSpace(t.broken) {
		t.checkpoint() // empties SQLite's log
		t.attempt(batch)
	}
	for t.reserve.noSpace(t.broken) && t.releaseReserve(t.reserve.piece()) {
		t.attempt(batch)
	}
	if t.broken != nil && !t.db.full.Load() && time.Since(t.checkpointed) > time.Second {
		t.checkpoint() // empties SQLite's log, if that is what cannot grow
		t.attempt(batch)
	}
	if t.broken == nil {
		return
	}
	t.db.unwritten.Store(probeSize(batch))
	t.db.log.Error("a batch of writes failed", "jobs", len(batch), "err", t.broken)
	err := storeError(t.broken, "write")
	if t.reserve.noSpace(t.broken) {
		err = errFull()
	}
	for _, j := range batch {
		j.ev, j.again, j.err = chat.Event{}, false, err
	}
}

// attempt does the jobs once. They are committed unless it sets broken.
func (t *tx) attempt(batch []*job) {
	t.now, t.notices, t.broken = t.db.now(), nil, nil
	t.control("BEGIN IMMEDIATE")
	for _, j := range batch {
		if t.broken != nil {
			break
		}
		if t.db.full.Load() && !j.whenFull {
			j.ev, j.again, j.err = chat.Event{}, false, errFull()
			continue
		}
		t.do(j)
	}
	t.flush()
	changed := t.db.readCache.begin(t.notices)
	t.control("COMMIT")
	if changed {
		t.db.readCache.end()
	}
	if t.broken == nil {
		t.cache.trim()
		t.db.feeds.push(t.notices)
		return
	}
	// SQLite may or may not have rolled back by itself.
	_, _ = t.conn.ExecContext(context.Background(), "ROLLBACK")
	t.cache = newCache()
}

// control runs a statement that begins or ends a transaction or savepoint.
func (t *tx) control(query string) {
	if t.broken == nil {
		_, err := t.exec(query)
		t.note(err)
	}
}

// do does one job. A job of several statements runs in a savepoint; a post is one
// statement and needs none.
func (t *tx) do(j *job) {
	if j.rule != nil && j.draft.Kind.Is().Message {
		j.err = t.guard(func() (err error) {
			j.ev, j.again, err = t.judge(j.draft, j.rule)
			return err
		})
		t.check(j.err)
		return
	}
	told := len(t.notices)
	t.control("SAVEPOINT job")
	if t.broken != nil {
		return
	}
	t.inJob = true
	t.cache.begin()
	j.err = t.guard(func() (err error) {
		if j.run != nil {
			return j.run(t)
		}
		j.ev, j.again, err = t.judge(j.draft, j.rule)
		return err
	})
	t.check(j.err)
	if j.err != nil {
		t.control("ROLLBACK TO job")
		t.notices = t.notices[:told]
		t.cache.undo()
		j.err = storeError(j.err, "write")
	}
	t.inJob = false
	t.control("RELEASE job")
}

// guard returns a panic of a rule or a job as an error.
func (t *tx) guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			t.db.log.Error("a job of the writer panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = chat.Panicked(p)
		}
	}()
	return f()
}

// check breaks the batch when err came from SQLite itself: after a full disk or
// a failed write SQLite has rolled the whole transaction back, and what follows
// would be committed one by one. A constraint undoes its statement alone.
func (t *tx) check(err error) {
	var e *driver.Error
	if errors.As(err, &e) && e.Code()&0xff != lib.SQLITE_CONSTRAINT {
		t.note(err)
	}
}

// note breaks the batch.
func (t *tx) note(err error) {
	if err != nil && t.broken == nil {
		t.broken = err
	}
}

// notify is the notifier goroutine: it calls done of each job, in order, while the writer
// goes on.
func (db *DB) notify() {
	for batch := range db.acks {
		for _, j := range batch {
			db.ack(j)
		}
	}
}

func (db *DB) ack(j *job) {
	defer func() {
		if p := recover(); p != nil {
			db.log.Error("a callback of the log panicked", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
	}()
	j.done(j.ev, j.again, j.err)
}

// statement returns the writer's statement for a query text, prepared once.
func (t *tx) statement(query string) (*sql.Stmt, error) {
	if t.broken != nil {
		return nil, t.broken
	}
	if s, ok := t.stmts[query]; ok {
		return s, nil
	}
	t.db.preparing(query)
	s, err := t.conn.PrepareContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	t.stmts[query] = s
	return s, nil
}

// exec runs a statement and returns how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	s, err := t.statement(query)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		t.check(err)
		return 0, err
	}
	return r.RowsAffected()
}

// row runs a query for one row, which sees what the batch wrote so far. A
// failure shows at Scan.
func (t *tx) row(query string, args ...any) scanner {
	s, err := t.statement(query)
	if err != nil {
		return failed{err}
	}
	r := s.QueryRow(args...)
	t.check(r.Err())
	return r
}

// rows is row for many rows. The caller closes them before the next statement.
func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	s, err := t.statement(query)
	if err != nil {
		return nil, err
	}
	r, err := s.Query(args...)
	t.check(err)
	return r, err
}

// publish sends a notice to the feeds after the commit.
func (t *tx) publish(n chat.Notice) { t.notices = append(t.notices, n) }
