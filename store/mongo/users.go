package mongo

import (
	"context"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// userDoc is a document of users.
type userDoc struct {
	ID        chat.UserID  `bson:"_id"`
	Handle    string       `bson:"handle"`
	Name      string       `bson:"name"`
	Status    string       `bson:"status"`
	Role      chat.Role    `bson:"role"`
	Active    bool         `bson:"active"`
	Password  string       `bson:"password"`
	CreatedAt int64        `bson:"createdAt"`
	Settings  *settingsDoc `bson:"settings,omitempty"` // nil: not changed
	Picture   chat.FileID  `bson:"picture,omitempty"`
	Words     int          `bson:"words"` // the version of the user's words: wordsVersion
}

func (p *userDoc) user() chat.User {
	return chat.User{ID: p.ID, Handle: p.Handle, Name: p.Name, Status: p.Status, Role: p.Role, Active: p.Active, Picture: p.Picture}
}

// CreateAccount is one transaction.
func (db *DB) CreateAccount(ctx context.Context, n chat.NewAccount) (chat.User, chat.Session, error) {
	u, first := n.User(), chat.NewID[chat.ChatID]()
	var joins chat.ChatID // the chat of the invite, if it has one
	if n.HasInvite {
		var err error
		if joins, err = db.invitedTo(ctx, n.Invite); err != nil {
			return chat.User{}, chat.Session{}, err
		}
	}
	var s chat.Session
	err := db.write(ctx, joins, "make the account", func(t *tx) (err error) {
		if joins != "" { // first, so that a busy chat's next number is not gone meanwhile
			if _, err := t.append(chat.JoinedBy(u.ID, joins)); err != nil {
				return err
			}
		}
		v, err := t.accountView(n)
		if err != nil {
			return err
		}
		if err := n.CheckNew(v); err != nil {
			return err
		}
		if n.Setup != "" {
			if err := spendSetup(t, n.ServerName); err != nil {
				return err
			}
		}
		if n.HasInvite {
			if err := spendInvite(t, v.Invite.ID); err != nil {
				return err
			}
		}
		if err := insertUser(t, u, n.PasswordHash); err != nil {
			return err
		}
		if s, err = insertSession(t, u.ID, n.Session); err != nil {
			return err
		}
		if n.Setup != "" {
			return insertChat(t, first, chat.FirstChat(u.ID))
		}
		return nil
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// accountView reads what a request for an account is judged by.
func (t *tx) accountView(n chat.NewAccount) (v chat.AccountView, err error) {
	v.Now = t.now
	if n.Setup != "" {
		var a serverDoc
		if _, err := one(t.db.meta.FindOne(t.ctx, serverID), &a); err != nil {
			return v, err
		}
		v.Setup = a.Setup
	}
	if n.HasInvite {
		if v.Invite, err = t.db.inviteView(t.ctx, n.Invite); err != nil {
			return v, err
		}
	}
	var other userDoc
	v.HandleTaken, err = one(t.db.users.FindOne(t.ctx, bson.D{{Key: "handle", Value: n.Handle}}), &other)
	return v, err
}

// spendSetup deletes the setup code and names the server.
func spendSetup(t *tx, server string) error {
	_, err := t.db.meta.UpdateOne(t.ctx, serverID, set(bson.E{Key: "setup", Value: ""}, named(server)))
	return err
}

func insertUser(t *tx, u chat.User, password string) error {
	_, err := t.db.users.InsertOne(t.ctx, userDoc{ID: u.ID, Handle: u.Handle, Name: u.Name, Status: u.Status, Role: u.Role, Active: u.Active, Password: password, CreatedAt: t.now, Words: wordsVersion})
	if err != nil {
		return err
	}
	return insertWords(t, u)
}

// Credentials is [chat.People].Credentials.
func (db *DB) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	var p userDoc
	err := db.read(ctx, "read credentials", func(ctx context.Context) error {
		ok, err := one(db.users.FindOne(ctx, bson.D{{Key: "handle", Value: handle}}), &p)
		if err == nil && !ok {
			err = chat.NoHandle(handle)
		}
		return err
	})
	if err != nil {
		return chat.User{}, "", err
	}
	return p.user(), p.Password, nil
}

// Users returns those of the ids that exist.
func (db *DB) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	return usersIn(ctx, db, "_id", ids)
}

// UsersByHandle returns those of the handles that exist.
func (db *DB) UsersByHandle(ctx context.Context, handles []string) ([]chat.User, error) {
	return usersIn(ctx, db, "handle", handles)
}

func usersIn[T ~string](ctx context.Context, db *DB, field string, values []T) (users []chat.User, err error) {
	// BSON has no other strings, and no user has such an id or handle.
	values = slices.DeleteFunc(slices.Clone(values), func(v T) bool { return !utf8.ValidString(string(v)) })
	if len(values) == 0 {
		return nil, nil
	}
	err = db.read(ctx, "read users", func(ctx context.Context) (err error) {
		users, err = findUsers(ctx, db, field, values)
		return err
	})
	return users, err
}

// findUsers returns the users of which a field has one of the values, which are UTF-8.
func findUsers[T ~string](ctx context.Context, db *DB, field string, values []T) (users []chat.User, err error) {
	cur, err := db.users.Find(ctx, bson.D{{Key: field, Value: bson.D{{Key: "$in", Value: values}}}}, options.Find().SetProjection(bson.D{{Key: "password", Value: 0}}))
	found, err := all[userDoc](ctx, cur, err)
	for i := range found {
		users = append(users, found[i].user())
	}
	return users, err
}

// PatchUser changes a user, and ends sessions in the same commit.
func (db *DB) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	err = db.write(ctx, "", "change a user", func(t *tx) error {
		old, ok, err := t.user(id)
		if err != nil {
			return err
		}
		if !ok {
			return chat.NoUser(id)
		}
		u = p.Of(old)
		if err := chat.CheckAdmins(old, u, func() (bool, error) { return otherAdmins(t, id) }); err != nil {
			return err
		}
		if u != old {
			_, err := t.db.users.UpdateByID(t.ctx, id, set(bson.E{Key: "name", Value: u.Name}, bson.E{Key: "status", Value: u.Status},
				bson.E{Key: "role", Value: u.Role}, bson.E{Key: "active", Value: u.Active}, bson.E{Key: "picture", Value: u.Picture}))
			if err != nil {
				return err
			}
		}
		if u.Picture != old.Picture {
			if err := t.changePicture(old.Picture, u.Picture, id); err != nil {
				return err
			}
		}
		if u.Active != old.Active {
			if err := t.succeedAll(id, p.Actor(id)); err != nil {
				return err
			}
		}
		if u.Name != old.Name {
			if err := replaceWords(t, u); err != nil {
				return err
			}
		}
		if p.EndsRecovery(u) {
			if err := endRecovery(t, id); err != nil {
				return err
			}
		}
		if p.PasswordHash != nil {
			if err := setPassword(t, id, *p.PasswordHash); err != nil {
				return err
			}
		}
		if ends, keep := p.Ends(u); ends {
			return endSessions(t, id, keep)
		}
		return nil
	})
	if err != nil {
		return chat.User{}, err
	}
	return u, nil
}

func set(fields ...bson.E) bson.D { return bson.D{{Key: "$set", Value: bson.D(fields)}} }

// user returns a user, the zero User if there is none.
func (t *tx) user(id chat.UserID) (u chat.User, ok bool, err error) {
	var p userDoc
	ok, err = one(t.db.users.FindOne(t.ctx, bson.D{{Key: "_id", Value: id}}), &p)
	return p.user(), ok, err
}

// otherAdmins reports whether a user besides id is an active admin of the server. Two
// admins who go at the same time would each find the other in their snapshot: so both
// write one document, and one of the transactions is judged again.
func otherAdmins(t *tx, id chat.UserID) (bool, error) {
	if _, err := t.db.meta.UpdateOne(t.ctx, serverID, bson.D{{Key: "$inc", Value: bson.D{{Key: "adminsGone", Value: 1}}}}); err != nil {
		return false, err
	}
	cur, err := t.db.users.Find(t.ctx, bson.D{{Key: "role", Value: chat.RoleAdmin}, {Key: "active", Value: true}},
		options.Find().SetLimit(2).SetProjection(key("_id")))
	admins, err := all[userDoc](t.ctx, cur, err)
	return slices.ContainsFunc(admins, func(a userDoc) bool { return a.ID != id }), err
}

// RenewHash is [chat.People].RenewHash.
func (db *DB) RenewHash(ctx context.Context, id chat.UserID, old, renewed string) error {
	return db.write(ctx, "", "renew a hash", func(t *tx) error {
		_, err := t.db.users.UpdateOne(t.ctx, bson.D{{Key: "_id", Value: id}, {Key: "password", Value: old}}, set(bson.E{Key: "password", Value: renewed}))
		return err
	})
}

// endRecovery deletes the user's recovery code.
func endRecovery(t *tx, id chat.UserID) error {
	_, err := t.db.recoveries.DeleteOne(t.ctx, bson.D{{Key: "_id", Value: id}})
	return err
}

func setPassword(t *tx, id chat.UserID, hash string) error {
	_, err := t.db.users.UpdateByID(t.ctx, id, set(bson.E{Key: "password", Value: hash}))
	return err
}
