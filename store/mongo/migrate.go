package mongo

import (
	"context"
	"fmt"

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
	// The driver keeps the name in the options: each index needs its own.
	unique := func() *options.IndexOptionsBuilder { return options.Index().SetUnique(true) }
	when := func(field string, value any) *options.IndexOptionsBuilder {
		return options.Index().SetPartialFilterExpression(bson.D{{Key: field, Value: value}})
	}
	there := bson.D{{Key: "$gt", Value: ""}}
	ttl := func(seconds int32) *options.IndexOptionsBuilder {
		return options.Index().SetExpireAfterSeconds(seconds)
	}
	return map[*mongo.Collection][]mongo.IndexModel{
		db.events: {
			{Keys: key("chat", "seq"), Options: unique()},                            // the log and its numbers
			{Keys: key("chat", "kind", "n")},                                         // pages: posts by their own number
			{Keys: key("chat", "by", "seq"), Options: when("kind", messageKind)},     // one's own last post
			{Keys: key("mentions", "chat", "seq"), Options: when("mentions", there)}, // mentions after a number
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
		},
		db.words: {{Keys: key("word", "user"), Options: unique()}},
		db.sessions: {
			{Keys: key("token"), Options: unique()},
			{Keys: key("user", "seenAt")},
		},
		db.invites: {
			{Keys: key("code"), Options: unique()},
			{Keys: key("by", "_id")},
		},
		db.blocks:      {{Keys: key("user", "blocked"), Options: unique()}},
		db.recoveries:  {{Keys: key("code"), Options: unique()}},
		db.revocations: {{Keys: key("at"), Options: ttl(revocationLife)}},
		db.signals:     {{Keys: key("at"), Options: ttl(signalLife)}},
	}
}

// migrate makes the indexes, then the server's document. Of replicas that start at the same
// time one makes it.
func (db *DB) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for c, models := range db.indexes() {
		if _, err := c.Indexes().CreateMany(ctx, models); err != nil {
			return storeError(err, "make the indexes of "+c.Name())
		}
	}
	fresh := bson.D{{Key: "schema", Value: schema}, {Key: "epoch", Value: chat.NewID[string]()},
		{Key: "name", Value: chat.DefaultServer}, {Key: "setup", Value: chat.NewSecret()}}
	for n := 1; ; n++ {
		_, err := db.meta.UpdateOne(ctx, serverID,
			bson.D{{Key: "$setOnInsert", Value: fresh}}, options.UpdateOne().SetUpsert(true))
		if err == nil {
			break
		}
		if !isConflict(err) || !backoff(ctx, n) {
			return storeError(err, "name this history")
		}
	}
	// A restored copy has an empty epoch; the first replica that opens it sets it.
	unnamed := bson.D{serverID[0], {Key: "epoch", Value: ""}}
	if _, err := db.meta.UpdateOne(ctx, unnamed, set(bson.E{Key: "epoch", Value: chat.NewID[string]()})); err != nil {
		return storeError(err, "name this history")
	}
	var a serverDoc
	if err := db.meta.FindOne(ctx, serverID).Decode(&a); err != nil {
		return storeError(err, "read its name")
	}
	if a.Schema > schema {
		return fmt.Errorf("the database was written by a newer Parley (version %d, this one reads up to %d)", a.Schema, schema)
	}
	db.epoch = a.Epoch
	return nil
}
