package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// invite is a document of invites.
type invite struct {
	ID        chat.InviteID `bson:"_id"`
	Code      []byte        `bson:"code"` // SHA-256
	By        chat.UserID   `bson:"by"`
	Chat      chat.ChatID   `bson:"chat,omitempty"` // empty: the server alone
	Uses      int           `bson:"uses"`           // left
	CreatedAt int64         `bson:"createdAt"`
	ExpiresAt int64         `bson:"expiresAt"`
}

func (i *invite) invite() chat.Invite {
	return chat.Invite{ID: i.ID, By: i.By, ChatID: i.Chat, Uses: i.Uses, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

// recovery is a document of recoveries, one a user.
type recovery struct {
	User      chat.UserID `bson:"_id"`
	Code      []byte      `bson:"code"` // SHA-256
	ExpiresAt int64       `bson:"expiresAt"`
}

// CreateInvite keeps an invite under the hash of its code.
func (db *DB) CreateInvite(ctx context.Context, i chat.Invite, codeHash [32]byte) (chat.Invite, error) {
	i.ID = chat.NewID[chat.InviteID]()
	err := db.write(ctx, "", "make the invite", func(t *tx) error {
		i.CreatedAt = t.now
		if i.ChatID != "" {
			if _, err := t.db.membership(t.ctx, i.ChatID, i.By); err != nil {
				return err
			}
			var g group
			if ok, err := one(t.db.chats.FindOne(t.ctx, bson.D{{Key: "_id", Value: i.ChatID}}), &g); err != nil || !ok || g.Kind != chat.Group {
				if err == nil {
					err = chat.NoChat()
				}
				return err
			}
		}
		_, err := t.db.invites.InsertOne(t.ctx, invite{ID: i.ID, Code: codeHash[:], By: i.By, Chat: i.ChatID, Uses: i.Uses, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt})
		return err
	})
	if err != nil {
		return chat.Invite{}, err
	}
	return i, nil
}

// Invites gives the invites by a user, or all, newest first.
func (db *DB) Invites(ctx context.Context, by chat.UserID) (list []chat.Invite, err error) {
	filter, sort := bson.D{}, bson.D{{Key: "_id", Value: -1}}
	if by != "" {
		filter, sort = bson.D{{Key: "by", Value: by}}, bson.D{{Key: "by", Value: -1}, {Key: "_id", Value: -1}}
	}
	err = db.read(ctx, "read invites", func(ctx context.Context) error {
		cur, err := db.invites.Find(ctx, filter, options.Find().SetSort(sort))
		found, err := all[invite](ctx, cur, err)
		list = nil
		for i := range found {
			list = append(list, found[i].invite())
		}
		return err
	})
	return list, err
}

// EndInvite ends one invite.
func (db *DB) EndInvite(ctx context.Context, by chat.UserID, id chat.InviteID) error {
	filter := bson.D{{Key: "_id", Value: id}}
	if by != "" {
		filter = append(filter, bson.E{Key: "by", Value: by})
	}
	return db.write(ctx, "", "end the invite", func(t *tx) error {
		r, err := t.db.invites.DeleteOne(t.ctx, filter)
		if err == nil && r.DeletedCount == 0 {
			err = chat.FailField(chat.NotFound, "inviteId", "there is no such invite")
		}
		return err
	})
}

// standing gives the invite of a code if its maker still stands behind it: they
// are active, and a member of the chat it leads to. Otherwise somebody who was
// put out could come back by a code of their own. In a transaction that joins,
// the maker's own left would need the same number of the log, so the membership
// holds; whoever is disabled in that moment had asked somebody in just before.
func (db *DB) standing(ctx context.Context, codeHash [32]byte) (i invite, ok bool, err error) {
	var p person
	if ok, err = one(db.invites.FindOne(ctx, bson.D{{Key: "code", Value: codeHash[:]}}), &i); err != nil || !ok {
		return i, false, err
	}
	if ok, err = one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: i.By}}), &p); err != nil || !ok || !p.Active {
		return i, false, err
	}
	if i.Chat == "" {
		return i, true, nil
	}
	_, err = db.membership(ctx, i.Chat, i.By)
	if chat.Is(err, chat.NotFound) {
		return i, false, nil
	}
	return i, err == nil, err
}

// PeekInvite gives the invite of a code and spends nothing.
func (db *DB) PeekInvite(ctx context.Context, codeHash [32]byte) (chat.Invite, error) {
	var i invite
	err := db.read(ctx, "read an invite", func(ctx context.Context) (err error) {
		var ok bool
		if i, ok, err = db.standing(ctx, codeHash); err == nil && !ok {
			err = chat.FailField(chat.NotFound, "code", "there is no such invite")
		}
		return err
	})
	if err != nil {
		return chat.Invite{}, err
	}
	return i.invite(), nil
}

