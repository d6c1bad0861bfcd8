package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// serverDoc is the document of meta with the names of this history and of the server.
type serverDoc struct {
	Schema int    `bson:"schema"`
	Epoch  string `bson:"epoch"`
	Name   string `bson:"name"`
	Setup  string `bson:"setup"`  // empty once used
	Admins bool   `bson:"admins"` // groups have admins: giveAdmins was done

	Cleared chat.ChatID `bson:"cleared"` // up to which chat clearTexts was done; beyond: all
}

var serverID = bson.D{{Key: "_id", Value: "server"}}

// Epoch is [chat.Store].Epoch.
func (db *DB) Epoch() string { return db.epoch }

// Server returns the server's name and the setup code.
func (db *DB) Server(ctx context.Context) (chat.Server, error) {
	var a serverDoc
	err := db.read(ctx, "read the server's name", func(ctx context.Context) error {
		_, err := one(db.meta.FindOne(ctx, serverID), &a)
		return err
	})
	return chat.Server{Name: a.Name, Setup: a.Setup}, err
}

// RenameServer sets the server's name.
func (db *DB) RenameServer(ctx context.Context, name string) error {
	return db.write(ctx, "", "name the server", func(t *tx) error {
		_, err := t.db.meta.UpdateOne(t.ctx, serverID, set(named(name)))
		return err
	})
}

func named(server string) bson.E {
	return bson.E{Key: "name", Value: chat.ServerName(server)}
}

// Full is [chat.Store].Full. A full disk of MongoDB is an error like any other.
func (db *DB) Full() bool { return false }

// Ping reads, and writes to a majority's journals. It waits no longer than one attempt may
// take. While an open feed is silent it returns unavailable.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.open(); err != nil {
		return err
	}
	if db.feedStreams.silent(db.silence) {
		return errPingSilent()
	}
	bounded, cancel := context.WithTimeout(ctx, db.attemptTimeout)
	defer cancel()
	err := db.session(bounded, func(ctx context.Context, _ *mongo.Session) error {
		if _, err := one(db.meta.FindOne(ctx, serverID), &serverDoc{}); err != nil {
			return err
		}
		_, err := db.meta.UpdateOne(ctx, bson.D{{Key: "_id", Value: "ping"}}, set(bson.E{Key: "at", Value: db.now()}), options.UpdateOne().SetUpsert(true))
		return err
	})
	return readError(ctx, err, "answer")
}
