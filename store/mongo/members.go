package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// membership returns a user's document in a chat, if they are a member.
func (db *DB) membership(ctx context.Context, id chat.ChatID, user chat.UserID) (m memberDoc, ok bool, err error) {
	ok, err = one(db.members.FindOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "user", Value: user}}), &m)
	return m, ok, err
}

// memberPlace is a member and their own last post, which counts as read.
type memberPlace struct {
	Member memberDoc  `bson:",inline"`
	Own    []eventDoc `bson:"own"`
}

// read returns the number up to which the member has read, and the count of posts there.
func (p *memberPlace) read() (seq, n chat.Seq) {
	if len(p.Own) > 0 && p.Own[0].Seq > p.Member.Read {
		return p.Own[0].Seq, p.Own[0].N
	}
	return p.Member.Read, p.Member.N
}

// mine returns the member's own settings in a chat with n posts.
func (p *memberPlace) mine(n chat.Seq) *chat.Mine {
	m := &p.Member
	mine := chat.Mine{Level: m.Level, MutedUntil: m.MutedUntil, Starred: m.Starred, Hidden: m.HiddenAt != nil && *m.HiddenAt == n, UnreadFrom: m.UnreadFrom}
	if len(p.Own) > 0 && p.Own[0].Seq > m.UnreadAt {
		mine.UnreadFrom = 0
	}
	return mine.OrDefaults()
}

// ownPost is the stage that adds a member's own last post, as own.
func (db *DB) ownPost() bson.D {
	return bson.D{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.events.Name()}, {Key: "as", Value: "own"},
		{Key: "let", Value: bson.D{{Key: "chat", Value: "$chat"}}}, {Key: "localField", Value: "user"}, {Key: "foreignField", Value: "by"},
		{Key: "pipeline", Value: mongo.Pipeline{
			{{Key: "$match", Value: bson.D{{Key: "kind", Value: messageKind}, {Key: "$expr", Value: bson.D{{Key: "$eq", Value: bson.A{"$chat", "$$chat"}}}}}}},
			{{Key: "$sort", Value: bson.D{{Key: "seq", Value: -1}}}}, {{Key: "$limit", Value: 1}}, {{Key: "$project", Value: key("seq", "n")}},
		}}}}}
}

// endUnread ends that messages are unread again from a number on, and reports whether they
// still were.
func (db *DB) endUnread(id chat.ChatID, user chat.UserID, from chat.Seq) (ended bool, err error) {
	err = db.transact(func(t *tx) error {
		m, ok, err := t.db.membership(t.ctx, id, user)
		if ended = ok && m.UnreadFrom == from; err != nil || !ended {
			return err
		}
		_, err = t.db.members.UpdateOne(t.ctx, bson.D{{Key: "chat", Value: id}, {Key: "user", Value: user}},
			bson.D{{Key: "$unset", Value: key("unreadFrom", "unreadN", "unreadAt")}})
		return err
	})
	return ended, err
}

// Members returns members in ascending order of user id. The viewer's membership is checked after the
// list was read.
func (db *DB) Members(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) (list []chat.Member, err error) {
	err = db.read(ctx, "read members", func(ctx context.Context) error {
		cur, err := db.members.Aggregate(ctx, mongo.Pipeline{
			{{Key: "$match", Value: bson.D{{Key: "chat", Value: id}, {Key: "user", Value: bson.D{{Key: "$gt", Value: after}}}}}},
			{{Key: "$sort", Value: key("chat", "user")}}, {{Key: "$limit", Value: limit}}, db.ownPost(),
		})
		places, err := all[memberPlace](ctx, cur, err)
		if err != nil {
			return err
		}
		list = nil
		for _, p := range places {
			seq, _ := p.read()
			list = append(list, chat.Member{UserID: p.Member.User, Role: p.Member.Role, ReadUpTo: seq})
		}
		_, ok, err := db.membership(ctx, id, viewer)
		if err == nil && !ok {
			err = chat.NoChat()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// MarkRead moves a read pointer. Most calls move nothing: they end after reads.
func (db *DB) MarkRead(ctx context.Context, id chat.ChatID, user chat.UserID, seq chat.Seq) (at chat.Seq, moved bool, err error) {
	err = db.read(ctx, "move a read pointer", func(ctx context.Context) error {
		for {
			at, moved = 0, false
			cur, err := db.members.Aggregate(ctx, mongo.Pipeline{
				{{Key: "$match", Value: bson.D{{Key: "chat", Value: id}, {Key: "user", Value: user}}}}, db.ownPost(),
			})
			places, err := all[memberPlace](ctx, cur, err)
			if err == nil && len(places) == 0 {
				err = chat.NoChat()
			}
			if err != nil {
				return err
			}
			at, _ = places[0].read()
			from := places[0].mine(0).UnreadFrom
			if ends := from != 0 && from <= seq; seq <= at {
				if !ends {
					return nil
				}
				moved, err = db.endUnread(id, user, from)
				if err != nil || moved {
					return err
				}
				continue // another device was faster, or the member was removed
			}
			// The number asked for, or the head if that is above it.
			var to eventDoc
			ok, err := one(db.events.FindOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: clampSeq(seq)}}, options.FindOne().SetProjection(key("seq", "n"))), &to)
			if err == nil && !ok {
				to, _, err = db.last(ctx, id, at)
			}
			if err != nil || to.Seq <= at {
				return err
			}
			if from != 0 && from <= to.Seq {
				if _, err := db.endUnread(id, user, from); err != nil {
					return err
				}
			}
			r, err := db.members.UpdateOne(ctx, bson.D{{Key: "chat", Value: id}, {Key: "user", Value: user}},
				bson.D{{Key: "$max", Value: bson.D{{Key: "read", Value: to.Seq}, {Key: "n", Value: to.N}}}}) // both rise together
			if err != nil {
				return err
			}
			if r.ModifiedCount == 1 {
				at, moved = to.Seq, true
				return nil
			}
			// Another device was faster, or the member was removed: read again.
		}
	})
	return at, moved, err
}
