package mongo

import (
	"cmp"
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

const (
	maxLastSeen = 1024 // last-seen updates that wait
)

// sessionDoc is a document of sessions.
type sessionDoc struct {
	ID        chat.SessionID `bson:"_id"`
	User      chat.UserID    `bson:"user"`
	Token     []byte         `bson:"token"` // SHA-256
	Label     string         `bson:"label"`
	Client    string         `bson:"client"`
	Address   string         `bson:"address"`
	CreatedAt int64          `bson:"createdAt"`
	SeenAt    int64          `bson:"seenAt"`
	ExpiresAt int64          `bson:"expiresAt,omitempty"` // older documents have none
}

func (l *sessionDoc) session() chat.Session {
	return chat.Session{ID: l.ID, UserID: l.User, Label: l.Label, Client: l.Client, Address: l.Address, CreatedAt: l.CreatedAt, SeenAt: l.SeenAt,
		ExpiresAt: cmp.Or(l.ExpiresAt, l.CreatedAt+chat.DefaultSessionLife)}
}

// lastSeenUpdate is the time at which a session was seen.
type lastSeenUpdate struct {
	id chat.SessionID
	at int64
}

// CreateSession signs a user in. A user who is deactivated at the same moment may keep a
// session; it is of no use, since Identify checks Active.
func (db *DB) CreateSession(ctx context.Context, user chat.UserID, n chat.NewSession) (s chat.Session, err error) {
	err = db.write(ctx, "", "sign in", func(t *tx) error {
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		if err := chat.CheckSignIn(u); err != nil {
			return err
		}
		s, err = insertSession(t, user, n)
		return err
	})
	if err != nil {
		return chat.Session{}, err
	}
	return s, nil
}

// insertSession also deletes the user's expired sessions, and ends what the new session
// replaces and the surplus. Two replicas may each leave one more than the bound, until the
// next sign-in.
func insertSession(t *tx, user chat.UserID, n chat.NewSession) (chat.Session, error) {
	s := n.Session(user, t.now)
	l := sessionDoc{ID: s.ID, User: user, Token: n.TokenHash[:], Label: s.Label, Client: s.Client, Address: s.Address, CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt}
	if _, err := t.db.sessions.InsertOne(t.ctx, l); err != nil {
		return s, err
	}
	if n.Replaces != "" {
		var old sessionDoc
		ok, err := one(t.db.sessions.FindOne(t.ctx, bson.D{{Key: "_id", Value: n.Replaces}}), &old)
		if err == nil && ok {
			if err = deleteSessions(t, []chat.SessionID{old.ID}); err == nil {
				err = t.publish(chat.Revocation{UserID: old.User, Sessions: []chat.SessionID{old.ID}})
			}
		}
		if err != nil {
			return s, err
		}
	}
	cur, err := t.db.sessions.Find(t.ctx, bson.D{{Key: "user", Value: user}})
	docs, err := all[sessionDoc](t.ctx, cur, err)
	if err != nil {
		return s, err
	}
	var expired []chat.SessionID
	var live []chat.Session
	for i := range docs {
		if o := docs[i].session(); o.Live(t.now) {
			live = append(live, o)
		} else {
			expired = append(expired, o.ID)
		}
	}
	surplus := chat.SurplusSessions(live, s.ID)
	if err := deleteSessions(t, append(expired, surplus...)); err != nil || len(surplus) == 0 {
		return s, err
	}
	return s, t.publish(chat.Revocation{UserID: user, Sessions: surplus})
}

func deleteSessions(t *tx, ids []chat.SessionID) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := t.db.sessions.DeleteMany(t.ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}); err != nil {
		return err
	}
	return endSubscriptions(t, ids)
}

