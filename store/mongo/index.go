package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// leafDoc is a document of search_leaves.
type leafDoc struct {
	Segment int64  `bson:"segment"`
	Key     string `bson:"key"`
	Data    []byte `bson:"data"`
}

// manifestDoc is the one document of search_manifests.
type manifestDoc struct {
	Revision int64  `bson:"revision"`
	Data     []byte `bson:"data"`
}

// indexedDoc is a document of search_chats.
type indexedDoc struct {
	Chat    chat.ChatID `bson:"_id"`
	First   chat.Seq    `bson:"first"`
	Last    chat.Seq    `bson:"last"`
	FirstAt int64       `bson:"firstAt"`
}

// replacedDoc is a document of search_replaced; Seq is 0 for a deleted chat.
type replacedDoc struct {
	ID       string        `bson:"_id"` // sorts by the time at which it was made
	Chat     chat.ChatID   `bson:"chat"`
	Seq      chat.Seq      `bson:"seq"`
	At       int64         `bson:"at"`
	By       chat.UserID   `bson:"by"`
	Text     string        `bson:"text"`
	Mentions []chat.UserID `bson:"mentions,omitempty"`
	Files    []chat.File   `bson:"files,omitempty"`
}

var manifestID = bson.D{{Key: "_id", Value: "manifest"}}

// IndexManifest is [chat.Index].IndexManifest.
func (db *DB) IndexManifest(ctx context.Context) (manifest []byte, revision int64, err error) {
	var d manifestDoc
	err = db.read(ctx, "read the search index", func(ctx context.Context) error {
		d = manifestDoc{}
		_, err := one(db.manifests.FindOne(ctx, manifestID), &d)
		return err
	})
	return d.Data, d.Revision, err
}

// Leaves is [chat.Index].Leaves.
func (db *DB) Leaves(ctx context.Context, segment int64, from, to string, limit int) (leaves []chat.Leaf, err error) {
	err = db.read(ctx, "read the search index", func(ctx context.Context) error {
		leaves = nil
		cur, err := db.leaves.Find(ctx, bson.D{{Key: "segment", Value: segment}, {Key: "key", Value: bson.D{{Key: "$gte", Value: from}}}},
			options.Find().SetSort(key("segment", "key")).SetLimit(int64(limit)).SetBatchSize(8))
		if err != nil {
			return err
		}
		defer closeCursor(ctx, cur)
		for cur.Next(ctx) {
			var d leafDoc
			if err := cur.Decode(&d); err != nil {
				return err
			}
			leaves = append(leaves, chat.Leaf(d))
			if d.Key >= to {
				return nil
			}
		}
		return cur.Err()
	})
	return leaves, err
}

// ChangeIndex is [chat.Index].ChangeIndex.
func (db *DB) ChangeIndex(ctx context.Context, c chat.IndexChange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return db.write(ctx, "", "change the search index", func(t *tx) error { return t.changeIndex(&c) })
}

func (t *tx) changeIndex(c *chat.IndexChange) error {
	db := t.db
	if c.Revision == 0 {
		_, err := db.manifests.InsertOne(t.ctx, bson.D{manifestID[0], {Key: "revision", Value: 1}, {Key: "data", Value: c.Manifest}})
		if isDuplicate(err) {
			return chat.IndexChanged()
		}
		if err != nil {
			return err
		}
	} else {
		r, err := db.manifests.UpdateOne(t.ctx, bson.D{manifestID[0], {Key: "revision", Value: c.Revision}},
			bson.D{{Key: "$inc", Value: bson.D{{Key: "revision", Value: 1}}}, {Key: "$set", Value: bson.D{{Key: "data", Value: c.Manifest}}}})
		if err != nil {
			return err
		}
		if r.MatchedCount == 0 {
			return chat.IndexChanged()
		}
	}
	for _, l := range append(slices.Clip(c.Remove), c.Put...) {
		if _, err := db.leaves.DeleteOne(t.ctx, bson.D{{Key: "segment", Value: l.Segment}, {Key: "key", Value: l.Key}}); err != nil {
			return err
		}
	}
	if len(c.Put) > 0 {
		docs := make([]leafDoc, len(c.Put))
		for i := range c.Put {
			docs[i] = leafDoc(c.Put[i])
		}
		if _, err := db.leaves.InsertMany(t.ctx, docs); err != nil {
			return err
		}
	}
	if len(c.Chats) > 0 {
		if err := t.recordOutdated(c); err != nil {
			return err
		}
		writes := make([]mongo.WriteModel, len(c.Chats))
		for i, x := range c.Chats {
			writes[i] = setIndexed(x)
		}
		if _, err := db.indexed.BulkWrite(t.ctx, writes); err != nil {
			return err
		}
	}
	for i := range c.Forget {
		r := &c.Forget[i]
		if _, err := db.replaced.DeleteOne(t.ctx, bson.D{{Key: "_id", Value: r.ID}}); err != nil {
			return err
		}
		if r.Message.Seq == 0 {
			if _, err := db.indexed.DeleteOne(t.ctx, bson.D{{Key: "_id", Value: r.Message.ChatID}}); err != nil {
				return err
			}
		}
	}
	return nil
}

