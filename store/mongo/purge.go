package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// purgeDocs bounds the documents that one part of a purge deletes.
const purgeDocs = 1000

// markDeleted is the projection of the events by which a chat is deleted.
func (t *tx) markDeleted(s *state) error {
	if err := t.setPicture(s, "", ""); err != nil {
		return err
	}
	s.chat, s.deleted = nil, true
	_, err := t.db.chats.UpdateByID(t.ctx, s.id, set(bson.E{Key: "deleted", Value: true}, bson.E{Key: "purging", Value: true},
		bson.E{Key: "open", Value: false}, bson.E{Key: "title", Value: ""}, bson.E{Key: "topic", Value: ""}, bson.E{Key: "picture", Value: ""}))
	if err != nil {
		return err
	}
	return t.recordReplaced(chat.Message{ChatID: s.id})
}

func (v view) Members(limit int) (users []chat.UserID) {
	cur, err := v.t.db.members.Find(v.t.ctx, bson.D{{Key: "chat", Value: v.s.id}},
		options.Find().SetSort(key("chat", "user")).SetLimit(int64(limit)).SetProjection(key("user")))
	list, err := all[memberDoc](v.t.ctx, cur, err)
	v.t.note(err)
	for _, m := range list {
		users = append(users, m.User)
	}
	return users
}

// Purge is [chat.Chats].Purge. Two replicas that purge the same chat delete the same
// documents, and the members' leaving is judged at the head.
func (db *DB) Purge(ctx context.Context) (more bool, err error) {
	var c chatDoc
	err = db.read(ctx, "find deleted chats", func(ctx context.Context) error {
		more, err = one(db.chats.FindOne(ctx, bson.D{{Key: "purging", Value: true}}, options.FindOne().SetProjection(key("_id"))), &c)
		return err
	})
	if err != nil || !more {
		return false, err
	}
	return true, db.purge(ctx, c.ID)
}

// purge does the next part for one chat.
func (db *DB) purge(ctx context.Context, id chat.ChatID) error {
	top, err := db.head(ctx, "", id)
	if err != nil {
		return err
	}
	emptied := false
	err = db.write(ctx, id, "remove the members of a deleted chat", func(t *tx) error {
		s := t.states[id]
		next, ok := chat.Emptying(view{t, s}, id, top.By)
		if emptied = !ok; t.broken != nil || emptied {
			return t.broken
		}
		s.number(&next, t.now)
		return t.extend(s, &next)
	})
	if err != nil || !emptied {
		return err
	}
	files := 0 // uploads that no message has expire
	err = db.write(ctx, "", "remove the files of a deleted chat", func(t *tx) error {
		files, err = t.removeFiles(bson.D{{Key: "chat", Value: id}, {Key: "message", Value: bson.D{{Key: "$gt", Value: 0}}}}, purgeDocs)
		return err
	})
	if err != nil || files > 0 {
		return err
	}
	return db.read(ctx, "purge a deleted chat", func(ctx context.Context) error {
		ids, err := db.purgeable(ctx, id, top.Seq)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			_, err := db.events.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
			return err
		}
		_, err = db.chats.UpdateByID(ctx, id, bson.D{{Key: "$unset", Value: key("purging")}})
		return err
	})
}

// purgeable returns the next documents of a chat's log to delete, and then those of
// commands that changed nothing.
func (db *DB) purgeable(ctx context.Context, id chat.ChatID, head chat.Seq) (ids []string, err error) {
	unchanged := bson.D{{Key: "$gt", Value: string(id) + " "}, {Key: "$lt", Value: string(id) + "!"}} // see unchanged, in scan.go
	for _, of := range []any{id, unchanged} {
		cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: of}}, options.Find().SetSort(key("chat")).SetLimit(purgeDocs).
			SetProjection(key("seq", "kind", "reason", "clientId")))
		docs, err := all[eventDoc](ctx, cur, err)
		if err != nil {
			return nil, err
		}
		for i := range docs {
			if e := docs[i].entry(nil); !e.Outlasts(head) {
				ids = append(ids, docs[i].ID)
			}
		}
		if len(ids) > 0 {
			return ids, nil
		}
	}
	return nil, nil
}
