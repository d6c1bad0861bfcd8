package mongo

import (
	"cmp"
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// PatchMine is [chat.Chats].PatchMine. A post that comes between the reading of the head
// and the update counts as later.
func (db *DB) PatchMine(ctx context.Context, id chat.ChatID, user chat.UserID, p chat.MinePatch) (mine chat.Mine, err error) {
	err = db.read(ctx, "change settings of a chat", func(ctx context.Context) error {
		head, _, err := db.last(ctx, id, db.chatQueues.reached(id))
		if err != nil {
			return err
		}
		which := bson.D{{Key: "chat", Value: id}, {Key: "user", Value: user}}
		var before eventDoc
		if p.UnreadFrom != nil {
			if err := p.CheckUnreadFrom(head.Seq); err != nil {
				if _, in, failed := db.membership(ctx, id, user); !in {
					err = cmp.Or(failed, chat.NoChat())
				}
				return err
			}
			if *p.UnreadFrom > 1 {
				if _, err := one(db.events.FindOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: *p.UnreadFrom - 1}},
					options.FindOne().SetProjection(key("n"))), &before); err != nil {
					return err
				}
			}
		}
		if update := mineUpdate(p, head, before.N); len(update) > 0 {
			if _, err := db.members.UpdateOne(ctx, which, update); err != nil {
				return err
			}
		}
		cur, err := db.members.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: which}}, db.ownPost()})
		places, err := all[memberPlace](ctx, cur, err)
		if err == nil && len(places) == 0 {
			err = chat.NoChat()
		}
		if err != nil {
			return err
		}
		mine = *places[0].mine(head.N)
		return nil
	})
	return mine, err
}

// mineUpdate returns the update of a member's document; n counts the posts before
// UnreadFrom.
func mineUpdate(p chat.MinePatch, head eventDoc, n chat.Seq) (update bson.D) {
	var set bson.D
	if p.Level != nil {
		set = append(set, bson.E{Key: "level", Value: *p.Level})
	}
	if p.MutedUntil != nil {
		set = append(set, bson.E{Key: "mutedUntil", Value: *p.MutedUntil})
	}
	if p.Starred != nil {
		set = append(set, bson.E{Key: "starred", Value: *p.Starred})
	}
	var unset bson.D
	switch {
	case p.Hidden == nil:
	case *p.Hidden:
		set = append(set, bson.E{Key: "hiddenAt", Value: head.N})
	default:
		unset = key("hiddenAt")
	}
	switch {
	case p.UnreadFrom == nil:
	case *p.UnreadFrom != 0:
		set = append(set, bson.E{Key: "unreadFrom", Value: *p.UnreadFrom}, bson.E{Key: "unreadN", Value: n}, bson.E{Key: "unreadAt", Value: head.Seq})
	default:
		unset = append(unset, key("unreadFrom", "unreadN", "unreadAt")...)
	}
	if set != nil {
		update = append(update, bson.E{Key: "$set", Value: set})
	}
	if unset != nil {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return update
}

// settingsDoc are a user's own settings.
type settingsDoc struct {
	Level     chat.Level `bson:"level"`
	QuietFrom string     `bson:"quietFrom"`
	QuietTo   string     `bson:"quietTo"`
	TimeZone  string     `bson:"timeZone"`
	PushText  bool       `bson:"pushText"`
}

// settings returns the user's own settings.
func (p *userDoc) settings() chat.Settings {
	if p.Settings == nil {
		return chat.DefaultSettings()
	}
	return chat.Settings(*p.Settings)
}

// Settings is [chat.People].Settings.
func (db *DB) Settings(ctx context.Context, id chat.UserID) (s chat.Settings, err error) {
	err = db.read(ctx, "read settings", func(ctx context.Context) error {
		var p userDoc
		ok, err := one(db.users.FindOne(ctx, bson.D{{Key: "_id", Value: id}}, options.FindOne().SetProjection(key("settings"))), &p)
		if err == nil && !ok {
			err = chat.NoUser(id)
		}
		s = p.settings()
		return err
	})
	return s, err
}

// PatchSettings is [chat.People].PatchSettings.
func (db *DB) PatchSettings(ctx context.Context, id chat.UserID, p chat.SettingsPatch) (s chat.Settings, err error) {
	err = db.write(ctx, "", "change settings", func(t *tx) error {
		var d userDoc
		ok, err := one(t.db.users.FindOne(t.ctx, bson.D{{Key: "_id", Value: id}}), &d)
		if err == nil && !ok {
			err = chat.NoUser(id)
		}
		if err != nil {
			return err
		}
		old := d.settings()
		if s, err = p.Of(old); err != nil || s == old {
			return err
		}
		_, err = t.db.users.UpdateByID(t.ctx, id, set(bson.E{Key: "settings", Value: settingsDoc(s)}))
		return err
	})
	return s, err
}
