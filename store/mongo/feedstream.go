package mongo

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
	"parley/store/queue"
)

// change has the fields of a change event that are read.
// https://www.mongodb.com/docs/manual/reference/change-events/insert/
type change struct {
	Operation   string         `bson:"operationType"`
	ClusterTime bson.Timestamp `bson:"clusterTime"`
	Namespace   struct {
		Collection string `bson:"coll"`
	} `bson:"ns"`
	Document bson.Raw `bson:"fullDocument"`
}

// feedStream pushes one change stream into one feed's queue. Its goroutine ends with ctx,
// when the feed is lost, or at the last signal of a store that closes.
type feedStream struct {
	db     *DB
	ctx    context.Context
	cancel context.CancelFunc
	feed   *queue.Feed
	ended  chan struct{}
	cursor *mongo.ChangeStream
	from   bson.Timestamp // when the feed began
	token  bson.Raw       // to resume after what was pushed; nil: at from
	heard  time.Time      // guarded by feedStreams.mu; when the stream last returned a change
}

// begin sets the time at which the feed begins, the primary's present time. All later
// reads of this process are at least as new: they include writes before it that reach a
// majority after it.
func (f *feedStream) begin(ctx context.Context) error {
	s, err := f.db.client.StartSession()
	if err != nil {
		return err
	}
	defer s.EndSession(ctx)
	if err := f.db.db.RunCommand(mongo.NewSessionContext(ctx, s), bson.D{{Key: "ping", Value: 1}}).Err(); err != nil {
		return err
	}
	at := s.OperationTime()
	if at == nil {
		return errors.New("the MongoDB server sends no operationTime")
	}
	f.from = *at
	f.db.clock.advance(f.from)
	return nil
}

// open opens the stream after the token, or where the feed began. The cursor is open when
// it returns. Before the first batch there is no token.
func (f *feedStream) open(ctx context.Context) (err error) {
	db := f.db
	watched := bson.D{{Key: "operationType", Value: bson.D{{Key: "$in", Value: bson.A{"insert", "invalidate", "drop", "dropDatabase"}}}},
		{Key: "ns.coll", Value: bson.D{{Key: "$in", Value: bson.A{db.events.Name(), db.signals.Name(), db.revocations.Name(), nil}}}},
		{Key: "fullDocument.kind", Value: bson.D{{Key: "$ne", Value: kindUnchanged}}}}
	opts := options.ChangeStream().SetMaxAwaitTime(maxAwait)
	if f.token != nil {
		opts.SetResumeAfter(f.token)
	} else {
		opts.SetStartAtOperationTime(&f.from)
	}
	f.cursor, err = db.stream.Database(db.db.Name()).Watch(ctx, mongo.Pipeline{{{Key: "$match", Value: watched}}}, opts)
	if err == nil {
		f.token = f.cursor.ResumeToken()
	}
	return err
}

// closeCursor closes a cursor, also after the end of ctx. If that fails, the server closes
// it after a timeout.
func closeCursor(ctx context.Context, c interface{ Close(context.Context) error }) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeLimit)
	defer cancel()
	_ = c.Close(bounded)
}

// mark writes markers, by which a dead stream differs from an idle one: a primary without
// its peers keeps its cursors open and returns empty batches forever, and a connection
// may break unnoticed.
func (f *feedStream) mark() {
	tick := time.NewTicker(f.db.markEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-f.ctx.Done():
			return
		}
		bounded, cancel := context.WithTimeout(f.ctx, f.db.markEvery)
		_, _ = f.db.signals.InsertOne(bounded, signalDoc{At: time.Now()}) // the next one will do
		cancel()
	}
}

// run reads the stream until the feed ends. After a retryable error it resumes after the
// last token, for as long as it takes.
func (f *feedStream) run() {
	var marking sync.WaitGroup
	marking.Go(f.mark)
	defer close(f.ended)
	defer marking.Wait()
	defer f.cancel()
	defer f.db.feedStreams.drop(f)
	defer f.feed.Lose()
	for {
		err := f.read()
		closeCursor(f.ctx, f.cursor)
		for n := 1; ; n++ {
			if f.ctx.Err() != nil || errors.Is(err, errLast) {
				return
			}
			if lostFor(err) {
				f.db.log.Warn("the change stream cannot be resumed", "err", err)
				return
			}
			if n == 1 {
				f.db.log.Warn("the change stream was interrupted", "err", err)
			}
			if !backoff(f.ctx, n) {
				return
			}
			bounded, cancel := context.WithTimeout(f.ctx, readTimeout)
			err = f.open(bounded)
			cancel()
			if err == nil {
				break
			}
		}
	}
}

