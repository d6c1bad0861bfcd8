package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// subscriptionDoc is a document of subscriptions.
type subscriptionDoc struct {
	Session  chat.SessionID `bson:"_id"`
	User     chat.UserID    `bson:"user"`
	Endpoint string         `bson:"endpoint"`
	P256dh   string         `bson:"p256dh"`
	Auth     string         `bson:"auth"`
	At       int64          `bson:"at,omitempty"` // of the last push
	Result   string         `bson:"result,omitempty"`
	Reason   string         `bson:"reason,omitempty"`
}

func (d *subscriptionDoc) subscription() chat.Subscription {
	s := chat.Subscription{Session: d.Session, User: d.User, Endpoint: d.Endpoint, P256dh: d.P256dh, Auth: d.Auth}
	if d.At != 0 {
		s.Last = &chat.PushResult{At: d.At, Result: d.Result, Reason: d.Reason}
	}
	return s
}

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
}

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
		for {
			_, err := db.meta.UpdateOne(ctx, pushMeta, bson.D{{Key: "$setOnInsert", Value: bson.D{{Key: "key", Value: made}}}}, options.UpdateOne().SetUpsert(true))
			if isConflict(err) && backoff(ctx, 1) { // another replica made the document
				continue
			}
			if err != nil {
				return err
			}
			_, err = one(db.meta.FindOne(ctx, pushMeta), &d)
			return err
		}
	})
	return d.Key, err
}

// Subscribe is [chat.Pushes].Subscribe.
func (db *DB) Subscribe(ctx context.Context, s chat.Subscription) error {
	return db.write(ctx, "", "subscribe to pushes", func(t *tx) error {
		var l sessionDoc
		ok, err := one(t.db.sessions.FindOne(t.ctx, bson.D{{Key: "_id", Value: s.Session}, {Key: "user", Value: s.User}}), &l)
		if err != nil {
			return err
		}
		if live := l.session(); !ok || !live.Live(t.now) {
			return chat.SessionEnded()
		}
		// The transaction conflicts with one that ends the session.
		if _, err := t.db.sessions.UpdateByID(t.ctx, s.Session, set(bson.E{Key: "pushes", Value: t.now})); err != nil {
			return err
		}
		cur, err := t.db.subscriptions.Find(t.ctx, bson.D{{Key: "$or", Value: bson.A{bson.D{{Key: "_id", Value: s.Session}}, bson.D{{Key: "endpoint", Value: s.Endpoint}}}}})
		olds, err := all[subscriptionDoc](t.ctx, cur, err)
		if err != nil {
			return err
		}
		var ended []chat.SessionID
		for i := range olds {
			if olds[i].subscription().Same(s) {
				return nil
			}
			ended = append(ended, olds[i].Session)
		}
		if len(ended) > 0 {
			if err := endSubscriptions(t, ended); err != nil {
				return err
			}
		}
		_, err = t.db.subscriptions.InsertOne(t.ctx, subscriptionDoc{Session: s.Session, User: s.User, Endpoint: s.Endpoint, P256dh: s.P256dh, Auth: s.Auth})
		return err
	})
}

// endSubscriptions ends the subscriptions of sessions, and their queued pushes.
func endSubscriptions(t *tx, ids []chat.SessionID) error {
	in := bson.D{{Key: "$in", Value: ids}}
	if _, err := t.db.subscriptions.DeleteMany(t.ctx, bson.D{{Key: "_id", Value: in}}); err != nil {
		return err
	}
	_, err := t.db.pushes.DeleteMany(t.ctx, bson.D{{Key: "session", Value: in}})
	return err
}

// Unsubscribe is [chat.Pushes].Unsubscribe.
func (db *DB) Unsubscribe(ctx context.Context, id chat.SessionID, endpoint string) error {
	return db.write(ctx, "", "end a subscription", func(t *tx) error {
		which := bson.D{{Key: "_id", Value: id}}
		if endpoint != "" {
			which = append(which, bson.E{Key: "endpoint", Value: endpoint})
		}
		r, err := t.db.subscriptions.DeleteOne(t.ctx, which)
		if err != nil || r.DeletedCount == 0 {
			return err
		}
		return endSubscriptions(t, []chat.SessionID{id})
	})
}

// Subscription is [chat.Pushes].Subscription.
func (db *DB) Subscription(ctx context.Context, id chat.SessionID) (s chat.Subscription, ok bool, err error) {
	err = db.read(ctx, "read a subscription", func(ctx context.Context) error {
		var d subscriptionDoc
		if ok, err = one(db.subscriptions.FindOne(ctx, bson.D{{Key: "_id", Value: id}}), &d); err != nil || !ok {
			return err
		}
		live, err := db.liveSessions(ctx, []chat.SessionID{id})
		s, ok = d.subscription(), live[id]
		return err
	})
	if !ok {
		s = chat.Subscription{}
	}
	return s, ok, err
}

// liveSessions returns which of the sessions are live.
func (db *DB) liveSessions(ctx context.Context, ids []chat.SessionID) (map[chat.SessionID]bool, error) {
	if len(ids) == 0 {
		return nil, nil // $in takes no nil
	}
	now := db.now()
	cur, err := db.sessions.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	docs, err := all[sessionDoc](ctx, cur, err)
	live := make(map[chat.SessionID]bool, len(docs))
	for i := range docs {
		live[docs[i].ID] = docs[i].session().Live(now)
	}
	return live, err
}

