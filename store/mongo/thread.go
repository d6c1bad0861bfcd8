package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// Thread is [chat.Log].Thread.
func (db *DB) Thread(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq, after chat.Seq, limit int) (p chat.Page, err error) {
	if err := chat.CheckLimit(int64(limit), chat.MaxPage); err != nil {
		return p, err
	}
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return p, err
	}
	err = db.read(ctx, "read a thread", func(ctx context.Context) error {
		d, ok, err := db.post(ctx, id, seq)
		if err != nil {
			return err
		}
		if !ok || seq > top.Seq {
			return chat.NoMessage("seq", seq)
		}
		root, err := db.rootOf(ctx, &d)
		if err != nil {
			return err
		}
		var docs []eventDoc
		if after < root {
			first, _, err := db.post(ctx, id, root)
			if err != nil {
				return err
			}
			docs = append(docs, first)
		}
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "root", Value: root}, isReply, between("seq", min(after, top.Seq)+1, top.Seq)},
			options.Find().SetSort(key("seq")).SetLimit(int64(limit+1-len(docs))).SetHint(key(threadIndex...)))
		replies, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		docs = append(docs, replies...)
		p = chat.Page{Head: top.Seq, MoreAfter: len(docs) > limit}
		p.Messages, err = db.messages(ctx, viewer, docs[:min(len(docs), limit)])
		return err
	})
	return p, err
}

// threadIndex begins with the root, so that replies without one are a range of it: unfilled.
var threadIndex = []string{"root", "chat", "seq"}

// rootOf returns the number of the first message of a post's thread. That of a reply
// which an older Parley wrote is found by the replies, until fillOldPosts has stored it.
func (db *DB) rootOf(ctx context.Context, d *eventDoc) (chat.Seq, error) {
	at := *d
	for at.Root == 0 && at.ReplyTo != 0 {
		above, ok, err := db.post(ctx, at.Chat, at.ReplyTo)
		if err != nil || !ok {
			return at.ReplyTo, err
		}
		at = above
	}
	if at.Root != 0 {
		return at.Root, nil
	}
	return at.Seq, nil
}

// messages returns posts of any chats as the viewer sees them, in the same order.
func (db *DB) messages(ctx context.Context, viewer chat.UserID, docs []eventDoc) ([]chat.Message, error) {
	about := map[chat.ChatID]map[chat.Seq]eventDoc{}
	list := make([]chat.Message, len(docs))
	for i := range docs {
		id := docs[i].Chat
		if _, known := about[id]; !known {
			of := slices.DeleteFunc(slices.Clone(docs), func(d eventDoc) bool { return d.Chat != id })
			var err error
			if about[id], err = db.referenced(ctx, id, of); err != nil {
				return nil, err
			}
		}
		list[i] = docs[i].message(viewer, chat.MaxReactBy, about[id])
	}
	return list, nil
}

// Pins is [chat.Log].Pins.
func (db *DB) Pins(ctx context.Context, viewer chat.UserID, id chat.ChatID) (pins []chat.Message, err error) {
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return nil, err
	}
	err = db.read(ctx, "read the pinned messages", func(ctx context.Context) error {
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, between("pinned", 1, top.Seq)}, options.Find().SetSort(bson.D{{Key: "pinned", Value: -1}}))
		docs, err := all[eventDoc](ctx, cur, err)
		if err == nil {
			pins, err = db.messages(ctx, viewer, docs)
		}
		return err
	})
	return pins, err
}

func (v view) Pins() int {
	n, err := v.t.db.events.CountDocuments(v.t.ctx, bson.D{{Key: "chat", Value: v.s.id}, between("pinned", 1, v.s.head)})
	v.t.note(err)
	return int(n)
}

// MentionsOf is [chat.Log].MentionsOf. The memberships are read before the messages, to
// choose among them, and again after them: who is a member then may read them.
func (db *DB) MentionsOf(ctx context.Context, user chat.UserID, below chat.MentionPlace, limit int) (list []chat.Message, err error) {
	if err := chat.CheckLimit(int64(limit), chat.MaxPage+1); err != nil {
		return nil, err
	}
	err = db.read(ctx, "read mentions", func(ctx context.Context) error {
		list = nil
		ids, err := db.chatIDs(ctx, user)
		if err != nil || len(ids) == 0 {
			return err
		}
		which := bson.D{{Key: "inbox", Value: user}}
		if below != (chat.MentionPlace{}) {
			which = append(which, bson.E{Key: "at", Value: bson.D{{Key: "$lte", Value: below.At}}})
		}
		cur, err := db.events.Find(ctx, which, options.Find().SetSort(bson.D{{Key: "at", Value: -1}, {Key: "chat", Value: -1}, {Key: "seq", Value: -1}}))
		if err != nil {
			return err
		}
		defer closeCursor(ctx, cur)
		var docs []eventDoc
		for len(docs) < limit && cur.Next(ctx) {
			var d eventDoc
			if err := cur.Decode(&d); err != nil {
				return err
			}
			if slices.Contains(ids, d.Chat) && (below == (chat.MentionPlace{}) || d.isBelow(below)) {
				docs = append(docs, d)
			}
		}
		if err := cur.Err(); err != nil {
			return err
		}
		if list, err = db.messages(ctx, user, docs); err != nil {
			return err
		}
		if ids, err = db.chatIDs(ctx, user); err != nil {
			return err
		}
		list = slices.DeleteFunc(list, func(m chat.Message) bool { return !slices.Contains(ids, m.ChatID) })
		return nil
	})
	return list, err
}

// isBelow reports whether the post is below a place in the list of MentionsOf.
func (d *eventDoc) isBelow(p chat.MentionPlace) bool {
	switch {
	case d.At != p.At:
		return d.At < p.At
	case d.Chat != p.Chat:
		return d.Chat < p.Chat
	}
	return d.Seq < p.Seq
}
