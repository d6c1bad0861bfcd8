package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	driver "modernc.org/sqlite"

	"parley/chat"
	"parley/internal/disk"
)

// DB is a store in one SQLite file. All methods are safe for concurrent use.
type DB struct {
	// Static after construction.
	settings
	log     *slog.Logger
	lock    *os.File
	name    string // the database's address for the driver
	walPath string // of SQLite's log
	epoch   string
	now     func() int64 // chat.Now; a test sets its own before the first call
	reads   *sql.DB      // the read pool
	writes  *sql.DB      // holds the writer's one connection
	queue   chan *job
	acks    chan []*job // finished, from the writer to the notifier
	stop    chan struct{}

	ended     sync.WaitGroup // the writer and the notifier
	sending   sync.RWMutex   // read-held while a job goes into the queue
	full      atomic.Bool    // reserve.go
	unwritten atomic.Int64   // bytes of a batch that could not be written: Ping tries as many
	closing   sync.Once
	closed    error
	prepared  sync.Map // query text → *sql.Stmt of the read pool
	feeds     feeds
	readCache readCache
	leases    leases
}

// Both kinds of connection: cache_size is in KiB when negative. A reader keeps
// 1 MiB, half of SQLite's own: up to 16 a cold page costs the same. secure_delete
// writes zeros over what is deleted, and the writer runs the checkpoints: see
// scrub.go. The lock file keeps other processes out, so that a lock inside
// SQLite is short: a checkpoint that waits for the last reader.
const (
	writePragmas = "_pragma=busy_timeout(200)&_pragma=page_size(4096)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)" +
		"&_pragma=cache_size(-65536)&_pragma=temp_store(MEMORY)&_pragma=wal_autocheckpoint(0)&_pragma=journal_size_limit(67108864)"
	readPragmas = "_pragma=busy_timeout(1000)&_pragma=query_only(ON)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-1024)"
)

// settings are what only tests change.
type settings struct {
	checkpointEvery int           // pages in the log, until the writer settles
	longLog         int64         // bytes of the log at which it is reported
	scrubEvery      time.Duration // of work while texts are deleted, until the writer settles
	indexWait       time.Duration // that a checkpoint waits for the search index
	// diskSpace returns the bytes that are free, and all, on the disk of a folder.
	diskSpace func(dir string) (free, total int64, err error)
	// preparing is called with each query text before it is first prepared.
	preparing func(query string)
}

func defaultSettings() settings {
	return settings{checkpointEvery: 8000, longLog: 128 << 20, scrubEvery: 2 * time.Second, indexWait: 10 * time.Second, diskSpace: disk.Space, preparing: func(string) {}}
}

// Open opens the database at path, makes it and its folder if they are not
// there, and brings its tables up to date. It refuses a database that another
// process has open, and one that a newer Parley wrote. ctx bounds Open alone.
func Open(ctx context.Context, path string, log *slog.Logger) (*DB, error) {
	return open(ctx, path, log, defaultSettings())
}

func open(ctx context.Context, path string, log *slog.Logger, opts settings) (_ *DB, err error) {
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("store path: %w", err)
	}
	db := &DB{settings: opts, log: log, now: chat.Now, queue: make(chan *job, maxQueue), acks: make(chan []*job, 2), stop: make(chan struct{})}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the store's folder: %w", err)
	}
	// SQLite's other files lie beside the file itself, not beside a link to it:
	// the lock must be there, and scrub.go reads the log there.
	if info, err := os.Lstat(path); err == nil && info.Mode()&os.ModeSymlink != 0 {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return nil, fmt.Errorf("store path: %w", err)
		}
	}
	if db.lock, err = lockFile(path + ".lock"); err != nil {
		return nil, err
	}
	spare, noReserve := openReserve(path+".reserve", opts.diskSpace)
	if noReserve != nil {
		log.Warn("no space is reserved for a full disk", "err", noReserve)
	}
	defer func() {
		if err != nil {
			if spare.noSpace(err) {
				err = fmt.Errorf("%w: the disk is full, make some room", err)
			}
			err = errors.Join(err, db.release())
		}
	}()
	db.full.Store(spare.full())
	if spare.full() {
		log.Warn("the disk is full: until it has room only deleting, removing and signing out are saved",
			"free", spare.free(), "reserve", spare.size, "wanted", spare.want)
	}
	made, err := makeFile(path)
	if err != nil {
		return nil, err
	}
	if made {
		defer func() {
			if info, statErr := os.Stat(path); err != nil && statErr == nil && info.Size() == 0 {
				_ = os.Remove(path) // the next start would refuse it
			}
		}()
	}
	db.name, db.walPath = address(path), path+"-wal"
	if db.writes, err = sql.Open("sqlite", db.name+"?"+writePragmas); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.writes.SetMaxOpenConns(1)
	conn, err := db.writes.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := checkLayout(ctx, conn); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := checkOwner(ctx, conn); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := migrate(ctx, conn, log.With("path", path)); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if db.epoch, err = initialize(ctx, conn); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if db.reads, err = sql.Open("sqlite", db.name+"?"+readPragmas); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	readers := max(4, runtime.GOMAXPROCS(0))
	db.reads.SetMaxOpenConns(readers)
	db.reads.SetMaxIdleConns(readers)
	db.ended.Add(2)
	go func() { defer db.ended.Done(); newTx(db, conn, path, spare).run() }()
	go func() { defer db.ended.Done(); db.notify() }()
	if err := db.giveAdmins(ctx); err != nil {
		log.Warn("groups without an admin were not given one: this is tried again at the next start", "err", err)
	}
	return db, nil
}

