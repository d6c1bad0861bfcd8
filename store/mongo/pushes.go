package mongo

import (
	"context"
	"math"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// pushDoc is a document of pushes. Its id is of the session and the chat.
type pushDoc struct {
	Session chat.SessionID `bson:"session"`
	Chat    chat.ChatID    `bson:"chat"`
	User    chat.UserID    `bson:"user"`
	Seq     chat.Seq       `bson:"seq"`
	Count   int            `bson:"count"`
	At      int64          `bson:"at"`
	Due     int64          `bson:"due"`
	Tries   int            `bson:"tries"`
	Urgent  bool           `bson:"urgent,omitempty"`
}

// urgentFirst is the order in which queued pushes are read.
var urgentFirst = bson.D{{Key: "urgent", Value: -1}, {Key: "due", Value: 1}}

func pushID(s chat.SessionID, c chat.ChatID) bson.D {
	return bson.D{{Key: "_id", Value: string(s) + " " + string(c)}}
}

// pushMeta is the document of meta with the key of pushes, and up to when they were made.
var pushMeta = bson.D{{Key: "_id", Value: "push"}}

type pushMetaDoc struct {
	Key []byte `bson:"key"`
	At  int64  `bson:"at"`
}

// PushKey is [chat.Pushes].PushKey.
func (db *DB) PushKey(ctx context.Context, made []byte) (key []byte, err error) {
	var d pushMetaDoc
	err = db.read(ctx, "read the key of pushes", func(ctx context.Context) error {
		// MakePushes may have made the document, without a key.
		missing := bson.D{pushMeta[0], {Key: "key", Value: bson.D{{Key: "$exists", Value: false}}}}
		for len(d.Key) == 0 {
			_, err := db.meta.UpdateOne(ctx, missing, set(bson.E{Key: "key", Value: made}), options.UpdateOne().SetUpsert(true))
			if err != nil && !isConflict(err) { // a conflict: there is a document with a key, or another replica makes it
				return err
			}
			if _, err := one(db.meta.FindOne(ctx, pushMeta), &d); err != nil {
				return err
			}
			if len(d.Key) == 0 && !backoff(ctx, 1) {
				return ctx.Err()
			}
		}
		return nil
	})
	return d.Key, err
}

// pushPlace is a member with the user and their subscriptions.
type pushPlace struct {
	Place         memberPlace       `bson:",inline"`
	Users         []userDoc         `bson:"users"`
	Subscriptions []subscriptionDoc `bson:"subscriptions"`
}

// PushTargets is [chat.Pushes].PushTargets.
func (db *DB) PushTargets(ctx context.Context, id chat.ChatID) (targets []chat.PushTarget, err error) {
	join := func(from *mongo.Collection, field, as string) bson.D {
		return bson.D{{Key: "$lookup", Value: bson.D{{Key: "from", Value: from.Name()}, {Key: "localField", Value: "user"}, {Key: "foreignField", Value: field}, {Key: "as", Value: as}}}}
	}
	err = db.read(ctx, "read who is told of a message", func(ctx context.Context) error {
		targets = nil
		var c chatDoc
		ok, err := one(db.chats.FindOne(ctx, bson.D{{Key: "_id", Value: id}}), &c)
		if err != nil || !ok || c.Deleted {
			return err
		}
		head, _, err := db.last(ctx, id, db.chatQueues.reached(id))
		if err != nil {
			return err
		}
		cur, err := db.members.Aggregate(ctx, mongo.Pipeline{
			{{Key: "$match", Value: bson.D{{Key: "chat", Value: id}}}},
			join(db.subscriptions, "user", "subscriptions"),
			{{Key: "$match", Value: bson.D{{Key: "subscriptions", Value: bson.D{{Key: "$ne", Value: bson.A{}}}}}}},
			join(db.users, "_id", "users"), db.ownPost(),
		})
		places, err := all[pushPlace](ctx, cur, err)
		if err != nil {
			return err
		}
		var ids []chat.SessionID
		for _, p := range places {
			for _, s := range p.Subscriptions {
				ids = append(ids, s.Session)
			}
		}
		live, err := db.liveSessions(ctx, ids)
		for i := range places {
			p := &places[i]
			if len(p.Users) == 0 || !anyLive(p.Subscriptions, live) {
				continue
			}
			read, _ := p.Place.read()
			targets = append(targets, chat.PushTarget{User: p.Users[0].ID, Mine: *p.Place.mine(head.N), Settings: p.Users[0].settings(), ReadUpTo: read})
		}
		return err
	})
	return targets, err
}

// pushedDoc is a document of pushed.
type pushedDoc struct {
	Chat chat.ChatID `bson:"_id"`
	Seq  chat.Seq    `bson:"seq"`
}

// UnmadePushes is [chat.Pushes].UnmadePushes. The posts of each chat are read apart: a chat
// has no field that a post changes.
func (db *DB) UnmadePushes(ctx context.Context, after chat.ChatID, limit int) (chats []chat.PushedTo, last chat.ChatID, err error) {
	err = db.read(ctx, "read of what no push was made", func(ctx context.Context) error {
		chats, last = nil, ""
		var meta pushMetaDoc
		if _, err := one(db.meta.FindOne(ctx, pushMeta), &meta); err != nil {
			return err
		}
		cur, err := db.chats.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}},
			options.Find().SetSort(key("_id")).SetLimit(int64(limit)).SetProjection(key("_id", "deleted")))
		docs, err := all[chatDoc](ctx, cur, err)
		if err != nil || len(docs) == 0 {
			return err
		}
		ids := make([]chat.ChatID, len(docs))
		for i := range docs {
			ids[i] = docs[i].ID
		}
		last = ids[len(ids)-1]
		cur, err = db.pushed.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		list, err := all[pushedDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		seen := make(map[chat.ChatID]chat.Seq, len(list))
		for _, p := range list {
			seen[p.Chat] = p.Seq
		}
		for i := range docs {
			id := docs[i].ID
			if docs[i].Deleted {
				continue
			}
			newest, ok, err := db.lastPost(ctx, id, math.MaxInt64)
			if err != nil {
				return err
			}
			if !ok || newest.At < meta.At || newest.Seq <= seen[id] {
				continue
			}
			older, _, err := db.lastPost(ctx, id, meta.At)
			if err != nil {
				return err
			}
			chats = append(chats, chat.PushedTo{ChatID: id, Seq: max(seen[id], older.Seq)})
		}
		return nil
	})
	return chats, last, err
}