// Identify returns the holder of a token.
func (db *DB) Identify(ctx context.Context, tokenHash [32]byte) (u chat.User, s chat.Session, err error) {
	now := db.now()
	err = db.read(ctx, "identify a session", func(ctx context.Context) error {
		var l sessionDoc
		var p userDoc
		ok, err := one(db.sessions.FindOne(ctx, bson.D{{Key: "token", Value: tokenHash[:]}}), &l)
		if err == nil && ok {
			_, err = one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: l.User}}), &p)
		}
		u, s = p.user(), l.session()
		return err
	})
	if err == nil {
		err = chat.CheckSession(u, s, now)
	}
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	if s.SeenOutdated(now) {
		select {
		case db.lastSeen <- lastSeenUpdate{s.ID, now}:
		default: // dropped: the next call updates it
		}
	}
	return u, s, nil
}

// updateLastSeen is the goroutine that saves when sessions were seen.
func (db *DB) updateLastSeen() {
	for {
		select {
		case x := <-db.lastSeen:
			bounded, enough := context.WithTimeout(db.ctx, db.attemptTimeout)
			_, err := db.sessions.UpdateByID(bounded, x.id, bson.D{{Key: "$max", Value: bson.D{{Key: "seenAt", Value: x.at}}}})
			enough()
			if err != nil {
				db.log.Warn("updating a session's seenAt failed", "err", err)
			}
		case <-db.stop:
			return
		}
	}
}

// SessionsOf returns the live sessions of a user, newest first.
func (db *DB) SessionsOf(ctx context.Context, user chat.UserID) (list []chat.Session, err error) {
	err = db.read(ctx, "read sessions", func(ctx context.Context) error {
		now := db.now()
		cur, err := db.sessions.Find(ctx, bson.D{{Key: "user", Value: user}, {Key: "seenAt", Value: bson.D{{Key: "$gt", Value: chat.SessionsSeen(now)}}}})
		found, err := all[sessionDoc](ctx, cur, err)
		list = nil
		for i := range found {
			if s := found[i].session(); s.Live(now) {
				list = append(list, s)
			}
		}
		slices.SortFunc(list, func(a, b chat.Session) int { return cmp.Compare(b.ID, a.ID) })
		return err
	})
	return list, err
}

// EndSession ends one session of the user.
func (db *DB) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	return db.write(ctx, "", "end a session", func(t *tx) error {
		r, err := t.db.sessions.DeleteOne(t.ctx, bson.D{{Key: "_id", Value: id}, {Key: "user", Value: user}})
		if err != nil {
			return err
		}
		if r.DeletedCount == 0 {
			return chat.NoSession()
		}
		if err := endSubscriptions(t, []chat.SessionID{id}); err != nil {
			return err
		}
		return t.publish(chat.Revocation{UserID: user, Sessions: []chat.SessionID{id}})
	})
}

// EndOthers ends all sessions of the user but keep.
func (db *DB) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	return db.write(ctx, "", "end sessions", func(t *tx) error { return endSessions(t, user, keep) })
}

// endSessions ends all sessions of the user but keep, and publishes their revocation.
func endSessions(t *tx, user chat.UserID, keep chat.SessionID) error {
	cur, err := t.db.sessions.Find(t.ctx, bson.D{{Key: "user", Value: user}}, options.Find().SetProjection(key("_id")))
	found, err := all[sessionDoc](t.ctx, cur, err)
	var ended []chat.SessionID
	for i := range found {
		if found[i].ID != keep {
			ended = append(ended, found[i].ID)
		}
	}
	if err != nil || len(ended) == 0 {
		return err
	}
	if err := deleteSessions(t, ended); err != nil {
		return err
	}
	return t.publish(chat.Revocation{UserID: user, Sessions: ended})
}

// Ended returns those of the ids that are no longer live.
func (db *DB) Ended(ctx context.Context, ids []chat.SessionID) (ended []chat.SessionID, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = db.read(ctx, "read ended sessions", func(ctx context.Context) error {
		cur, err := db.sessions.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(key("seenAt", "createdAt", "expiresAt")))
		found, err := all[sessionDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		live, now := make(map[chat.SessionID]bool, len(found)), db.now()
		for i := range found {
			live[found[i].ID] = found[i].session().Live(now)
		}
		ended = chat.EndedSessions(ids, live)
		return nil
	})
	return ended, err
}
