package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
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
	Shown    chat.Shown     `bson:"shown,omitempty"`
	Showing  bool           `bson:"showing,omitempty"` // there is something in Shown
}

func (d *subscriptionDoc) subscription() chat.Subscription {
	s := chat.Subscription{Session: d.Session, User: d.User, Endpoint: d.Endpoint, P256dh: d.P256dh, Auth: d.Auth, Shown: d.Shown}
	if d.At != 0 {
		s.Last = &chat.PushResult{At: d.At, Result: d.Result, Reason: d.Reason}
	}
	return s
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

// ShowingSubscriptions is [chat.Pushes].ShowingSubscriptions.
func (db *DB) ShowingSubscriptions(ctx context.Context, limit int) (list []chat.Subscription, err error) {
	err = db.read(ctx, "read subscriptions of devices that show notifications", func(ctx context.Context) error {
		list = nil
		cur, err := db.subscriptions.Find(ctx, bson.D{{Key: "showing", Value: true}}, options.Find().SetLimit(int64(limit)))
		docs, err := all[subscriptionDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		ids := make([]chat.SessionID, len(docs))
		for i := range docs {
			ids[i] = docs[i].Session
		}
		live, err := db.liveSessions(ctx, ids)
		for i := range docs {
			if live[docs[i].Session] {
				list = append(list, docs[i].subscription())
			}
		}
		return err
	})
	return list, err
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

// AnySubscription is [chat.Pushes].AnySubscription.
func (db *DB) AnySubscription(ctx context.Context) (any bool, err error) {
	err = db.read(ctx, "look for a subscription", func(ctx context.Context) (err error) {
		var d subscriptionDoc
		any, err = one(db.subscriptions.FindOne(ctx, bson.D{}, options.FindOne().SetSort(key("_id")).SetProjection(key("_id"))), &d)
		return err
	})
	return any, err
}

func anyLive(subscriptions []subscriptionDoc, live map[chat.SessionID]bool) bool {
	for i := range subscriptions {
		if live[subscriptions[i].Session] {
			return true
		}
	}
	return false
}

// SavePushResult is [chat.Pushes].SavePushResult.
func (db *DB) SavePushResult(ctx context.Context, id chat.SessionID, r chat.PushResult) error {
	return db.read(ctx, "save the result of a push", func(ctx context.Context) error {
		return db.savePushState(ctx, id, chat.PushState{Last: &r})
	})
}

func (db *DB) savePushState(ctx context.Context, id chat.SessionID, s chat.PushState) error {
	var fields []bson.E
	if r := s.Last; r != nil {
		fields = append(fields, bson.E{Key: "at", Value: r.At}, bson.E{Key: "result", Value: r.Result}, bson.E{Key: "reason", Value: r.Reason})
	}
	if s.Shown != nil {
		fields = append(fields, bson.E{Key: "shown", Value: s.Shown}, bson.E{Key: "showing", Value: len(s.Shown) > 0})
	}
	_, err := db.subscriptions.UpdateByID(ctx, id, set(fields...))
	return err
}