// lastPost returns the newest post of a chat that is older than before, in ms; ok is false if
// there is none.
func (db *DB) lastPost(ctx context.Context, id chat.ChatID, before int64) (d eventDoc, ok bool, err error) {
	cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: messageKind}, {Key: "n", Value: bson.D{{Key: "$gt", Value: 0}}}},
		options.Find().SetSort(bson.D{{Key: "n", Value: -1}}).SetProjection(key("seq", "at")))
	if err != nil {
		return d, false, err
	}
	defer closeCursor(ctx, cur)
	for cur.Next(ctx) {
		d = eventDoc{}
		if err := cur.Decode(&d); err != nil || d.At < before {
			return d, err == nil, err
		}
	}
	return eventDoc{}, false, cur.Err()
}

// SavePushed is [chat.Pushes].SavePushed.
func (db *DB) SavePushed(ctx context.Context, at int64) error {
	return db.write(ctx, "", "save up to when pushes were made", func(t *tx) error {
		_, err := t.db.meta.UpdateOne(t.ctx, pushMeta, bson.D{{Key: "$max", Value: bson.D{{Key: "at", Value: at}}}}, options.UpdateOne().SetUpsert(true))
		return err
	})
}

// MakePushes is [chat.Pushes].MakePushes.
func (db *DB) MakePushes(ctx context.Context, made []chat.ChatPushes) (queued []chat.QueuedPush, all bool, err error) {
	err = db.write(ctx, "", "queue pushes", func(t *tx) error {
		fresh, err := t.savePushed(made)
		if err != nil {
			return err
		}
		all = len(fresh) == len(made)
		queued, err = t.queuePushes(fresh)
		return err
	})
	return queued, all && err == nil, err
}

// savePushed saves which pushes were made, and returns those that were not made before.
func (t *tx) savePushed(made []chat.ChatPushes) (fresh []*chat.ChatPushes, err error) {
	ids := make([]chat.ChatID, len(made))
	for i := range made {
		ids[i] = made[i].ChatID
	}
	cur, err := t.db.pushed.Find(t.ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	list, err := all[pushedDoc](t.ctx, cur, err)
	if err != nil {
		return nil, err
	}
	before := make(map[chat.ChatID]chat.Seq, len(list))
	for _, p := range list {
		before[p.Chat] = p.Seq
	}
	var writes []mongo.WriteModel
	for i := range made {
		if m := &made[i]; before[m.ChatID] <= m.After {
			fresh = append(fresh, m)
			writes = append(writes, mongo.NewUpdateOneModel().SetUpsert(true).SetFilter(bson.D{{Key: "_id", Value: m.ChatID}}).SetUpdate(set(bson.E{Key: "seq", Value: m.Last})))
		}
	}
	if len(writes) > 0 {
		_, err = t.db.pushed.BulkWrite(t.ctx, writes)
	}
	return fresh, err
}

// queuePushes queues pushes for the sessions of their users, and returns them.
func (t *tx) queuePushes(made []*chat.ChatPushes) (queued []chat.QueuedPush, err error) {
	var users []chat.UserID
	for _, m := range made {
		for i := range m.Pushes {
			users = append(users, m.Pushes[i].User)
		}
	}
	if len(users) == 0 {
		return nil, nil // $in takes no nil
	}
	cur, err := t.db.subscriptions.Find(t.ctx, bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: users}}}})
	list, err := all[subscriptionDoc](t.ctx, cur, err)
	if err != nil {
		return nil, err
	}
	of := map[chat.UserID][]*subscriptionDoc{}
	for i := range list {
		of[list[i].User] = append(of[list[i].User], &list[i])
	}
	var writes []mongo.WriteModel
	for _, m := range made {
		for _, q := range m.Pushes {
			for _, s := range of[q.User] {
				q.Session, q.ChatID, q.Endpoint = s.Session, m.ChatID, s.Endpoint
				queued = append(queued, q)
				changed := bson.D{{Key: "seq", Value: q.Seq}}
				if q.Urgent {
					changed = append(changed, bson.E{Key: "urgent", Value: true})
				}
				writes = append(writes, mongo.NewUpdateOneModel().SetUpsert(true).SetFilter(pushID(q.Session, q.ChatID)).SetUpdate(bson.D{
					{Key: "$set", Value: changed},
					{Key: "$inc", Value: bson.D{{Key: "count", Value: q.Count}}},
					{Key: "$setOnInsert", Value: bson.D{{Key: "session", Value: q.Session}, {Key: "chat", Value: q.ChatID}, {Key: "user", Value: q.User},
						{Key: "at", Value: q.At}, {Key: "due", Value: q.Due}, {Key: "tries", Value: 0}}},
				}))
			}
		}
	}
	if len(writes) > 0 {
		_, err = t.db.pushes.BulkWrite(t.ctx, writes)
	}
	return queued, err
}