// invite gives the invite of a code, if there is one, to know its chat.
func (db *DB) invite(ctx context.Context, codeHash [32]byte) (i invite, err error) {
	err = db.read(ctx, "read an invite", func(ctx context.Context) error {
		_, err := one(db.invites.FindOne(ctx, bson.D{{Key: "code", Value: codeHash[:]}}), &i)
		return err
	})
	return i, err
}

// openInvite gives the invite of a code if it can be used now.
func openInvite(t *tx, codeHash [32]byte) (invite, error) {
	i, ok, err := t.db.standing(t.ctx, codeHash)
	if out := i.invite(); err == nil && (!ok || !out.Open(t.now)) {
		err = chat.Fail(chat.InviteSpent, "the invite is used up, expired or withdrawn")
	}
	return i, err
}

// join appends that a user joined by themselves.
func (t *tx) join(id chat.ChatID, user chat.UserID) error {
	_, err := t.append(chat.Event{Kind: chat.Joined, ChatID: id, By: user, Users: []chat.UserID{user}, Role: chat.RoleMember})
	return err
}

func spendInvite(t *tx, id chat.InviteID) error {
	_, err := t.db.invites.UpdateByID(t.ctx, id, bson.D{{Key: "$inc", Value: bson.D{{Key: "uses", Value: -1}}}})
	return err
}

// AcceptInvite joins somebody who has an account. Who is in already is let in
// again also when the invite is spent since: the retry of a lost answer.
func (db *DB) AcceptInvite(ctx context.Context, codeHash [32]byte, user chat.UserID, rule chat.Rule) (chat.ChatID, error) {
	known, err := db.invite(ctx, codeHash)
	if err != nil {
		return "", err
	}
	err = db.write(ctx, known.Chat, "accept the invite", func(t *tx) error {
		if known.Chat != "" {
			if _, err := t.db.membership(t.ctx, known.Chat, user); !chat.Is(err, chat.NotFound) {
				return err
			}
		}
		// Before the join: whoever was put out must not stand behind their own invite.
		i, err := openInvite(t, codeHash)
		if err != nil {
			return err
		}
		if i.Chat == "" {
			return chat.FailField(chat.BadInput, "code", "the invite leads to no chat, it is for making an account")
		}
		s, err := t.state(i.Chat)
		if err != nil {
			return err
		}
		if err := t.ask(rule, s, &chat.Event{Kind: chat.Joined, ChatID: i.Chat, By: user, Users: []chat.UserID{user}}); err != nil {
			return err
		}
		if err := t.join(i.Chat, user); err != nil {
			return err
		}
		u, err := userIn(t, user)
		if chat.Is(err, chat.NotFound) || err == nil && !u.Active {
			return chat.SessionEnded()
		}
		if err != nil {
			return err
		}
		return spendInvite(t, i.ID)
	})
	if err != nil {
		return "", err
	}
	return known.Chat, nil
}

// CreateRecovery keeps the hash of a code, one a user.
func (db *DB) CreateRecovery(ctx context.Context, user chat.UserID, codeHash [32]byte, expiresAt int64) error {
	return db.write(ctx, "", "keep the code", func(t *tx) error {
		if _, err := userIn(t, user); err != nil {
			return err
		}
		_, err := t.db.recoveries.ReplaceOne(t.ctx, bson.D{{Key: "_id", Value: user}}, recovery{User: user, Code: codeHash[:], ExpiresAt: expiresAt}, options.Replace().SetUpsert(true))
		return err
	})
}

// recovering returns the user of a code that can be used at now.
func (db *DB) recovering(ctx context.Context, codeHash [32]byte, now int64) (chat.User, error) {
	var r recovery
	var p person
	ok, err := one(db.recoveries.FindOne(ctx, bson.D{{Key: "code", Value: codeHash[:]}}), &r)
	if err == nil && ok {
		ok, err = one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: r.User}}), &p)
	}
	if err == nil && (!ok || r.ExpiresAt <= now || !p.Active) {
		err = chat.Fail(chat.InviteSpent, "the recovery link was used or has expired")
	}
	return p.user(), err
}

// PeekRecovery returns the user of a code and spends nothing.
func (db *DB) PeekRecovery(ctx context.Context, codeHash [32]byte) (id chat.UserID, err error) {
	err = db.read(ctx, "read a recovery code", func(ctx context.Context) error {
		u, err := db.recovering(ctx, codeHash, chat.Now())
		id = u.ID
		return err
	})
	return id, err
}

// UseRecovery spends the code: setPassword deletes it.
func (db *DB) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (u chat.User, s chat.Session, err error) {
	err = db.write(ctx, "", "set the password", func(t *tx) error {
		var err error
		if u, err = t.db.recovering(t.ctx, codeHash, t.now); err != nil {
			return err
		}
		if err := setPassword(t, u.ID, passwordHash); err != nil {
			return err
		}
		if err := endSessions(t, u.ID, ""); err != nil {
			return err
		}
		s, err = insertSession(t, u.ID, n)
		return err
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}
