package mongo

import (
	"cmp"
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// inviteDoc is a document of invites.
type inviteDoc struct {
	ID        chat.InviteID `bson:"_id"`
	Code      []byte        `bson:"code"` // SHA-256
	By        chat.UserID   `bson:"by"`
	Chat      chat.ChatID   `bson:"chat,omitempty"` // empty: the server alone
	Uses      int           `bson:"uses"`           // left
	CreatedAt int64         `bson:"createdAt"`
	ExpiresAt int64         `bson:"expiresAt"`
}

func (i *inviteDoc) invite() chat.Invite {
	return chat.Invite{ID: i.ID, By: i.By, ChatID: i.Chat, Uses: i.Uses, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt}
}

// recoveryDoc is a document of recoveries, one a user.
type recoveryDoc struct {
	User      chat.UserID `bson:"_id"`
	By        chat.UserID `bson:"by,omitempty"`
	Code      []byte      `bson:"code"` // SHA-256
	ExpiresAt int64       `bson:"expiresAt"`
}

// recoveryUseDoc is a document of recovery_uses.
type recoveryUseDoc struct {
	User    chat.UserID `bson:"user"`
	At      int64       `bson:"at"`
	By      chat.UserID `bson:"by,omitempty"`
	Client  string      `bson:"client"`
	Address string      `bson:"address"`
}

// CreateInvite saves an invite with the hash of its code.
func (db *DB) CreateInvite(ctx context.Context, i chat.Invite, codeHash [32]byte) (chat.Invite, error) {
	i.ID = chat.NewID[chat.InviteID]()
	err := db.write(ctx, "", "make the invite", func(t *tx) error {
		i.CreatedAt = t.now
		var g chatDoc
		var member bool
		if i.ChatID != "" {
			var err error
			if _, member, err = t.db.membership(t.ctx, i.ChatID, i.By); err != nil {
				return err
			}
			if _, err := one(t.db.chats.FindOne(t.ctx, bson.D{{Key: "_id", Value: i.ChatID}}), &g); err != nil {
				return err
			}
		}
		if err := i.CheckNew(g.Kind, member); err != nil {
			return err
		}
		_, err := t.db.invites.InsertOne(t.ctx, inviteDoc{ID: i.ID, Code: codeHash[:], By: i.By, Chat: i.ChatID, Uses: i.Uses, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt})
		return err
	})
	if err != nil {
		return chat.Invite{}, err
	}
	return i, nil
}

// Invites returns the invites by a user, or all, newest first.
func (db *DB) Invites(ctx context.Context, by chat.UserID) (list []chat.Invite, err error) {
	filter, sort := bson.D{}, bson.D{{Key: "_id", Value: -1}}
	if by != "" {
		filter, sort = bson.D{{Key: "by", Value: by}}, bson.D{{Key: "by", Value: -1}, {Key: "_id", Value: -1}}
	}
	err = db.read(ctx, "read invites", func(ctx context.Context) error {
		cur, err := db.invites.Find(ctx, filter, options.Find().SetSort(sort))
		found, err := all[inviteDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		deleted, err := db.deletedAmong(ctx, found)
		list = nil
		for i := range found {
			if !deleted[found[i].Chat] {
				list = append(list, found[i].invite())
			}
		}
		return err
	})
	return list, err
}

// deletedAmong returns which chats of the invites were deleted.
func (db *DB) deletedAmong(ctx context.Context, invites []inviteDoc) (map[chat.ChatID]bool, error) {
	ids := []chat.ChatID{} // $in takes no nil
	for i := range invites {
		if id := invites[i].Chat; id != "" {
			ids = append(ids, id)
		}
	}
	cur, err := db.chats.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}, {Key: "deleted", Value: true}},
		options.Find().SetProjection(key("_id")))
	chats, err := all[chatDoc](ctx, cur, err)
	deleted := map[chat.ChatID]bool{}
	for i := range chats {
		deleted[chats[i].ID] = true
	}
	return deleted, err
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
			err = chat.NoInvite("inviteId")
		}
		return err
	})
}