// QueuedPushes is [chat.Pushes].QueuedPushes.
func (db *DB) QueuedPushes(ctx context.Context, limit int) (list []chat.QueuedPush, err error) {
	err = db.read(ctx, "read queued pushes", func(ctx context.Context) error {
		list = nil
		cur, err := db.pushes.Find(ctx, bson.D{}, options.Find().SetSort(urgentFirst).SetLimit(int64(limit)))
		docs, err := all[pushDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		ids := make([]chat.SessionID, len(docs))
		for i := range docs {
			ids[i] = docs[i].Session
		}
		live, err := db.liveSessions(ctx, ids)
		if err != nil || len(ids) == 0 {
			return err
		}
		cur, err = db.subscriptions.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(key("endpoint")))
		subscriptions, err := all[subscriptionDoc](ctx, cur, err)
		endpoints := make(map[chat.SessionID]string, len(subscriptions))
		for i := range subscriptions {
			endpoints[subscriptions[i].Session] = subscriptions[i].Endpoint
		}
		for _, d := range docs {
			if to := endpoints[d.Session]; to != "" && live[d.Session] {
				list = append(list, chat.QueuedPush{Session: d.Session, User: d.User, ChatID: d.Chat, Seq: d.Seq, Count: d.Count, At: d.At, Due: d.Due, Tries: d.Tries, Urgent: d.Urgent, Endpoint: to})
			}
		}
		return err
	})
	return list, err
}

// EndPushes is [chat.Pushes].EndPushes.
func (db *DB) EndPushes(ctx context.Context, ended, again []chat.QueuedPush, states map[chat.SessionID]chat.PushState) error {
	var writes []mongo.WriteModel
	for _, q := range ended {
		writes = append(writes,
			mongo.NewDeleteOneModel().SetFilter(append(pushID(q.Session, q.ChatID), bson.E{Key: "seq", Value: bson.D{{Key: "$lte", Value: q.Seq}}})),
			// One that is left was replaced by a later message.
			mongo.NewUpdateOneModel().SetFilter(pushID(q.Session, q.ChatID)).SetUpdate(append(set(bson.E{Key: "tries", Value: 0}),
				bson.E{Key: "$inc", Value: bson.D{{Key: "count", Value: -q.Count}}})))
	}
	for _, q := range again {
		writes = append(writes, mongo.NewUpdateOneModel().SetFilter(pushID(q.Session, q.ChatID)).SetUpdate(append(set(bson.E{Key: "due", Value: q.Due}, bson.E{Key: "tries", Value: q.Tries}),
			bson.E{Key: "$unset", Value: key("urgent")})))
	}
	return db.write(ctx, "", "end pushes", func(t *tx) error {
		if len(writes) > 0 {
			if _, err := t.db.pushes.BulkWrite(t.ctx, writes); err != nil {
				return err
			}
		}
		for id, s := range states {
			if err := t.db.savePushState(t.ctx, id, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountPushes is [chat.Pushes].CountPushes.
func (db *DB) CountPushes(ctx context.Context) (n int, oldest int64, err error) {
	err = db.read(ctx, "count queued pushes", func(ctx context.Context) error {
		count, err := db.pushes.EstimatedDocumentCount(ctx)
		if err != nil {
			return err
		}
		var d pushDoc
		_, err = one(db.pushes.FindOne(ctx, bson.D{}, options.FindOne().SetSort(key("at"))), &d)
		n, oldest = int(count), d.At
		return err
	})
	return n, oldest, err
}
