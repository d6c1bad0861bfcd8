package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"

	"parley/chat"
)

// Picture is [chat.Files].Picture.
func (db *DB) Picture(ctx context.Context, id chat.FileID) (chat.Upload, error) {
	return db.readFile(ctx, "read the picture", func(ctx context.Context) (fileDoc, error) {
		return db.file(ctx, bson.D{{Key: "_id", Value: id}, {Key: "picture", Value: true}}, chat.NoPicture)
	})
}

// changePicture makes a file of by the picture in the place of another one, which is
// removed. Either may be empty.
func (t *tx) changePicture(old, picture chat.FileID, by chat.UserID) error {
	if picture != "" {
		u, _ := view{t: t}.File(picture)
		if t.broken != nil {
			return t.broken
		}
		if err := chat.CheckPicture(u, by); err != nil {
			return err
		}
		to := bson.D{{Key: "$set", Value: bson.D{{Key: "picture", Value: true}}}, {Key: "$unset", Value: key("freeUntil")}}
		if _, err := t.db.files.UpdateByID(t.ctx, picture, to); err != nil {
			return err
		}
	}
	if old == "" {
		return nil
	}
	_, err := t.removeFiles(bson.D{{Key: "_id", Value: old}}, 0)
	return err
}

// setPicture is changePicture of a chat, whose document is not written here.
func (t *tx) setPicture(s *state, picture chat.FileID, by chat.UserID) error {
	(view{t, s}).there()
	if t.broken != nil {
		return t.broken
	}
	if s.chat == nil || s.chat.Picture == picture {
		return nil
	}
	return t.changePicture(s.chat.Picture, picture, by)
}