// inviteView reads the invite of a code and what decides whether it is valid. In a
// transaction that joins, the membership of the maker holds until the commit: their
// left event would need the same number of the log. A maker who is deactivated at the
// same moment may still have invited.
func (db *DB) inviteView(ctx context.Context, codeHash [32]byte) (v chat.InviteView, err error) {
	i, err := db.findInvite(ctx, codeHash)
	if err != nil || i.ID == "" {
		return v, err
	}
	v.Invite = i.invite()
	var p userDoc
	if _, err = one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: i.By}}), &p); err != nil {
		return v, err
	}
	v.MakerActive = p.Active
	if i.Chat != "" {
		_, v.MakerIn, err = db.membership(ctx, i.Chat, i.By)
	}
	return v, err
}

// findInvite returns the invite of a code, the zero value if there is none.
func (db *DB) findInvite(ctx context.Context, codeHash [32]byte) (i inviteDoc, err error) {
	_, err = one(db.invites.FindOne(ctx, bson.D{{Key: "code", Value: codeHash[:]}}), &i)
	return i, err
}

// PeekInvite returns the invite of a code and spends nothing.
func (db *DB) PeekInvite(ctx context.Context, codeHash [32]byte) (chat.Invite, error) {
	var v chat.InviteView
	err := db.read(ctx, "read an invite", func(ctx context.Context) (err error) {
		v, err = db.inviteView(ctx, codeHash)
		return err
	})
	if err != nil {
		return chat.Invite{}, err
	}
	if err := v.CheckPeek(); err != nil {
		return chat.Invite{}, err
	}
	return v.Invite, nil
}

// invitedTo returns the chat that the invite of a code leads to, if there is one.
func (db *DB) invitedTo(ctx context.Context, codeHash [32]byte) (id chat.ChatID, err error) {
	err = db.read(ctx, "read an invite", func(ctx context.Context) error {
		i, err := db.findInvite(ctx, codeHash)
		id = i.Chat
		return err
	})
	return id, err
}

func spendInvite(t *tx, id chat.InviteID) error {
	_, err := t.db.invites.UpdateByID(t.ctx, id, bson.D{{Key: "$inc", Value: bson.D{{Key: "uses", Value: -1}}}})
	return err
}

// AcceptInvite joins a user to the invite's chat.
func (db *DB) AcceptInvite(ctx context.Context, codeHash [32]byte, user chat.UserID, rule chat.Rule) (chat.ChatID, error) {
	to, err := db.invitedTo(ctx, codeHash)
	if err != nil {
		return "", err
	}
	err = db.write(ctx, to, "accept the invite", func(t *tx) error {
		if to != "" {
			if _, member, err := t.db.membership(t.ctx, to, user); err != nil || member {
				return err
			}
		}
		// Read before the join, which would make a removed maker valid by their own invite.
		v, err := t.db.inviteView(t.ctx, codeHash)
		if err != nil {
			return err
		}
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		if err := v.CheckAccept(u, t.now); err != nil {
			return err
		}
		joined := chat.JoinedBy(user, to)
		s, err := t.state(to)
		if err != nil {
			return err
		}
		if err := t.checkRule(rule, s, &joined); err != nil {
			return err
		}
		if _, err := t.append(joined); err != nil {
			return err
		}
		return spendInvite(t, v.ID)
	})
	if err != nil {
		return "", err
	}
	return to, nil
}

// CreateRecovery saves the hash of a code, one for each user.
func (db *DB) CreateRecovery(ctx context.Context, r chat.Recovery, codeHash [32]byte) error {
	return db.write(ctx, "", "keep the code", func(t *tx) error {
		if _, ok, err := t.user(r.User); err != nil || !ok {
			return cmp.Or(err, chat.NoUser(r.User))
		}
		_, err := t.db.recoveries.ReplaceOne(t.ctx, bson.D{{Key: "_id", Value: r.User}}, recoveryDoc{User: r.User, By: r.By, Code: codeHash[:], ExpiresAt: r.ExpiresAt}, options.Replace().SetUpsert(true))
		return err
	})
}