// SavePushResult is [chat.Pushes].SavePushResult.
func (db *DB) SavePushResult(ctx context.Context, id chat.SessionID, r chat.PushResult) error {
	return db.read(ctx, "save the result of a push", func(ctx context.Context) error {
		_, err := db.subscriptions.UpdateByID(ctx, id, set(bson.E{Key: "at", Value: r.At}, bson.E{Key: "result", Value: r.Result}, bson.E{Key: "reason", Value: r.Reason}))
		return err
	})
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

func anyLive(subscriptions []subscriptionDoc, live map[chat.SessionID]bool) bool {
	for i := range subscriptions {
		if live[subscriptions[i].Session] {
			return true
		}
	}
	return false
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
			newest, ok, err := db.lastPost(ctx, id)
			if err != nil {
				return err
			}
			if !ok || newest.At < meta.At || newest.Seq <= seen[id] {
				continue
			}
			older, _, err := db.lastPost(ctx, id, bson.E{Key: "at", Value: bson.D{{Key: "$lt", Value: meta.At}}})
			if err != nil {
				return err
			}
			chats = append(chats, chat.PushedTo{ChatID: id, Seq: max(seen[id], older.Seq)})
		}
		return nil
	})
	return chats, last, err
}

// lastPost returns the newest post of a chat with the fields; ok is false if there is none.
func (db *DB) lastPost(ctx context.Context, id chat.ChatID, fields ...bson.E) (d eventDoc, ok bool, err error) {
	ok, err = one(db.events.FindOne(ctx, append(bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: messageKind}}, fields...),
		options.FindOne().SetSort(bson.D{{Key: "n", Value: -1}}).SetProjection(key("seq", "at"))), &d)
	return d, ok, err
}

// MakePushes is [chat.Pushes].MakePushes.
func (db *DB) MakePushes(ctx context.Context, p chat.PushProgress, pushes []chat.QueuedPush) error {
	return db.write(ctx, "", "queue pushes", func(t *tx) error {
		upsert := options.UpdateOne().SetUpsert(true)
		if p.At != 0 {
			if _, err := t.db.meta.UpdateOne(t.ctx, pushMeta, set(bson.E{Key: "at", Value: p.At}), upsert); err != nil {
				return err
			}
		}
		for _, c := range p.Chats {
			if _, err := t.db.pushed.UpdateByID(t.ctx, c.ChatID, bson.D{{Key: "$max", Value: bson.D{{Key: "seq", Value: c.Seq}}}}, upsert); err != nil {
				return err
			}
		}
		for _, q := range pushes {
			cur, err := t.db.subscriptions.Find(t.ctx, bson.D{{Key: "user", Value: q.User}})
			subscriptions, err := all[subscriptionDoc](t.ctx, cur, err)
			if err != nil {
				return err
			}
			for i := range subscriptions {
				s := subscriptions[i].Session
				if _, err := t.db.pushes.UpdateOne(t.ctx, pushID(s, q.ChatID), bson.D{
					{Key: "$set", Value: bson.D{{Key: "seq", Value: q.Seq}}},
					{Key: "$inc", Value: bson.D{{Key: "count", Value: q.Count}}},
					{Key: "$setOnInsert", Value: bson.D{{Key: "session", Value: s}, {Key: "chat", Value: q.ChatID}, {Key: "user", Value: q.User},
						{Key: "at", Value: q.At}, {Key: "due", Value: q.Due}, {Key: "tries", Value: 0}}},
				}, upsert); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// QueuedPushes is [chat.Pushes].QueuedPushes.
func (db *DB) QueuedPushes(ctx context.Context, limit int) (list []chat.QueuedPush, err error) {
	err = db.read(ctx, "read queued pushes", func(ctx context.Context) error {
		list = nil
		cur, err := db.pushes.Find(ctx, bson.D{}, options.Find().SetSort(key("due")).SetLimit(int64(limit)))
		docs, err := all[pushDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		ids := make([]chat.SessionID, len(docs))
		for i := range docs {
			ids[i] = docs[i].Session
		}
		live, err := db.liveSessions(ctx, ids)
		for _, d := range docs {
			if live[d.Session] {
				list = append(list, chat.QueuedPush{Session: d.Session, User: d.User, ChatID: d.Chat, Seq: d.Seq, Count: d.Count, At: d.At, Due: d.Due, Tries: d.Tries})
			}
		}
		return err
	})
	return list, err
}

// EndPushes is [chat.Pushes].EndPushes.
func (db *DB) EndPushes(ctx context.Context, ended, again []chat.QueuedPush) error {
	return db.write(ctx, "", "end pushes", func(t *tx) error {
		for _, q := range ended {
			id := pushID(q.Session, q.ChatID)
			r, err := t.db.pushes.DeleteOne(t.ctx, append(id, bson.E{Key: "seq", Value: bson.D{{Key: "$lte", Value: q.Seq}}}))
			if err == nil && r.DeletedCount == 0 {
				_, err = t.db.pushes.UpdateOne(t.ctx, id, bson.D{{Key: "$inc", Value: bson.D{{Key: "count", Value: -q.Count}}}, {Key: "$set", Value: bson.D{{Key: "tries", Value: 0}}}})
			}
			if err != nil {
				return err
			}
		}
		for _, q := range again {
			if _, err := t.db.pushes.UpdateOne(t.ctx, pushID(q.Session, q.ChatID), set(bson.E{Key: "due", Value: q.Due}, bson.E{Key: "tries", Value: q.Tries})); err != nil {
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