func setIndexed(x chat.Indexed) mongo.WriteModel {
	return mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: x.ChatID}}).SetUpsert(true).
		SetReplacement(indexedDoc{Chat: x.ChatID, First: x.First, Last: x.Last, FirstAt: x.FirstAt})
}

// DropSegment is [chat.Index].DropSegment.
func (db *DB) DropSegment(ctx context.Context, segment int64, limit int) (more bool, err error) {
	err = db.read(ctx, "change the search index", func(ctx context.Context) error {
		cur, err := db.leaves.Find(ctx, bson.D{{Key: "segment", Value: segment}},
			options.Find().SetSort(key("segment", "key")).SetLimit(int64(limit)).SetProjection(key("_id")))
		docs, err := all[struct {
			ID bson.ObjectID `bson:"_id"`
		}](ctx, cur, err)
		more = len(docs) == limit
		if err != nil || len(docs) == 0 {
			return err
		}
		ids := make([]bson.ObjectID, len(docs))
		for i := range docs {
			ids[i] = docs[i].ID
		}
		_, err = db.leaves.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		return err
	})
	return more, err
}

// heads returns the next chats by id that are not deleted, or those of ids, with their heads
// and the times of these, as Indexed that cover nothing.
func (db *DB) heads(ctx context.Context, which bson.D, limit int) (heads []chat.Indexed, last chat.ChatID, err error) {
	cur, err := db.chats.Find(ctx, which, options.Find().SetSort(key("_id")).SetLimit(int64(limit)).SetProjection(key("_id", "deleted")))
	docs, err := all[chatDoc](ctx, cur, err)
	if err != nil || len(docs) == 0 {
		return nil, "", err
	}
	last = docs[len(docs)-1].ID
	var ids []chat.ChatID
	for _, d := range docs {
		if !d.Deleted {
			ids = append(ids, d.ID)
		}
	}
	if len(ids) == 0 {
		return nil, last, nil
	}
	// With this sort MongoDB reads one entry of the index for each chat.
	cur, err = db.events.Aggregate(ctx, mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "chat", Value: bson.D{{Key: "$in", Value: ids}}}}}},
		{{Key: "$sort", Value: bson.D{{Key: "chat", Value: -1}, {Key: "seq", Value: -1}}}},
		{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$chat"}, {Key: "seq", Value: bson.D{{Key: "$first", Value: "$seq"}}}, {Key: "at", Value: bson.D{{Key: "$first", Value: "$at"}}}}}},
	})
	tops, err := all[struct {
		ID  chat.ChatID `bson:"_id"`
		Seq chat.Seq    `bson:"seq"`
		At  int64       `bson:"at"`
	}](ctx, cur, err)
	for _, t := range tops {
		heads = append(heads, chat.Indexed{ChatID: t.ID, First: 1, Head: t.Seq, FirstAt: t.At})
	}
	slices.SortFunc(heads, func(a, b chat.Indexed) int {
		if a.ChatID < b.ChatID {
			return -1
		}
		return 1
	})
	return heads, last, err
}

// ResetIndexed is [chat.Index].ResetIndexed.
func (db *DB) ResetIndexed(ctx context.Context, after chat.ChatID, limit int) (last chat.ChatID, err error) {
	err = db.read(ctx, "change the search index", func(ctx context.Context) error {
		var heads []chat.Indexed
		if heads, last, err = db.heads(ctx, behind(after), limit); err != nil || len(heads) == 0 {
			return err
		}
		writes := make([]mongo.WriteModel, len(heads))
		for i, x := range heads {
			x.First, x.Last = x.Head+1, x.Head
			writes[i] = setIndexed(x)
		}
		_, err := db.indexed.BulkWrite(ctx, writes)
		return err
	})
	return last, err
}

func behind(after chat.ChatID) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}
}

