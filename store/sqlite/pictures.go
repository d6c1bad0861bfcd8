package sqlite

import (
	"context"

	"parley/chat"
)

// Picture is [chat.Files].Picture.
func (db *DB) Picture(ctx context.Context, id chat.FileID) (chat.Upload, error) {
	u, err := oneUpload(db.row(ctx, uploadByID+` AND f.picture = 1`, string(id)), chat.NoPicture)
	return u, storeError(err, "read the picture")
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
		if _, err := t.exec(`UPDATE files SET picture = 1 WHERE id = ?`, string(picture)); err != nil {
			return err
		}
	}
	if old == "" {
		return nil
	}
	_, err := t.removeFiles(`id = ?`, string(old))
	return err
}

// setPicture is changePicture of a chat.
func (t *tx) setPicture(s *state, picture chat.FileID, by chat.UserID) error {
	old := s.picture
	if picture == old {
		return nil
	}
	s.picture = picture
	return t.changePicture(old, picture, by)
}