// makeFile makes the database's file if there is none; SQLite gives its other files the
// mode of this one. It refuses what is left of a lost database: an empty file, or a log
// without the file to which it belongs. Parley would start as a new server, with a new
// owner.
func makeFile(path string) (made bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.Mode().IsRegular():
		return false, fmt.Errorf("%s is not a file", path)
	case err == nil && info.Size() == 0:
		return false, fmt.Errorf("%s is empty: restore a backup, or delete the file to start a new server", path)
	case err == nil:
		return false, nil
	case !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("store path: %w", err)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return false, fmt.Errorf("%s is missing, but its log %s-wal is there: restore a backup, or delete the log to start a new server", path, path)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return false, fmt.Errorf("make the store's file: %w", err)
	}
	return true, f.Close()
}

// address returns a path as the driver takes it, whatever characters it has.
func address(path string) string {
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path}).String()
}

// checkLayout refuses a file whose pages scrub.go cannot read. SQLite sets both values
// when it makes a file, so that only another program can have made such a one.
func checkLayout(ctx context.Context, conn *sql.Conn) error {
	var size, vacuum int
	err := conn.QueryRowContext(ctx, "SELECT page_size, auto_vacuum FROM pragma_page_size, pragma_auto_vacuum").Scan(&size, &vacuum)
	if err == nil && (size != pageSize || vacuum != 0) {
		err = fmt.Errorf("the database has page_size %d and auto_vacuum %d, Parley needs %d and 0: "+
			"make a copy that has, with sqlite3 and PRAGMA page_size = %d; PRAGMA auto_vacuum = 0; VACUUM INTO 'FILE'", size, vacuum, pageSize, pageSize)
	}
	return err
}

// checkOwner refuses a database of another program, to which migrate would add tables.
func checkOwner(ctx context.Context, conn *sql.Conn) error {
	var foreign bool
	err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\')
		AND NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'meta')`).Scan(&foreign)
	if err == nil && foreign {
		err = errors.New("the database is not Parley's")
	}
	return err
}

// Close ends the feeds, refuses new work, commits what was queued and returns
// when both goroutines have ended.
func (db *DB) Close() error {
	db.closing.Do(func() {
		close(db.stop) // ends waits for a place in the queue
		db.sending.Lock()
		close(db.queue)
		db.sending.Unlock()
		db.ended.Wait()
		db.feeds.close()
		db.closed = db.release()
	})
	return db.closed
}

// release frees what Open took, in reverse.
func (db *DB) release() error {
	var errs []error
	if db.reads != nil {
		errs = append(errs, db.reads.Close())
	}
	if db.writes != nil {
		errs = append(errs, db.writes.Close())
	}
	return errors.Join(append(errs, db.lock.Close())...)
}

// rows runs a query on the read pool; the statement is prepared once per connection. ctx
// is checked before the query and does not interrupt it, since the driver would start a
// goroutine for each query then: all queries are short and bounded by an index range,
// which the plan test checks.
func (db *DB) rows(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := db.statement(query)
	if err != nil {
		return nil, err
	}
	r, err := s.Query(args...)
	return r, poolError(err)
}

// row is rows for one row. Scan returns its error.
func (db *DB) row(ctx context.Context, query string, args ...any) scanner {
	if err := ctx.Err(); err != nil {
		return failed{err}
	}
	s, err := db.statement(query)
	if err != nil {
		return failed{err}
	}
	r := s.QueryRow(args...)
	if err := r.Err(); err != nil {
		return failed{poolError(err)}
	}
	return r
}

// poolError returns the error of a query that was not run. One that is not of SQLite
// comes from database/sql, whose pool is closed then.
func poolError(err error) error {
	var e *driver.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return chat.StoreClosed(err)
}

// scanner is a *sql.Row, or the error of the query.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

func (db *DB) statement(query string) (*sql.Stmt, error) {
	if s, ok := db.prepared.Load(query); ok {
		return s.(*sql.Stmt), nil
	}
	db.preparing(query)
	s, err := db.reads.Prepare(query)
	if err != nil {
		return nil, poolError(err)
	}
	if first, lost := db.prepared.LoadOrStore(query, s); lost {
		_ = s.Close()
		return first.(*sql.Stmt), nil
	}
	return s, nil
}
