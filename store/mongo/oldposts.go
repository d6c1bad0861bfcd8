package mongo

import (
	"context"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// unfilled are the posts that an older Parley wrote: without the root of their thread, or
// without whom they concern. Each is a range of an index, which is empty once all are
// filled.
var unfilled = []struct {
	which       bson.D
	index, sort []string
}{
	{bson.D{{Key: "root", Value: nil}, isReply}, threadIndex, threadIndex},
	{bson.D{{Key: "inbox", Value: nil}, isMention}, []string{"inbox"}, nil},
}

var (
	isReply   = bson.E{Key: "replyTo", Value: bson.D{{Key: "$gt", Value: 0}}}
	isMention = bson.E{Key: "mentions", Value: bson.D{{Key: "$gt", Value: ""}}}
)

// fillOldPosts stores with the posts that an older Parley wrote the root of their thread and
// whom they concern: at the start, and again and again, since a replica of the older version
// may still run. Several replicas may do it at the same time.
func (db *DB) fillOldPosts() {
	for {
		wait := db.fillEvery
		if err := db.fillPosts(db.ctx); err != nil && db.open() == nil {
			db.log.Warn("filling posts of an older version failed: this is tried again", "after", wait, "err", err)
		}
		select {
		case <-time.After(wait):
		case <-db.stop:
			return
		}
	}
}

// fillPosts fills all that are there, in small parts.
func (db *DB) fillPosts(ctx context.Context) error {
	for _, u := range unfilled {
		o := options.Find().SetHint(key(u.index...)).SetLimit(int64(db.clearBatch)).SetProjection(key("chat", "seq", "by", "mentions", "replyTo", "root", "inbox", "deletedAt"))
		if u.sort != nil {
			o.SetSort(key(u.sort...))
		}
		for more := true; more; {
			err := db.read(ctx, "fill older posts", func(ctx context.Context) error {
				cur, err := db.events.Find(ctx, u.which, o)
				docs, err := all[eventDoc](ctx, cur, err)
				if err != nil {
					return err
				}
				more = len(docs) == db.clearBatch
				return db.fillPart(ctx, docs)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fillPart fills posts, those of each chat in rising seq: what they reply to is before them.
func (db *DB) fillPart(ctx context.Context, docs []eventDoc) error {
	quoted, err := db.quotedBy(ctx, docs)
	if err != nil {
		return err
	}
	var updates []mongo.WriteModel
	for i := range docs {
		d := &docs[i]
		which, to := bson.D{{Key: "_id", Value: d.ID}}, bson.D{}
		var repliesTo chat.UserID
		if d.ReplyTo != 0 && d.Root == 0 {
			if d.Root = d.ReplyTo; quoted[place{d.Chat, d.ReplyTo}] != nil {
				q := quoted[place{d.Chat, d.ReplyTo}]
				if repliesTo = q.By; q.Root != 0 {
					d.Root = q.Root
				}
			}
			to = append(to, bson.E{Key: "root", Value: d.Root})
		}
		if q := quoted[place{d.Chat, d.Seq}]; q != nil {
			q.Root = d.Root // for those that reply to it
		}
		inbox := chat.ConcernedBy(d.By, d.Mentions, repliesTo)
		if d.DeletedAt == 0 && d.Inbox == nil && (inbox != nil || d.Mentions != nil) {
			// An edit or a deletion meanwhile leaves it for the next part. A list of none
			// tells that the post, whose author names nobody else, was filled.
			which = append(which, bson.E{Key: "deletedAt", Value: nil}, bson.E{Key: "inbox", Value: nil}, mentioning(d))
			if inbox == nil {
				inbox = []chat.UserID{}
			}
			to = append(to, bson.E{Key: "inbox", Value: inbox})
		}
		if len(to) > 0 {
			updates = append(updates, mongo.NewUpdateOneModel().SetFilter(which).SetUpdate(set(to...)))
		}
	}
	if len(updates) == 0 {
		return nil
	}
	_, err = db.events.BulkWrite(ctx, updates)
	return err
}

// place names a post.
type place struct {
	chat chat.ChatID
	seq  chat.Seq
}

// quotedBy returns the posts to which posts reply.
func (db *DB) quotedBy(ctx context.Context, docs []eventDoc) (map[place]*eventDoc, error) {
	seqs := map[chat.ChatID][]chat.Seq{}
	for i := range docs {
		if docs[i].ReplyTo != 0 {
			seqs[docs[i].Chat] = append(seqs[docs[i].Chat], docs[i].ReplyTo)
		}
	}
	quoted := map[place]*eventDoc{}
	for id, of := range seqs {
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: of}}}},
			options.Find().SetProjection(key("chat", "seq", "by", "root", "replyTo")))
		found, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return nil, err
		}
		for i := range found {
			quoted[place{id, found[i].Seq}] = &found[i]
		}
	}
	return quoted, nil
}

// mentioning returns the condition that the post still mentions the same users.
func mentioning(d *eventDoc) bson.E {
	if d.Mentions == nil {
		return bson.E{Key: "mentions", Value: nil}
	}
	return bson.E{Key: "mentions", Value: d.Mentions}
}
