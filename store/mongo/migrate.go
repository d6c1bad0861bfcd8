package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// schema is the version of documents and indexes; a later Parley that needs a
// change raises it.
const schema = 1

// How long signals and revocations are kept, for streams that are behind.
const (
	signalLife     = 60        // s
	revocationLife = 24 * 3600 // s
)

func key(fields ...string) bson.D {
	var d bson.D
	for _, f := range fields {
		d = append(d, bson.E{Key: f, Value: 1})
	}
	return d
}

// indexes are all but the ones on _id. Making one that is there does nothing.
func (db *DB) indexes() map[*mongo.Collection][]mongo.IndexModel {
	there := bson.D{{Key: "$gt", Value: ""}}
	// The driver keeps the name in the options: each index needs its own.
	unique := func() *options.IndexOptionsBuilder { return options.Index().SetUnique(true) }
	when := func(field string, value any) *options.IndexOptionsBuilder {
		return options.Index().SetPartialFilterExpression(bson.D{{Key: field, Value: value}})
	}
	positive := bson.D{{Key: "$gt", Value: 0}}
	ttl := func(seconds int32) *options.IndexOptionsBuilder {
		return options.Index().SetExpireAfterSeconds(seconds)
	}
	return map[*mongo.Collection][]mongo.IndexModel{
		db.events: {
			{Keys: key("chat", "seq"), Options: unique()},                            // the log and its numbers
			{Keys: key("chat", "kind", "n")},                                         // pages: posts by their own number
			{Keys: key("chat", "by", "seq"), Options: when("kind", messageKind)},     // one's own last post
			{Keys: key("mentions", "chat", "seq"), Options: when("mentions", there)}, // mentions after a number
			{Keys: key("chat", "target", "by"), Options: when("emoji", there)},       // reactions that may be taken back
			{Keys: key("inbox", "at", "chat", "seq"), Options: when("inbox", there)}, // what concerns a user
			{Keys: key("chat", "mentionsAll", "seq"), Options: when("mentionsAll", chat.MentionAll)},
			{Keys: key(threadIndex...), Options: when("replyTo", positive)},
			{Keys: key("inbox"), Options: when("mentions", there)}, // whether they have one: unfilled
			{Keys: key("chat", "pinned"), Options: when("pinned", positive)},
		},
		db.chats: {
			{Keys: key("by", "clientId"), Options: unique()},
			{Keys: key("pair"), Options: when("pair", there).SetUnique(true)},
			{Keys: key("open", "_id"), Options: when("open", true)},
			{Keys: key("purging"), Options: when("purging", true)},
		},
		db.members: {
			{Keys: key("chat", "user"), Options: unique()},
			{Keys: key("user", "chat")},
			{Keys: key("chat", "role"), Options: when("role", chat.RoleAdmin)},
		},
		db.users: {
			{Keys: key("handle"), Options: unique()},
			{Keys: key("active"), Options: when("role", chat.RoleAdmin)},
			{Keys: key("words")}, // users whose search words are of an older version
		},
		db.words: {
			{Keys: key("word", "user"), Options: unique()},
			{Keys: key("user")},
		},
		db.sessions: {
			{Keys: key("token"), Options: unique()},
			{Keys: key("user", "seenAt")},
		},
		db.invites: {
			{Keys: key("code"), Options: unique()},
			{Keys: key("by", "_id")},
		},
		db.files: {
			{Keys: key("by", "createdAt")},
			{Keys: key("by", "freeUntil"), Options: when("freeUntil", positive)},
			{Keys: key("freeUntil"), Options: when("freeUntil", positive)},
			{Keys: key(filesIndex("")...), Options: when("message", positive)},
			{Keys: key(filesIndex(chat.OtherFile)...), Options: when("message", positive)},
			{Keys: key("complete", "_id")}, // all, one after the other
			{Keys: key("bytes")},           // the sum of all
		},
		db.blobs:  {{Keys: key("filename"), Options: unique()}},
		db.chunks: {{Keys: key("files_id", "n"), Options: unique()}},
		db.blocks: {{Keys: key("user", "blocked"), Options: unique()}},
		db.subscriptions: {
			{Keys: key("endpoint"), Options: unique()},
			{Keys: key("user")},
			{Keys: key("showing"), Options: when("showing", true)},
		},
		db.pushes:       {{Keys: key("session")}, {Keys: urgentFirst}, {Keys: key("at")}},
		db.leaves:       {{Keys: key("segment", "key"), Options: unique()}},
		db.recoveries:   {{Keys: key("code"), Options: unique()}},
		db.recoveryUses: {{Keys: key("user", "at")}},
		db.revocations:  {{Keys: key("at"), Options: ttl(revocationLife)}},
		db.signals:      {{Keys: key("at"), Options: ttl(signalLife)}},
	}
}

