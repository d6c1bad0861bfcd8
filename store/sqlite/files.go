package sqlite

import (
	"context"
	"encoding/json"

	"parley/chat"
)

const uploadColumns = `f.id, f.chat, f.by, f.name, f.type, f.size, f.width, f.height, f.duration_ms, f.thumb, f.length, f.keep_metadata,
	f.cleaned, f.complete, f.created_at, f.expires_at, ifnull(f.message, 0), f.picture, f.alt`

func scanUpload(row scanner) (u chat.Upload, err error) {
	err = row.Scan((*string)(&u.ID), (*string)(&u.ChatID), (*string)(&u.By), &u.Name, &u.Type, &u.Size, &u.Width, &u.Height, &u.DurationMs, &u.Thumb,
		&u.Length, &u.KeepMetadata, &u.Cleaned, &u.Complete, &u.CreatedAt, &u.ExpiresAt, &u.Message, &u.Picture, &u.Alt)
	return u, err
}

// oneUpload is scanUpload with the error for a record that is not there.
func oneUpload(row scanner, missing func() error) (chat.Upload, error) {
	u, err := scanUpload(row)
	ok, err := found(err)
	if err == nil && !ok {
		err = missing()
	}
	return u, err
}

const uploadByID = `SELECT ` + uploadColumns + ` FROM files f WHERE f.id = ?`

// File is [chat.View].File.
func (v view) File(id chat.FileID) (chat.Upload, bool) {
	u, err := scanUpload(v.t.row(uploadByID, string(id)))
	if !v.found(err) {
		return chat.Upload{}, false
	}
	return u, true
}

// attach gives the files of a posted event to its message.
func (t *tx) attach(e *chat.Event) error {
	for i := range e.Files {
		if _, err := t.exec(`UPDATE files SET message = ?, place = ?, alt = ? WHERE id = ?`, int64(e.Seq), i, e.Files[i].Alt, string(e.Files[i].ID)); err != nil {
			return err
		}
	}
	return nil
}

// removeFiles removes the records of files that where selects, and saves that their blobs
// must be removed.
func (t *tx) removeFiles(where string, args ...any) (n int, err error) {
	var bytes int64
	err = t.row(`SELECT count(*), ifnull(sum(iif(complete, size, length)), 0) FROM files WHERE `+where, args...).Scan(&n, &bytes)
	if n == 0 || err != nil {
		return 0, err
	}
	t.scrubDue = true // of the names
	if _, err := t.exec(`INSERT OR IGNORE INTO removals (file) SELECT id FROM files WHERE `+where, args...); err != nil {
		return 0, err
	}
	if _, err := t.exec(`DELETE FROM files WHERE `+where, args...); err != nil {
		return 0, err
	}
	return n, t.addUsage(-n, -bytes)
}

// addUsage changes what FileUsage returns.
func (t *tx) addUsage(files int, bytes int64) error {
	_, err := t.exec(`UPDATE file_usage SET files = files + ?, bytes = bytes + ? WHERE id = 1`, files, bytes)
	return err
}