// errLast ends a stream after the last signal of this process.
var errLast = errors.New("mongo: the store is closed")

// errSilent is the error of a stream that returned nothing for too long, not even a marker.
var errSilent = errors.New("mongo: the change stream is silent")

// lostFor reports whether the stream cannot be resumed after its token: changes may be
// missing.
// https://github.com/mongodb/specifications/blob/master/source/change-streams/change-streams.md
func lostFor(err error) bool {
	var server mongo.ServerError
	resumable := errors.As(err, &server) && (server.HasErrorLabel("ResumableChangeStreamError") || server.HasErrorCode(codeNoCursor))
	return errors.Is(err, chat.ErrFeedLost) || !retryable(err) && !resumable && !errors.Is(err, errSilent)
}

// read pushes the changes of the stream, each batch at once, until it fails or is silent.
func (f *feedStream) read() error {
	ctx, cancel := context.WithCancelCause(f.ctx)
	defer cancel(nil)
	silence := time.AfterFunc(f.db.silence, func() { cancel(errSilent) })
	defer silence.Stop()
	for ; f.cursor.Next(ctx); silence.Reset(f.db.silence) {
		silence.Stop()
		f.db.feedStreams.hear(f)
		batch := []change{}
		for {
			var c change
			if err := f.cursor.Decode(&c); err != nil {
				return errors.Join(chat.ErrFeedLost, err)
			}
			batch = append(batch, c)
			if f.cursor.RemainingBatchLength() == 0 || !f.cursor.TryNext(f.ctx) {
				break
			}
		}
		if err := f.cursor.Err(); err != nil {
			return err
		}
		notices, err := f.notices(batch)
		if err == nil || errors.Is(err, errLast) {
			f.token = f.cursor.ResumeToken()
			if !f.feed.Push(notices, queue.Size(notices)) {
				return chat.ErrFeedLost
			}
		}
		if err != nil {
			return err
		}
	}
	if err := f.cursor.Err(); err != nil {
		f.token = f.cursor.ResumeToken() // it advances also without changes
		if context.Cause(ctx) == errSilent {
			return errSilent
		}
		return err
	}
	return chat.ErrFeedLost // invalidated
}

// notices returns the notices of a batch, in its order. It reads the posts to which its
// events refer.
func (f *feedStream) notices(batch []change) ([]chat.Notice, error) {
	f.db.clock.advance(batch[len(batch)-1].ClusterTime)
	var notices []chat.Notice
	var events []eventDoc // those that refer to a post
	var at []int          // where they are in notices
	last := false
	for _, c := range batch {
		if c.Operation != "insert" {
			return nil, chat.ErrFeedLost // a collection was dropped
		}
		if !c.ClusterTime.After(f.from) {
			continue // the stream begins with the last write before the feed
		}
		var err error
		switch c.Namespace.Collection {
		case f.db.signals.Name():
			var s signalDoc
			err = bson.Unmarshal(c.Document, &s)
			if s.Kind == "" { // a marker, or the last signal of a process
				last = last || s.Replica == f.db.name
				break
			}
			notices = append(notices, chat.Notice{Signal: &chat.Signal{Kind: s.Kind, ChatID: s.Chat, By: s.By, Seq: s.Seq, Small: s.Small, Replica: s.Replica, Online: s.Online, Active: s.Active}})
		case f.db.revocations.Name():
			var r revocationDoc
			err = bson.Unmarshal(c.Document, &r)
			notices = append(notices, chat.Notice{Ended: &chat.Revocation{UserID: r.User, Sessions: r.Sessions}})
		default:
			var d eventDoc
			err = bson.Unmarshal(c.Document, &d)
			e := d.entry(nil)
			if d.refersTo() != 0 {
				events, at = append(events, d), append(at, len(notices))
			}
			notices = append(notices, chat.Notice{Event: &e})
		}
		if err != nil {
			return nil, errors.Join(chat.ErrFeedLost, err)
		}
	}
	for len(events) > 0 { // chat by chat
		var one, rest []eventDoc
		var where, left []int
		for i, d := range events {
			if d.Chat == events[0].Chat {
				one, where = append(one, d), append(where, at[i])
			} else {
				rest, left = append(rest, d), append(left, at[i])
			}
		}
		err := f.db.read(f.ctx, "read what an event refers to", func(ctx context.Context) error {
			list, err := f.db.entries(ctx, one)
			for i := range list {
				notices[where[i]].Event = &list[i]
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		events, at = rest, left
	}
	if last {
		return notices, errLast
	}
	return notices, nil
}
