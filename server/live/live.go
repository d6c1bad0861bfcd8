package live

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/hub"
	"parley/internal/gate"
)

// Store is what live reads and tells; package chat states the contracts.
type Store interface {
	chat.Feed
	After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) (events []chat.Event, head chat.Seq, err error)
	Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (chat.Chat, error)
	Settings(ctx context.Context, user chat.UserID) (chat.Settings, error)
	Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error)
	Ended(ctx context.Context, ids []chat.SessionID) ([]chat.SessionID, error)
}

// Conn is a connection as live sees it: the tag of a hub.Conn.
type Conn interface {
	SessionID() chat.SessionID
	Began() int64  // when that session was created, in ms
	SessionEnded() // closes it; called from any goroutine, must not block
}

// Subscriber is a Conn that follows its user's chats. Its methods must not block.
type Subscriber interface {
	Conn
	Joined(chat.ChatID) // the user became a member
	Left(chat.ChatID)   // the user is no longer a member
}

// Config is what a Live is built from. Nothing in it changes afterwards.
type Config struct {
	Store Store
	Hub   *hub.Hub
	Log   *slog.Logger

	TextChanged  func()               // called before an edit or deletion is delivered
	UsersChanged func()               // called when a user or a session may have changed
	Published    func(ev *chat.Event) // called for each event that is delivered
	Read         func(u chat.UserID)  // called when a user has read further in a chat
	FeedOpened   func()               // called each time that the feed was opened, before its first event
	FeedLost     func()               // called each time that the feed is lost

	Intervals Intervals
}

// Intervals are the times that live waits. A zero value means the default.
type Intervals struct {
	Announce time.Duration // between two announcements of a replica's users; 5 s
	Grace    time.Duration // a user stays online after their last socket; 30 s
	Lease    time.Duration // a replica's users stay online without an announcement; 15 s
	Check    time.Duration // between two checks of the sessions of all sockets; 30 s
	Retry    time.Duration // before a lost feed is opened again, at first; 100 ms
}

func (i Intervals) orDefault() Intervals {
	return Intervals{
		Announce: cmp.Or(i.Announce, 5*time.Second),
		Grace:    cmp.Or(i.Grace, 30*time.Second),
		Lease:    cmp.Or(i.Lease, 15*time.Second),
		Check:    cmp.Or(i.Check, 30*time.Second),
		Retry:    cmp.Or(i.Retry, 100*time.Millisecond),
	}
}

// Live connects one store's feed with one hub.
type Live struct {
	Config
	Presence *Presence
	feed     gate.Gate // open while the feed is open
}

// New returns a Live; it starts no goroutine.
func New(c Config) *Live {
	c.Intervals = c.Intervals.orDefault()
	l := &Live{Config: c}
	l.Presence = newPresence(l)
	return l
}

// Run runs the goroutines of Live until ctx ends. A feed that breaks is opened again
// with back-off; only a programming error makes Run fail.
func (l *Live) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return l.pump(ctx) })
	g.Go(func() error { return l.Presence.run(ctx) })
	g.Go(func() error { return l.checkSessions(ctx) })
	return g.Wait()
}

// Ready reports whether the feed is open.
func (l *Live) Ready() bool { return l.feed.IsOpen() }

// Await returns once the feed is open, or with ctx's error.
func (l *Live) Await(ctx context.Context) error { return l.feed.Wait(ctx) }