// CreateUpload is [chat.Files].CreateUpload.
func (db *DB) CreateUpload(ctx context.Context, u chat.Upload, most int64) error {
	return db.write(ctx, func(t *tx) error {
		if u.ChatID != "" {
			s, err := t.state(u.ChatID)
			if err != nil {
				return err
			}
			if _, in := (view{t, s}).Member(u.By); !in {
				return chat.NoChat()
			}
		}
		var have chat.Uploaded
		if err := t.row(`SELECT (SELECT ifnull(sum(length), 0) FROM files WHERE by = ?1 AND created_at > ?2),
			(SELECT count(*) FROM files WHERE by = ?1 AND message IS NULL AND picture = 0)`,
			string(u.By), t.now-chat.UploadQuotaTime.Milliseconds()).Scan(&have.Bytes, &have.Free); err != nil {
			return err
		}
		if err := u.CheckQuota(have, most); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO files (id, chat, by, name, type, kind, size, width, height, duration_ms, thumb, length, keep_metadata, cleaned, complete, created_at, expires_at)
			VALUES (?, ?, ?, ?, '', '', 0, 0, 0, 0, 0, ?, ?, 0, 0, ?, ?)`,
			string(u.ID), string(u.ChatID), string(u.By), u.Name, u.Length, u.KeepMetadata, u.CreatedAt, u.ExpiresAt); err != nil {
			return err
		}
		return t.addUsage(1, u.Length)
	})
}

const uploadBy = uploadByID + ` AND f.by = ? AND f.picture = 0`

// Upload is [chat.Files].Upload.
func (db *DB) Upload(ctx context.Context, by chat.UserID, id chat.FileID) (chat.Upload, error) {
	u, err := oneUpload(db.row(ctx, uploadBy, string(id), string(by)), chat.NoUpload)
	return u, storeError(err, "read the upload")
}

// CompleteUpload is [chat.Files].CompleteUpload.
func (db *DB) CompleteUpload(ctx context.Context, u chat.Upload) (saved chat.Upload, err error) {
	err = db.write(ctx, func(t *tx) error {
		if saved, err = oneUpload(t.row(uploadByID, string(u.ID)), chat.NoUpload); err != nil || saved.Complete {
			return err
		}
		if err := t.addUsage(0, u.Size-saved.Length); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE files SET type = ?, kind = ?, size = ?, width = ?, height = ?, duration_ms = ?, thumb = ?, length = ?, cleaned = ?, complete = 1
			WHERE id = ?`,
			u.Type, string(u.Kind()), u.Size, u.Width, u.Height, u.DurationMs, u.Thumb, u.Length, u.Cleaned, string(u.ID))
		if err == nil {
			saved, err = oneUpload(t.row(uploadByID, string(u.ID)), chat.NoUpload)
		}
		return err
	})
	return saved, err
}

// RemoveUpload is [chat.Files].RemoveUpload.
func (db *DB) RemoveUpload(ctx context.Context, by chat.UserID, id chat.FileID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		u, err := oneUpload(t.row(uploadBy, string(id), string(by)), chat.NoUpload)
		switch {
		case err != nil:
			return err
		case u.Message != 0:
			return chat.FileInMessage()
		}
		_, err = t.removeFiles(`id = ?`, string(id))
		return err
	})
}

// ExpireUploads is [chat.Files].ExpireUploads.
func (db *DB) ExpireUploads(ctx context.Context, now int64, limit int) (n int, err error) {
	var any bool
	const expired = `message IS NULL AND picture = 0 AND expires_at < ?`
	if err := db.row(ctx, `SELECT EXISTS (SELECT 1 FROM files WHERE `+expired+`)`, now).Scan(&any); err != nil || !any {
		return 0, storeError(err, "read the uploads")
	}
	err = db.writeWhenFull(ctx, func(t *tx) error {
		n, err = t.removeFiles(`id IN (SELECT id FROM files WHERE `+expired+` ORDER BY expires_at, id LIMIT ?)`, now, limit)
		return err
	})
	return n, err
}

// File is [chat.Files].File. The membership is checked in the same snapshot.
func (db *DB) File(ctx context.Context, viewer chat.UserID, id chat.ChatID, file chat.FileID) (chat.Upload, error) {
	u, err := oneUpload(db.row(ctx, `SELECT `+uploadColumns+` FROM files f WHERE f.id = ?1 AND f.chat = ?2 AND f.complete = 1 AND (f.message IS NOT NULL OR f.by = ?3)
		AND EXISTS (SELECT 1 FROM members m WHERE m.chat = ?2 AND m.user = ?3)`, string(file), string(id), string(viewer)), chat.NoFile)
	return u, storeError(err, "read the file")
}

