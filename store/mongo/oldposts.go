package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// fillOldPosts stores with the posts that an older Parley wrote the root of their
// thread and whom they concern. It works on the chats after from, by id, in small
// parts. Several replicas may do it at the same time.
func (db *DB) fillOldPosts(ctx context.Context, from chat.ChatID) (chat.ChatID, error) {
	return db.eachChat(ctx, from, "filled", db.fillPosts)
}

// fillPosts is fillOldPosts for one chat.
func (db *DB) fillPosts(ctx context.Context, id chat.ChatID) error {
	for from := chat.Seq(1); ; {
		var docs []eventDoc
		err := db.read(ctx, "fill older posts", func(ctx context.Context) error {
			cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: messageKind}, {Key: "n", Value: bson.D{{Key: "$gte", Value: from}}}},
				options.Find().SetSort(key("n")).SetLimit(int64(db.clearBatch)).SetProjection(key("chat", "seq", "n", "by", "mentions", "replyTo", "root", "inbox", "deletedAt")))
			docs, err = all[eventDoc](ctx, cur, err)
			if err != nil || len(docs) == 0 {
				return err
			}
			return db.fillPart(ctx, id, docs)
		})
		if err != nil || len(docs) < db.clearBatch {
			return err
		}
		from = docs[len(docs)-1].N + 1
	}
}

// fillPart fills posts of one chat, in rising n: what they reply to is before them.
func (db *DB) fillPart(ctx context.Context, id chat.ChatID, docs []eventDoc) error {
	quoted := map[chat.Seq]*eventDoc{}
	var seqs []chat.Seq
	for i := range docs {
		if docs[i].ReplyTo != 0 {
			seqs = append(seqs, docs[i].ReplyTo)
		}
	}
	if len(seqs) > 0 { // $in takes no nil
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: seqs}}}},
			options.Find().SetProjection(key("seq", "by", "root", "replyTo")))
		found, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		for i := range found {
			quoted[found[i].Seq] = &found[i]
		}
	}
	var updates []mongo.WriteModel
	for i := range docs {
		d := &docs[i]
		var repliesTo chat.UserID
		if q := quoted[d.ReplyTo]; q != nil {
			repliesTo = q.By
			if d.Root == 0 {
				if d.Root = q.Root; d.Root == 0 {
					d.Root = q.Seq
				}
				updates = append(updates, mongo.NewUpdateOneModel().SetFilter(bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: d.Seq}}).
					SetUpdate(set(bson.E{Key: "root", Value: d.Root})))
			}
		}
		if q := quoted[d.Seq]; q != nil {
			q.Root = d.Root // for those that reply to it
		}
		inbox := chat.ConcernedBy(d.By, d.Mentions, repliesTo)
		if d.DeletedAt != 0 || d.Inbox != nil || inbox == nil {
			continue
		}
		// An edit or a deletion since has done it.
		which := bson.D{{Key: "_id", Value: d.ID}, {Key: "deletedAt", Value: nil}, {Key: "inbox", Value: nil}}
		if d.Mentions == nil {
			which = append(which, bson.E{Key: "mentions", Value: nil})
		} else {
			which = append(which, bson.E{Key: "mentions", Value: d.Mentions})
		}
		updates = append(updates, mongo.NewUpdateOneModel().SetFilter(which).SetUpdate(set(bson.E{Key: "inbox", Value: inbox})))
	}
	if len(updates) == 0 {
		return nil
	}
	_, err := db.events.BulkWrite(ctx, updates)
	return err
}
