package mongo

import (
	"context"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// blockDoc is a document of blocks.
type blockDoc struct {
	User    chat.UserID `bson:"user"`
	Blocked chat.UserID `bson:"blocked"`
}

// Block is [chat.Blocks].Block.
func (db *DB) Block(ctx context.Context, by, user chat.UserID) error {
	defer db.blocksChanged.Add(1)
	return db.write(ctx, "", "block a user", func(t *tx) error {
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		cur, err := t.db.blocks.Find(t.ctx, bson.D{{Key: "user", Value: by}}, options.Find().SetProjection(key("blocked")))
		list, err := all[blockDoc](t.ctx, cur, err)
		if err != nil {
			return err
		}
		blocked := len(list)
		for _, b := range list {
			if b.Blocked == user {
				blocked--
			}
		}
		if err := chat.CheckBlock(by, u, blocked); err != nil || blocked < len(list) {
			return err
		}
		_, err = t.db.blocks.InsertOne(t.ctx, blockDoc{by, user})
		return err
	})
}

// Unblock is [chat.Blocks].Unblock.
func (db *DB) Unblock(ctx context.Context, by, user chat.UserID) error {
	defer db.blocksChanged.Add(1)
	return db.write(ctx, "", "unblock a user", func(t *tx) error {
		_, err := t.db.blocks.DeleteOne(t.ctx, bson.D{{Key: "user", Value: by}, {Key: "blocked", Value: user}})
		return err
	})
}

// Blocks is [chat.Blocks].Blocks.
func (db *DB) Blocks(ctx context.Context, by chat.UserID) (users []chat.UserID, err error) {
	err = db.read(ctx, "read blocks", func(ctx context.Context) error {
		cur, err := db.blocks.Find(ctx, bson.D{{Key: "user", Value: by}}, options.Find().SetProjection(key("blocked")))
		list, err := all[blockDoc](ctx, cur, err)
		users = nil
		for _, b := range list {
			users = append(users, b.Blocked)
		}
		return err
	})
	return users, err
}

func (v view) Blocked(user chat.UserID, by []chat.UserID) bool {
	if len(by) == 0 {
		return false // $in takes no nil
	}
	var b blockDoc
	ok, err := one(v.t.db.blocks.FindOne(v.t.ctx, bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: by}}}, {Key: "blocked", Value: user}}), &b)
	v.t.note(err)
	return ok
}

// spoken says when nobody had blocked the other in a direct chat, so that not every post
// reads that. Another replica's block takes effect after spokenFor.
type spoken struct {
	at      int64  // ms
	changes uint64 // DB.blocksChanged before that
}

const spokenFor = 1000 // ms

func (v view) Silenced() bool {
	if v.s.kind == "" && !v.there() {
		return false
	}
	now := spoken{at: v.t.now, changes: v.t.db.blocksChanged.Load()}
	if last := v.s.spoken; v.s.kind != chat.Direct || last.changes == now.changes && last.at > now.at-spokenFor && last.at <= now.at {
		return false
	}
	if !v.there() {
		return false
	}
	a, b, _ := strings.Cut(v.s.chat.Pair, " ")
	if v.Blocked(chat.UserID(a), []chat.UserID{chat.UserID(b)}) || v.Blocked(chat.UserID(b), []chat.UserID{chat.UserID(a)}) {
		return true
	}
	v.s.spoken = now
	return false
}