// Unindexed is [chat.Index].Unindexed.
func (db *DB) Unindexed(ctx context.Context, after chat.ChatID, limit int) (chats []chat.Indexed, last chat.ChatID, err error) {
	if chats, last, err = db.readIndexed(ctx, behind(after), limit); err != nil {
		return nil, "", err
	}
	return slices.DeleteFunc(chats, func(x chat.Indexed) bool { return x.First <= 1 && x.Last >= x.Head }), last, nil
}

// IndexedOf is [chat.Index].IndexedOf.
func (db *DB) IndexedOf(ctx context.Context, ids []chat.ChatID) ([]chat.Indexed, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	chats, _, err := db.readIndexed(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, len(ids))
	return chats, err
}

func (db *DB) readIndexed(ctx context.Context, which bson.D, limit int) (chats []chat.Indexed, last chat.ChatID, err error) {
	err = db.read(ctx, "read chats", func(ctx context.Context) error {
		if chats, last, err = db.heads(ctx, which, limit); err != nil || len(chats) == 0 {
			return err
		}
		ids := make([]chat.ChatID, len(chats))
		for i := range chats {
			ids[i] = chats[i].ChatID
			chats[i].FirstAt = 0
		}
		cur, err := db.indexed.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		docs, err := all[indexedDoc](ctx, cur, err)
		for _, d := range docs {
			i, ok := slices.BinarySearch(ids, d.Chat)
			if ok {
				chats[i].First, chats[i].Last, chats[i].FirstAt = d.First, d.Last, d.FirstAt
			}
		}
		return err
	})
	return chats, last, err
}

// Replaced is [chat.Index].Replaced.
func (db *DB) Replaced(ctx context.Context, limit int) (list []chat.Replaced, err error) {
	err = db.read(ctx, "read the search index", func(ctx context.Context) error {
		list = nil
		cur, err := db.replaced.Find(ctx, bson.D{}, options.Find().SetSort(key("_id")).SetLimit(int64(limit)))
		docs, err := all[replacedDoc](ctx, cur, err)
		for _, d := range docs {
			list = append(list, chat.Replaced{ID: d.ID, Message: chat.Message{ChatID: d.Chat, Seq: d.Seq, At: d.At, By: d.By, Text: d.Text, Mentions: d.Mentions, Files: d.Files}})
		}
		return err
	})
	return list, err
}

// recordTarget records the target of an event, before the event is applied, if the segments
// cover it. It changes the chat's document so that a change of the index by which they come
// to cover it meanwhile conflicts.
func (t *tx) recordTarget(e *chat.Event) error {
	d := indexedDoc{Chat: e.ChatID, First: 1}
	_, err := one(t.db.indexed.FindOneAndUpdate(t.ctx, bson.D{{Key: "_id", Value: e.ChatID}},
		bson.D{{Key: "$inc", Value: bson.D{{Key: "replaced", Value: 1}}}, {Key: "$setOnInsert", Value: bson.D{{Key: "first", Value: 1}, {Key: "last", Value: 0}, {Key: "firstAt", Value: 0}}}},
		options.FindOneAndUpdate().SetUpsert(true)), &d)
	if err != nil || e.Target < d.First || e.Target > d.Last {
		return err
	}
	post, ok, err := t.db.post(t.ctx, e.ChatID, e.Target)
	if err != nil || !ok {
		return err
	}
	return t.recordReplaced(post.message("", 0, nil))
}

// recordOutdated records those of the covered messages whose text was replaced since they
// were read.
func (t *tx) recordOutdated(c *chat.IndexChange) error {
	for _, x := range c.Chats {
		cur, err := t.db.events.Find(t.ctx, bson.D{{Key: "chat", Value: x.ChatID}, {Key: "seq", Value: bson.D{{Key: "$gt", Value: x.Head}}}},
			options.Find().SetProjection(key("kind", "target")))
		docs, err := all[eventDoc](t.ctx, cur, err)
		if err != nil {
			return err
		}
		for _, d := range docs {
			if !d.Kind.Is().ReplacesText || d.Target == 0 {
				continue
			}
			i := slices.IndexFunc(c.Covered, func(m chat.Message) bool { return m.ChatID == x.ChatID && m.Seq == d.Target })
			if i < 0 {
				continue
			}
			if err := t.recordReplaced(c.Covered[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordReplaced records a message as it is before its text changes, or with Seq 0 a deleted
// chat.
func (t *tx) recordReplaced(m chat.Message) error {
	_, err := t.db.replaced.InsertOne(t.ctx, replacedDoc{ID: chat.NewID[string](), Chat: m.ChatID, Seq: m.Seq, At: m.At, By: m.By, Text: m.Text, Mentions: m.Mentions, Files: m.Files})
	return err
}
