package mongo

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	monitoring "go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"parley/chat"
)

// How long a call may take, the search for a primary included. A call is tried again within
// its time: a server that gives no answer uses up an attempt, not the call.
const (
	readTimeout    = 10 * time.Second
	writeTimeout   = 15 * time.Second
	attemptTimeout = 5 * time.Second
	selectTimeout  = 5 * time.Second // unless the URL says another
	connectTimeout = 5 * time.Second // unless the URL says another
	abortTimeout   = time.Second
	closeTimeout   = 2 * time.Second  // for calls that run when Close begins
	leaveTimeout   = time.Second      // to end the sessions at the server
	progressEvery  = 15 * time.Second // between two log lines about a build of indexes
	defaultName    = "parley"         // of the database, if the URL names none
)

// DB is a store in one MongoDB database. All methods are safe for concurrent use.
type DB struct {
	// Static after construction.
	settings
	log    *slog.Logger
	epoch  string
	now    func() int64 // chat.Now; a test sets its own before the first call
	client *mongo.Client
	stream *mongo.Client // for change streams alone: each holds a connection
	db     *mongo.Database
	stop   chan struct{}      // closed when Close begins
	ctx    context.Context    // of writes, which do not end with their caller
	end    context.CancelFunc // ends ctx, closeTimeout after Close began at the latest

	events, chats, members, users, words, sessions, invites, recoveries, recoveryUses, meta *mongo.Collection
	revocations, signals, blocks, files, removals, blobs, chunks, leases                    *mongo.Collection
	subscriptions, pushes, pushed                                                           *mongo.Collection
	leaves, manifests, indexed, replaced                                                    *mongo.Collection // of the search index

	name        string // identifies this process among the replicas
	clock       clock
	chatQueues  chatQueues
	feedStreams feedStreams

	blocksChanged atomic.Uint64 // by this process; see spoken

	lastSeen chan lastSeenUpdate // see sessions.go
	ended    sync.WaitGroup      // updateLastSeen
	clearing sync.WaitGroup      // renewOldLogs
	filling  sync.WaitGroup      // fillOldPosts
	closing  sync.Once
}

// settings are what only tests change.
type settings struct {
	monitor                                                                    *monitoring.CommandMonitor // receives every command; may be nil
	attemptTimeout, closeTimeout, markEvery, silence, progressEvery, fillEvery time.Duration
	clearBatch                                                                 int
}

func defaultSettings() settings {
	return settings{attemptTimeout: attemptTimeout, closeTimeout: closeTimeout, markEvery: markEvery, silence: maxSilence, progressEvery: progressEvery, fillEvery: fillEvery, clearBatch: clearBatch}
}

// Open connects to the database that url names (mongodb://HOST/NAME?replicaSet=…;
// NAME is parley if left out), brings its indexes up to date and starts its
// history. pool is the maximum of connections at once. An error is unavailable if the
// server cannot be reached; others (a bad URL, a standalone server, a wrong password) do
// not pass by waiting. Open waits for as long as it takes to build missing indexes. ctx
// bounds Open alone.
func Open(ctx context.Context, url string, pool int, log *slog.Logger) (*DB, error) {
	return open(ctx, url, pool, log, defaultSettings())
}

func open(ctx context.Context, url string, pool int, log *slog.Logger, o settings) (_ *DB, err error) {
	where, err := resolve(ctx, url)
	if err != nil {
		return nil, err
	}
	if where.LoadBalanced {
		return nil, errSharded
	}
	db := &DB{settings: o, log: log, now: chat.Now, name: chat.NewID[string](), stop: make(chan struct{}), lastSeen: make(chan lastSeenUpdate, maxLastSeen)}
	db.ctx, db.end = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			db.end()
			db.disconnect()
		}
		if err != nil && ctx.Err() != nil {
			err = ctx.Err() // the caller gave up
		}
	}()
	calls := db.clientOptions(url, "parley").SetMaxPoolSize(uint64(pool)).SetTimeout(writeTimeout)
	if db.client, err = mongo.Connect(calls); err != nil {
		return nil, urlError(err)
	}
	// A timeout, also one of the URL, would end the wait for the next change.
	streaming := db.clientOptions(url, "parley feed")
	streaming.Timeout = nil
	if db.stream, err = mongo.Connect(streaming); err != nil {
		return nil, urlError(err)
	}
	name := where.Database
	if name == "" {
		name = defaultName
	}
	db.use(name)
	if err := db.checkServer(ctx, calls); err != nil {
		return nil, err
	}
	server, err := db.migrate(ctx)
	if err != nil {
		return nil, err
	}
	if err := db.renewWords(ctx); err != nil {
		return nil, err
	}
	db.start(pool)
	if err := db.giveAdmins(ctx); err != nil {
		log.Warn("groups without an admin were not given one: this is tried again at the next start", "err", err)
	}
	db.renewOldLogs("removing texts that left the log", server.Cleared, db.clearTexts)
	db.filling.Go(db.fillOldPosts)
	return db, nil
}