// FilesOf is [chat.Files].FilesOf.
func (db *DB) FilesOf(ctx context.Context, viewer chat.UserID, id chat.ChatID, l chat.FileList) ([]chat.PostedFile, bool, error) {
	head, err := db.head(ctx, viewer, id)
	if err != nil {
		return nil, false, err
	}
	if l.Before != 0 {
		head = min(head, chat.Seq(clampSeq(l.Before))-1)
	}
	where, args := "", []any{string(id), int64(head), l.Limit + chat.MaxFiles}
	if l.Kind != "" {
		where, args = " AND f.kind = ?4", append(args, string(l.Kind))
	}
	rows, err := db.rows(ctx, `SELECT f.id, f.name, f.type, f.size, f.width, f.height, f.duration_ms, f.thumb, f.alt, f.message, m.by, m.at
		FROM files f CROSS JOIN messages m ON m.chat = f.chat AND m.seq = f.message
		WHERE f.chat = ?1 AND f.message <= ?2`+where+` ORDER BY f.message DESC, f.place LIMIT ?3`, args...)
	files, err := collect(rows, err, func() (p chat.PostedFile, err error) {
		f := &p.File
		return p, rows.Scan((*string)(&f.ID), &f.Name, &f.Type, &f.Size, &f.Width, &f.Height, &f.DurationMs, &f.Thumb, &f.Alt, &p.Seq, (*string)(&p.By), &p.At)
	})
	page, more := l.Cut(files)
	return page, more, storeError(err, "read the files")
}

// FilesWith is [chat.Files].FilesWith.
func (db *DB) FilesWith(ctx context.Context, ids []chat.FileID) ([]chat.Upload, error) {
	return db.uploads(ctx, `SELECT `+uploadColumns+` FROM files f WHERE f.id IN (SELECT value FROM json_each(?))`, jsonArg(ids))
}

// FilesAfter is [chat.Files].FilesAfter.
func (db *DB) FilesAfter(ctx context.Context, after chat.FileID, limit int) ([]chat.Upload, error) {
	return db.uploads(ctx, `SELECT `+uploadColumns+` FROM files f WHERE f.id > ? AND f.complete = 1 ORDER BY f.id LIMIT ?`, string(after), limit)
}

func (db *DB) uploads(ctx context.Context, query string, args ...any) ([]chat.Upload, error) {
	rows, err := db.rows(ctx, query, args...)
	list, err := collect(rows, err, func() (chat.Upload, error) { return scanUpload(rows) })
	return list, storeError(err, "read the files")
}

// Removals is [chat.Files].Removals.
func (db *DB) Removals(ctx context.Context, limit int) ([]chat.FileID, error) {
	rows, err := db.rows(ctx, `SELECT file FROM removals WHERE file > '' ORDER BY file LIMIT ?`, limit)
	list, err := collect(rows, err, func() (id chat.FileID, err error) { return id, rows.Scan((*string)(&id)) })
	return list, storeError(err, "read the files to remove")
}

// EndRemovals is [chat.Files].EndRemovals.
func (db *DB) EndRemovals(ctx context.Context, ids []chat.FileID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM removals WHERE file IN (SELECT value FROM json_each(?))`, jsonArg(ids))
		return err
	})
}

// FileUsage is [chat.Files].FileUsage.
func (db *DB) FileUsage(ctx context.Context) (u chat.FileUsage, err error) {
	err = db.row(ctx, `SELECT files, bytes FROM file_usage WHERE id = 1`).Scan(&u.Files, &u.Bytes)
	return u, storeError(err, "read the files")
}

// files is the column of a message's files; NULL when empty.
func files(column []byte) ([]chat.File, error) { return parsed[chat.File](column) }

func jsonFiles(list []chat.File) any {
	if len(list) == 0 {
		return nil
	}
	b, _ := json.Marshal(list) // strings, numbers and booleans: never fails
	return string(b)
}
