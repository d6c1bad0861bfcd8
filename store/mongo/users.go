package mongo

import (
	"context"
	"crypto/subtle"
	"slices"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// person is a document of users.
type person struct {
	ID        chat.UserID `bson:"_id"`
	Handle    string      `bson:"handle"`
	Name      string      `bson:"name"`
	Status    string      `bson:"status"`
	Role      chat.Role   `bson:"role"`
	Active    bool        `bson:"active"`
	Password  string      `bson:"password"`
	CreatedAt int64       `bson:"createdAt"`
}

func (p *person) user() chat.User {
	return chat.User{ID: p.ID, Handle: p.Handle, Name: p.Name, Status: p.Status, Role: p.Role, Active: p.Active}
}

// word is a document of user_words: one of the words by which a user is found
// (chat.SearchWords).
type word struct {
	Word string      `bson:"word"`
	User chat.UserID `bson:"user"`
}

// CreateAccount is one transaction: what opens the door is judged before the
// handle and spent with it.
func (db *DB) CreateAccount(ctx context.Context, n chat.NewAccount) (chat.User, chat.Session, error) {
	u := chat.User{ID: chat.NewID[chat.UserID](), Handle: n.Handle, Name: n.Name, Role: chat.RoleMember, Active: true}
	first := chat.NewID[chat.ChatID]()
	var lane chat.ChatID // whose log is extended, if there is one already
	if n.Setup != "" {
		u.Role = chat.RoleAdmin
	}
	if n.HasInvite {
		i, err := db.invite(ctx, n.Invite)
		if err != nil {
			return chat.User{}, chat.Session{}, err
		}
		lane = i.Chat
	}
	var s chat.Session
	err := db.write(ctx, lane, "make the account", func(t *tx) (err error) {
		if lane != "" { // first, so that a busy chat's next number is not gone meanwhile
			if err := t.join(lane, u.ID); err != nil {
				return err
			}
		}
		if n.Setup != "" {
			if err := spendSetup(t, n.Setup, n.ServerName); err != nil {
				return err
			}
		}
		if n.HasInvite {
			i, err := openInvite(t, n.Invite)
			if err != nil {
				return err
			}
			if err := spendInvite(t, i.ID); err != nil {
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
			// The empty clientId can never be a client's.
			return insertChat(t, first, chat.NewChat{Kind: chat.Group, Open: true, Title: chat.FirstChatTitle, By: u.ID}, "")
		}
		return nil
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// spendSetup lets the first owner in, once, and names the server.
func spendSetup(t *tx, code, server string) error {
	var a about
	if _, err := one(t.db.meta.FindOne(t.ctx, aboutServer), &a); err != nil {
		return err
	}
	if a.Setup == "" || subtle.ConstantTimeCompare([]byte(a.Setup), []byte(code)) != 1 {
		return chat.FailField(chat.Forbidden, "setup", "the setup code is wrong or was used")
	}
	_, err := t.db.meta.UpdateOne(t.ctx, aboutServer, set(bson.E{Key: "setup", Value: ""}, named(server)))
	return err
}

func insertUser(t *tx, u chat.User, password string) error {
	var taken person
	ok, err := one(t.db.users.FindOne(t.ctx, bson.D{{Key: "handle", Value: u.Handle}}), &taken)
	if err == nil && ok {
		err = chat.FailField(chat.HandleTaken, "handle", "somebody else has the handle %s", u.Handle)
	}
	if err != nil {
		return err
	}
	_, err = t.db.users.InsertOne(t.ctx, person{ID: u.ID, Handle: u.Handle, Name: u.Name, Status: u.Status, Role: u.Role, Active: u.Active, Password: password, CreatedAt: t.now})
	if err != nil {
		return err
	}
	return insertWords(t, u)
}

func insertWords(t *tx, u chat.User) error {
	var words []word
	for _, w := range chat.SearchWords(u) {
		words = append(words, word{w, u.ID})
	}
	_, err := t.db.words.InsertMany(t.ctx, words)
	return err
}

// Credentials gives what is needed to judge a password.
func (db *DB) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	var p person
	err := db.read(ctx, "read credentials", func(ctx context.Context) error {
		ok, err := one(db.users.FindOne(ctx, bson.D{{Key: "handle", Value: handle}}), &p)
		if err == nil && !ok {
			err = chat.FailField(chat.NotFound, "handle", "nobody has the handle %s", handle)
		}
		return err
	})
	if err != nil {
		return chat.User{}, "", err
	}
	return p.user(), p.Password, nil
}

// Users gives those of the ids that exist.
func (db *DB) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	return usersIn(ctx, db, "_id", ids)
}

// UsersByHandle gives those of the handles that exist.
func (db *DB) UsersByHandle(ctx context.Context, handles []string) ([]chat.User, error) {
	return usersIn(ctx, db, "handle", handles)
}

func usersIn[T ~string](ctx context.Context, db *DB, field string, values []T) (users []chat.User, err error) {
	// BSON holds no other strings, and nobody is called so.
	values = slices.DeleteFunc(slices.Clone(values), func(v T) bool { return !utf8.ValidString(string(v)) })
	if len(values) == 0 {
		return nil, nil
	}
	err = db.read(ctx, "read users", func(ctx context.Context) error {
		cur, err := db.users.Find(ctx, bson.D{{Key: field, Value: bson.D{{Key: "$in", Value: values}}}}, options.Find().SetProjection(bson.D{{Key: "password", Value: 0}}))
		found, err := all[person](ctx, cur, err)
		users = nil
		for i := range found {
			users = append(users, found[i].user())
		}
		return err
	})
	return users, err
}

// PatchUser changes a user; the sessions that this ends go in the same commit.
func (db *DB) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	err = db.write(ctx, "", "change a user", func(t *tx) error {
		old, err := userIn(t, id)
		if err != nil {
			return err
		}
		u = p.Of(old)
		if old.Owner() && !u.Owner() {
			if err := otherOwner(t, id); err != nil {
				return err
			}
		}
		if u != old {
			_, err := t.db.users.UpdateByID(t.ctx, id, set(bson.E{Key: "name", Value: u.Name}, bson.E{Key: "status", Value: u.Status},
				bson.E{Key: "role", Value: u.Role}, bson.E{Key: "active", Value: u.Active}))
			if err != nil {
				return err
			}
		}
		if u.Name != old.Name {
			gone := bson.D{{Key: "word", Value: bson.D{{Key: "$in", Value: chat.SearchWords(old)}}}, {Key: "user", Value: id}}
			if _, err := t.db.words.DeleteMany(t.ctx, gone); err != nil {
				return err
			}
			if err := insertWords(t, u); err != nil {
				return err
			}
		}
		if p.PasswordHash != nil {
			if err := setPassword(t, id, *p.PasswordHash); err != nil {
				return err
			}
		}
		switch {
		case !u.Active:
			return endSessions(t, id, "")
		case p.PasswordHash != nil:
			return endSessions(t, id, p.Keep)
		}
		return nil
	})
	if err != nil {
		return chat.User{}, err
	}
	return u, nil
}

func set(fields ...bson.E) bson.D { return bson.D{{Key: "$set", Value: bson.D(fields)}} }

func userIn(t *tx, id chat.UserID) (chat.User, error) {
	var p person
	ok, err := one(t.db.users.FindOne(t.ctx, bson.D{{Key: "_id", Value: id}}), &p)
	if err == nil && !ok {
		err = chat.FailField(chat.NotFound, "userId", "there is no user %s", id)
	}
	return p.user(), err
}

// otherOwner refuses to let the last active admin go. Two who go at once would
// each see the other in their snapshot: both write one document, so that one of
// them is judged again.
func otherOwner(t *tx, id chat.UserID) error {
	if _, err := t.db.meta.UpdateOne(t.ctx, aboutServer, bson.D{{Key: "$inc", Value: bson.D{{Key: "adminsGone", Value: 1}}}}); err != nil {
		return err
	}
	cur, err := t.db.users.Find(t.ctx, bson.D{{Key: "role", Value: chat.RoleAdmin}, {Key: "active", Value: true}},
		options.Find().SetLimit(2).SetProjection(key("_id")))
	admins, err := all[person](t.ctx, cur, err)
	if err != nil {
		return err
	}
	for i := range admins {
		if admins[i].ID != id {
			return nil
		}
	}
	return chat.Fail(chat.LastOwner, "make somebody else an admin of the server first")
}

// setPassword also spends a recovery code that is still out, so that an old
// link cannot undo a new password.
func setPassword(t *tx, id chat.UserID, hash string) error {
	if _, err := t.db.recoveries.DeleteOne(t.ctx, bson.D{{Key: "_id", Value: id}}); err != nil {
		return err
	}
	_, err := t.db.users.UpdateByID(t.ctx, id, set(bson.E{Key: "password", Value: hash}))
	return err
}