func (db *DB) use(name string) {
	db.db = db.client.Database(name)
	for name, c := range map[string]**mongo.Collection{
		"events": &db.events, "chats": &db.chats, "members": &db.members, "users": &db.users, "user_words": &db.words,
		"sessions": &db.sessions, "invites": &db.invites, "recoveries": &db.recoveries, "recovery_uses": &db.recoveryUses, "meta": &db.meta,
		"revocations": &db.revocations, "signals": &db.signals, "files": &db.files, "removals": &db.removals,
		"blobs.files": &db.blobs, "blobs.chunks": &db.chunks,
		"blocks": &db.blocks, "leases": &db.leases, "subscriptions": &db.subscriptions, "pushes": &db.pushes, "pushed": &db.pushed,
		"search_leaves": &db.leaves, "search_manifests": &db.manifests, "search_chats": &db.indexed, "search_replaced": &db.replaced,
	} {
		*c = db.db.Collection(name)
	}
	// Signals need not outlive a server.
	db.signals = db.db.Collection("signals", options.Collection().SetWriteConcern(writeconcern.W1()))
}

// start starts the store's own goroutine.
func (db *DB) start(pool int) {
	db.chatQueues.init(pool)
	db.ended.Add(1)
	go func() { defer db.ended.Done(); db.updateLastSeen() }()
}

// Close ends the feeds, refuses new calls, commits what was queued and returns when all
// goroutines have ended. Calls that wait longer than closeTimeout for a server that hangs
// return unavailable.
func (db *DB) Close() error {
	db.closing.Do(func() {
		close(db.stop)
		timer := time.AfterFunc(db.closeTimeout, db.end)
		defer timer.Stop()
		db.chatQueues.close()
		db.closeFeeds()
		db.end()
		db.ended.Wait()
		db.clearing.Wait()
		db.filling.Wait()
		db.disconnect()
	})
	return nil
}

// disconnect ends the sessions at the server, if it answers, and closes all
// connections.
func (db *DB) disconnect() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
	defer cancel()
	for _, c := range []*mongo.Client{db.client, db.stream} {
		if c != nil {
			_ = c.Disconnect(ctx) // the only error is that it is disconnected
		}
	}
}

// open returns unavailable after Close began.
func (db *DB) open() error {
	select {
	case <-db.stop:
		return chat.StoreClosed(nil)
	default:
		return nil
	}
}

// clock is the newest cluster time that this process has seen, in a reply or on the feed.
// Every session begins there, so that all calls of the process are causally ordered.
// https://www.mongodb.com/docs/manual/core/causal-consistency-read-write-concerns/
type clock struct {
	mu sync.Mutex
	at bson.Timestamp // guarded by mu
}

func (c *clock) load() bson.Timestamp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(to bson.Timestamp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.at) {
		c.at = to
	}
}

// session runs f with a context of a new causally consistent session; the calls of f must
// not run concurrently.
func (db *DB) session(ctx context.Context, f func(ctx context.Context, s *mongo.Session) error) error {
	s, err := db.client.StartSession(options.Session().SetCausalConsistency(true))
	if err != nil {
		return err
	}
	// For the driver the session is in its transaction, also after a commit (see
	// transaction), and EndSession would abort it: with an ended context it sends nothing.
	ended, end := context.WithCancel(ctx)
	end()
	defer s.EndSession(ended)
	if at := db.clock.load(); !at.IsZero() {
		if err := s.AdvanceOperationTime(&at); err != nil {
			return err
		}
	}
	err = f(mongo.NewSessionContext(ctx, s), s)
	if at := s.OperationTime(); at != nil {
		db.clock.advance(*at)
	}
	return err
}

// read runs the reads of f, causally after all that this process has seen. f runs again
// after an attempt without an answer. doing completes "the store could not …".
func (db *DB) read(ctx context.Context, doing string, f func(ctx context.Context) error) error {
	if err := db.open(); err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	for n := 1; ; n++ {
		attempt, end := context.WithTimeout(bounded, db.attemptTimeout)
		err := db.session(attempt, func(ctx context.Context, _ *mongo.Session) error { return f(ctx) })
		end()
		if !unanswered(err) || !backoff(bounded, n) {
			return readError(ctx, err, doing)
		}
	}
}

// one decodes the first document into v; ok is false if there is none.
func one(r *mongo.SingleResult, v any) (ok bool, err error) {
	err = r.Decode(v)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return false, nil
	}
	return err == nil, err
}

// all reads a cursor to its end and closes it. It takes the error of the query, so that a
// caller checks one error.
func all[T any](ctx context.Context, cur *mongo.Cursor, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	var list []T
	err = cur.All(ctx, &list)
	return list, err
}
