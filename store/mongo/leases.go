package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// leaseDoc is a document of leases.
type leaseDoc struct {
	Name   string `bson:"_id"`
	Holder string `bson:"holder"`
	Until  int64  `bson:"until"`
}

// AcquireLease is [chat.Leases].AcquireLease. The server judges it, by its clock, in whole
// milliseconds.
func (db *DB) AcquireLease(ctx context.Context, name, holder string, ttl time.Duration) (held bool, err error) {
	now := bson.D{{Key: "$toLong", Value: "$$NOW"}}
	me := bson.D{{Key: "$literal", Value: holder}}
	free := bson.D{{Key: "$or", Value: bson.A{
		bson.D{{Key: "$eq", Value: bson.A{"$holder", me}}},
		bson.D{{Key: "$lte", Value: bson.A{"$until", now}}}, // also of a new document, which has none
	}}}
	ifFree := func(then, otherwise any) bson.D {
		return bson.D{{Key: "$cond", Value: bson.A{free, then, otherwise}}}
	}
	claim := mongo.Pipeline{{{Key: "$set", Value: bson.D{
		{Key: "holder", Value: ifFree(me, "$holder")},
		{Key: "until", Value: ifFree(bson.D{{Key: "$add", Value: bson.A{now, ttl.Milliseconds() + 1}}}, "$until")},
	}}}}
	err = db.read(ctx, "acquire a lease", func(ctx context.Context) error {
		for {
			var l leaseDoc
			err := db.leases.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: name}}, claim,
				options.FindOneAndUpdate().SetUpsert(true).SetReturnDocument(options.After)).Decode(&l)
			if lost := isConflict(err) || errors.Is(err, mongo.ErrNoDocuments); !lost || !backoff(ctx, 1) { // another replica made the document
				held = err == nil && l.Holder == holder
				return err
			}
		}
	})
	return held, err
}

// ReleaseLease is [chat.Leases].ReleaseLease.
func (db *DB) ReleaseLease(ctx context.Context, name, holder string) error {
	return db.read(ctx, "release a lease", func(ctx context.Context) error {
		_, err := db.leases.DeleteOne(ctx, bson.D{{Key: "_id", Value: name}, {Key: "holder", Value: holder}})
		return err
	})
}