// recovering returns the view of a code, judged at now.
func (db *DB) recovering(ctx context.Context, codeHash [32]byte, now int64) (chat.RecoveryView, error) {
	var r recoveryDoc
	var p userDoc
	ok, err := one(db.recoveries.FindOne(ctx, bson.D{{Key: "code", Value: codeHash[:]}}), &r)
	if err == nil && ok {
		_, err = one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: r.User}}), &p)
	}
	if err != nil {
		return chat.RecoveryView{}, err
	}
	v := chat.RecoveryView{User: p.user(), By: r.By, ExpiresAt: r.ExpiresAt}
	return v, v.CheckUse(now)
}

// PeekRecovery returns the user of a code and spends nothing.
func (db *DB) PeekRecovery(ctx context.Context, codeHash [32]byte) (id chat.UserID, err error) {
	err = db.read(ctx, "read a recovery code", func(ctx context.Context) error {
		v, err := db.recovering(ctx, codeHash, db.now())
		id = v.User.ID
		return err
	})
	return id, err
}

// UseRecovery is [chat.Invites].UseRecovery.
func (db *DB) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (u chat.User, s chat.Session, err error) {
	err = db.write(ctx, "", "set the password", func(t *tx) error {
		v, err := t.db.recovering(t.ctx, codeHash, t.now)
		if err != nil {
			return err
		}
		u = v.User
		if err := endRecovery(t, u.ID); err != nil {
			return err
		}
		if err := setPassword(t, u.ID, passwordHash); err != nil {
			return err
		}
		if err := endSessions(t, u.ID, ""); err != nil {
			return err
		}
		if s, err = insertSession(t, u.ID, n); err != nil {
			return err
		}
		return insertRecoveryUse(t, u.ID, v.Use(s))
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// insertRecoveryUse also deletes the user's oldest uses.
func insertRecoveryUse(t *tx, user chat.UserID, use chat.RecoveryUse) error {
	if _, err := t.db.recoveryUses.InsertOne(t.ctx, recoveryUseDoc{User: user, At: use.At, By: use.By, Client: use.Client, Address: use.Address}); err != nil {
		return err
	}
	uses, err := t.db.recoveryUsesOf(t.ctx, user)
	if err != nil || len(uses) <= chat.MaxRecoveryUses {
		return err
	}
	old := bson.D{{Key: "user", Value: user}, {Key: "at", Value: bson.D{{Key: "$lt", Value: uses[chat.MaxRecoveryUses-1].At}}}}
	_, err = t.db.recoveryUses.DeleteMany(t.ctx, old)
	return err
}

// recoveryUsesOf returns the uses of a user's recovery codes, newest first.
func (db *DB) recoveryUsesOf(ctx context.Context, user chat.UserID) ([]recoveryUseDoc, error) {
	cur, err := db.recoveryUses.Find(ctx, bson.D{{Key: "user", Value: user}}, options.Find().SetSort(bson.D{{Key: "user", Value: -1}, {Key: "at", Value: -1}}))
	return all[recoveryUseDoc](ctx, cur, err)
}

// RecoveryUses is [chat.Invites].RecoveryUses.
func (db *DB) RecoveryUses(ctx context.Context, user chat.UserID) (list []chat.RecoveryUse, err error) {
	err = db.read(ctx, "read recoveries", func(ctx context.Context) error {
		uses, err := db.recoveryUsesOf(ctx, user)
		list = nil
		for _, u := range uses {
			list = append(list, chat.RecoveryUse{At: u.At, By: u.By, Client: u.Client, Address: u.Address})
		}
		return err
	})
	return list, err
}
