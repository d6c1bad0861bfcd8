package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// maxBranches bounds the branches of one $or.
const maxBranches = 200

// countUnread subtracts the deleted messages from Unread, and fills Mentions, of the chats
// in which something may be unread; posts has the count of posts of each. It counts up to
// the head that was read: by the deleted events, since a message does not say when it was
// deleted. The event comes after its target, so its n is in the range of what is unread.
func (db *DB) countUnread(ctx context.Context, user chat.UserID, chats []chat.Chat, posts map[chat.ChatID]chat.Seq) error {
	at := map[chat.ChatID]*chat.Chat{}
	var branches bson.A
	for i := range chats {
		if c := &chats[i]; c.Unread > 0 {
			at[c.ID] = c
			branches = append(branches,
				bson.D{{Key: "mentions", Value: user}, {Key: "chat", Value: c.ID}, {Key: "seq", Value: bson.D{{Key: "$gt", Value: c.ReadTo()}, {Key: "$lte", Value: c.Head}}}},
				bson.D{{Key: "chat", Value: c.ID}, {Key: "mentionsAll", Value: chat.MentionAll}, {Key: "seq", Value: bson.D{{Key: "$gt", Value: c.ReadTo()}, {Key: "$lte", Value: c.Head}}}},
				bson.D{{Key: "chat", Value: c.ID}, {Key: "kind", Value: chat.Deleted}, between("n", posts[c.ID]-chat.Seq(c.Unread)+1, posts[c.ID])})
		}
	}
	// All branches of a chat in one query: it counts a message that two of them find once.
	for some := range slices.Chunk(branches, maxBranches/3*3) {
		cur, err := db.events.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "$or", Value: some}}}},
			{{Key: "$group", Value: bson.D{{Key: "_id", Value: bson.D{{Key: "chat", Value: "$chat"}, {Key: "kind", Value: "$kind"}, {Key: "target", Value: "$target"}}},
				{Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}}, {Key: "seq", Value: bson.D{{Key: "$max", Value: "$seq"}}}}}}})
		counts, err := all[struct {
			Of  eventDoc `bson:"_id"` // its chat, kind and target
			N   int      `bson:"n"`
			Seq chat.Seq `bson:"seq"`
		}](ctx, cur, err)
		if err != nil {
			return err
		}
		for _, n := range counts {
			switch c := at[n.Of.Chat]; {
			case n.Of.Kind != chat.Deleted:
				c.Mentions += n.N
			case n.Of.Target > c.ReadTo() && n.Seq <= c.Head:
				c.Unread--
			}
		}
	}
	return nil
}

// Unread is [chat.Chats].Unread.
func (db *DB) Unread(ctx context.Context, user chat.UserID) (unread map[chat.ChatID]int, err error) {
	err = db.read(ctx, "count unread messages", func(ctx context.Context) error {
		cur, err := db.members.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "user", Value: user}}}}, db.newest("chat"), db.ownPost()})
		list, err := all[joinedChat](ctx, cur, err)
		if err != nil {
			return err
		}
		var chats []chat.Chat
		posts := map[chat.ChatID]chat.Seq{}
		for i := range list {
			s := &list[i]
			c := chat.Chat{ID: s.Place.Member.Chat, Head: s.Head[0].Seq}
			if s.setRead(&c); c.Unread > 0 {
				chats, posts[c.ID] = append(chats, c), s.Head[0].N
			}
		}
		if err := db.countUnread(ctx, user, chats, posts); err != nil {
			return err
		}
		unread = map[chat.ChatID]int{}
		for _, c := range chats {
			if c.Unread > 0 {
				unread[c.ID] = c.Unread
			}
		}
		return nil
	})
	return unread, err
}

// fillLast fills Last, the post whose own number is the count of posts.
func (db *DB) fillLast(ctx context.Context, viewer chat.UserID, chats []chat.Chat, posts map[chat.ChatID]chat.Seq) error {
	at := map[chat.ChatID]*chat.Chat{}
	var branches bson.A
	for i := range chats {
		if c := &chats[i]; posts[c.ID] > 0 {
			at[c.ID] = c
			branches = append(branches, postNumber(c.ID, posts[c.ID]))
		}
	}
	for some := range slices.Chunk(branches, maxBranches) {
		cur, err := db.events.Find(ctx, bson.D{{Key: "$or", Value: some}})
		list, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		for i := range list {
			d := &list[i]
			about, err := db.referenced(ctx, d.Chat, list[i:i+1])
			if err != nil {
				return err
			}
			m := d.message(viewer, chat.MaxReactBy, about)
			at[d.Chat].Last = &m
		}
	}
	return nil
}

// fillLastAt fills LastAt of the chats whose head is not a post.
func (db *DB) fillLastAt(ctx context.Context, chats []chat.Chat, posts map[chat.ChatID]chat.Seq) error {
	at := map[chat.ChatID]*chat.Chat{}
	var branches bson.A
	for i := range chats {
		if c := &chats[i]; c.LastAt == 0 && posts[c.ID] > 0 {
			at[c.ID] = c
			branches = append(branches, postNumber(c.ID, posts[c.ID]))
		}
	}
	for some := range slices.Chunk(branches, maxBranches) {
		cur, err := db.events.Find(ctx, bson.D{{Key: "$or", Value: some}}, options.Find().SetProjection(key("chat", "at")))
		list, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		for _, d := range list {
			at[d.Chat].LastAt = d.At
		}
	}
	return nil
}

// postNumber returns the filter of the nth post of a chat.
func postNumber(id chat.ChatID, n chat.Seq) bson.D {
	return bson.D{{Key: "chat", Value: id}, {Key: "kind", Value: messageKind}, {Key: "n", Value: n}}
}