// migrate makes the indexes, then the server's document, which it returns. Of replicas that start at the same
// time one makes it. A database of a newer Parley is left as it is. Nothing that takes
// longer with more documents has a timeout.
func (db *DB) migrate(ctx context.Context) (a serverDoc, err error) {
	reading, cancel := context.WithTimeout(ctx, readTimeout)
	_, err = one(db.meta.FindOne(reading, serverID), &a)
	cancel()
	if err != nil {
		return a, storeError(err, "read its version")
	}
	if err := a.checkSchema(); err != nil {
		return a, err
	}
	if err := db.makeIndexes(ctx); err != nil {
		return a, err
	}
	return db.nameHistory(ctx)
}

func (a *serverDoc) checkSchema() error {
	if a.Schema > schema {
		return fmt.Errorf("the database was written by a newer Parley (version %d, this one reads up to %d)", a.Schema, schema)
	}
	return nil
}

// makeIndexes builds the indexes that are missing, however long that takes: a build that was
// given up would start again. So it uses the client that has no timeout; a server that dies
// meanwhile is noticed by the driver's monitor.
func (db *DB) makeIndexes(ctx context.Context) error {
	for c, models := range db.indexes() {
		ended := db.logProgress(ctx, c)
		_, err := db.stream.Database(db.db.Name()).Collection(c.Name()).Indexes().CreateMany(ctx, models)
		ended()
		doing := "build the indexes of " + c.Name()
		if isDuplicate(err) { // it would fail again, after as long
			return chat.StoreFailed(err, doing)
		}
		if err != nil {
			return storeError(err, doing)
		}
	}
	return nil
}

// logProgress logs that indexes are being built, every progressEvery until the returned
// function is called.
func (db *DB) logProgress(ctx context.Context, c *mongo.Collection) (end func()) {
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(db.progressEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				bounded, enough := context.WithTimeout(ctx, readTimeout)
				n, _ := c.EstimatedDocumentCount(bounded) // 0 if it cannot be read
				enough()
				db.log.Info("building indexes; this server serves when they are complete", "collection", c.Name(), "documents", n, "elapsed", time.Since(began).Round(time.Second))
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-ended }
}

// nameHistory makes the server's document, names the history if it has no name, and returns
// the document.
func (db *DB) nameHistory(ctx context.Context) (a serverDoc, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	fresh := bson.D{{Key: "schema", Value: schema}, {Key: "epoch", Value: chat.NewID[string]()},
		{Key: "name", Value: chat.DefaultServer}, {Key: "setup", Value: chat.NewSecret()}, {Key: "cleared", Value: beyond}}
	for n := 1; ; n++ {
		_, err := db.meta.UpdateOne(ctx, serverID,
			bson.D{{Key: "$setOnInsert", Value: fresh}}, options.UpdateOne().SetUpsert(true))
		if err == nil {
			break
		}
		if !isConflict(err) || !backoff(ctx, n) {
			return a, storeError(err, "name this history")
		}
	}
	// A restored copy has an empty epoch; the first replica that opens it sets it.
	unnamed := bson.D{serverID[0], {Key: "epoch", Value: ""}}
	if _, err := db.meta.UpdateOne(ctx, unnamed, set(bson.E{Key: "epoch", Value: chat.NewID[string]()})); err != nil {
		return a, storeError(err, "name this history")
	}
	if err := db.meta.FindOne(ctx, serverID).Decode(&a); err != nil {
		return a, storeError(err, "read its name")
	}
	db.epoch = a.Epoch
	return a, a.checkSchema()
}
