package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// fileDoc is a document of files. Of an upload that no message has there is no message.
type fileDoc struct {
	ID           chat.FileID   `bson:"_id"`
	Chat         chat.ChatID   `bson:"chat"`
	By           chat.UserID   `bson:"by"`
	Kind         chat.FileKind `bson:"kind,omitempty"`
	File         chat.File     `bson:"file"`
	Length       int64         `bson:"length"`
	Bytes        int64         `bson:"bytes"` // Length until it is complete, then File.Size
	KeepMetadata bool          `bson:"keepMetadata,omitempty"`
	Cleaned      bool          `bson:"cleaned,omitempty"`
	Complete     bool          `bson:"complete"`
	CreatedAt    int64         `bson:"createdAt"`
	ExpiresAt    int64         `bson:"expiresAt,omitempty"`
	FreeUntil    int64         `bson:"freeUntil,omitempty"` // ExpiresAt while no message has it
	Message      chat.Seq      `bson:"message,omitempty"`
	Picture      bool          `bson:"picture,omitempty"`
	Place        int           `bson:"place,omitempty"` // in the message, counted from its last file: all of the order of a list falls
}

func newFileDoc(u *chat.Upload) fileDoc {
	return fileDoc{ID: u.ID, Chat: u.ChatID, By: u.By, File: u.File, Length: u.Length, Bytes: u.Length, KeepMetadata: u.KeepMetadata,
		CreatedAt: u.CreatedAt, ExpiresAt: u.ExpiresAt, FreeUntil: u.ExpiresAt}
}

func (d *fileDoc) upload() chat.Upload {
	return chat.Upload{File: d.File, ChatID: d.Chat, By: d.By, Length: d.Length, KeepMetadata: d.KeepMetadata, Cleaned: d.Cleaned, Complete: d.Complete,
		CreatedAt: d.CreatedAt, ExpiresAt: d.ExpiresAt, Message: d.Message, Picture: d.Picture}
}

// file returns the document that a filter finds, or missing.
func (db *DB) file(ctx context.Context, filter bson.D, missing func() error) (d fileDoc, err error) {
	ok, err := one(db.files.FindOne(ctx, filter), &d)
	if err == nil && !ok {
		err = missing()
	}
	return d, err
}

// File is [chat.View].File.
func (v view) File(id chat.FileID) (chat.Upload, bool) {
	var d fileDoc
	ok, err := one(v.t.db.files.FindOne(v.t.ctx, bson.D{{Key: "_id", Value: id}}), &d)
	v.t.note(err)
	return d.upload(), ok
}

// attach gives the files of a posted event to its message. The rule read them in this
// transaction, so that whatever changes one meanwhile is a conflict.
func (t *tx) attach(e *chat.Event) error {
	for i := range e.Files {
		to := bson.D{{Key: "$set", Value: bson.D{{Key: "message", Value: e.Seq}, {Key: "place", Value: len(e.Files) - i}, {Key: "file", Value: e.Files[i]}}}, {Key: "$unset", Value: key("freeUntil")}}
		if _, err := t.db.files.UpdateByID(t.ctx, e.Files[i].ID, to); err != nil {
			return err
		}
	}
	return nil
}

// removal is a document of removals: the blobs of a file must be removed.
type removal struct {
	ID chat.FileID `bson:"_id"`
}

// removeFiles removes at most limit documents of files that a filter finds (0: all), and
// saves that their blobs must be removed.
func (t *tx) removeFiles(filter bson.D, limit int64) (int, error) {
	cur, err := t.db.files.Find(t.ctx, filter, options.Find().SetProjection(key("_id")).SetLimit(limit))
	found, err := all[removal](t.ctx, cur, err)
	if len(found) == 0 || err != nil {
		return 0, err
	}
	ids := make([]chat.FileID, len(found))
	for i, r := range found {
		ids[i] = r.ID
	}
	if _, err := t.db.removals.InsertMany(t.ctx, found); err != nil {
		return 0, err
	}
	_, err = t.db.files.DeleteMany(t.ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
	return len(ids), err
}

// CreateUpload is [chat.Files].CreateUpload.
func (db *DB) CreateUpload(ctx context.Context, u chat.Upload, most int64) error {
	return db.write(ctx, "", "save the upload", func(t *tx) error {
		if u.ChatID != "" {
			_, in, err := db.membership(t.ctx, u.ChatID, u.By)
			if err != nil {
				return err
			}
			if !in {
				return chat.NoChat()
			}
		}
		cur, err := db.files.Aggregate(t.ctx, mongo.Pipeline{
			{{Key: "$match", Value: bson.D{{Key: "by", Value: u.By}, {Key: "createdAt", Value: bson.D{{Key: "$gt", Value: t.now - chat.UploadQuotaTime.Milliseconds()}}}}}},
			{{Key: "$group", Value: bson.D{{Key: "_id", Value: nil}, {Key: "bytes", Value: bson.D{{Key: "$sum", Value: "$length"}}}}}},
		})
		sums, err := all[fileSum](t.ctx, cur, err)
		if err != nil {
			return err
		}
		free, err := db.files.CountDocuments(t.ctx, bson.D{{Key: "by", Value: u.By}, {Key: "freeUntil", Value: bson.D{{Key: "$gt", Value: 0}}}})
		if err != nil {
			return err
		}
		have := chat.Uploaded{Free: int(free)}
		if len(sums) > 0 {
			have.Bytes = sums[0].Bytes
		}
		if err := u.CheckQuota(have, most); err != nil {
			return err
		}
		_, err = db.files.InsertOne(t.ctx, newFileDoc(&u))
		return err
	})
}

// fileSum is the result of a group of files.
type fileSum struct {
	Files int64 `bson:"files"`
	Bytes int64 `bson:"bytes"`
}

func uploadBy(by chat.UserID, id chat.FileID) bson.D {
	return bson.D{{Key: "_id", Value: id}, {Key: "by", Value: by}, {Key: "picture", Value: nil}} // no picture in use
}

// Upload is [chat.Files].Upload.
func (db *DB) Upload(ctx context.Context, by chat.UserID, id chat.FileID) (chat.Upload, error) {
	return db.readFile(ctx, "read the upload", func(ctx context.Context) (fileDoc, error) {
		return db.file(ctx, uploadBy(by, id), chat.NoUpload)
	})
}

func (db *DB) readFile(ctx context.Context, doing string, f func(ctx context.Context) (fileDoc, error)) (chat.Upload, error) {
	var d fileDoc
	err := db.read(ctx, doing, func(ctx context.Context) (err error) { d, err = f(ctx); return err })
	if err != nil {
		return chat.Upload{}, err
	}
	return d.upload(), nil
}

// CompleteUpload is [chat.Files].CompleteUpload.
func (db *DB) CompleteUpload(ctx context.Context, u chat.Upload) (saved chat.Upload, err error) {
	err = db.write(ctx, "", "save the upload", func(t *tx) error {
		id := bson.D{{Key: "_id", Value: u.ID}}
		d, err := db.file(t.ctx, id, chat.NoUpload)
		if err != nil || d.Complete {
			saved = d.upload()
			return err
		}
		d.File, d.Kind, d.Length, d.Bytes, d.Cleaned, d.Complete = u.File, u.Kind(), u.Length, u.Size, u.Cleaned, true
		saved = d.upload()
		_, err = db.files.ReplaceOne(t.ctx, id, d)
		return err
	})
	return saved, err
}

// RemoveUpload is [chat.Files].RemoveUpload.
func (db *DB) RemoveUpload(ctx context.Context, by chat.UserID, id chat.FileID) error {
	return db.write(ctx, "", "remove the upload", func(t *tx) error {
		d, err := db.file(t.ctx, uploadBy(by, id), chat.NoUpload)
		switch {
		case err != nil:
			return err
		case d.Message != 0:
			return chat.FileInMessage()
		}
		_, err = t.removeFiles(uploadBy(by, id), 0)
		return err
	})
}

// ExpireUploads is [chat.Files].ExpireUploads. Most calls find nothing: they end after a
// read.
func (db *DB) ExpireUploads(ctx context.Context, now int64, limit int) (n int, err error) {
	expired := bson.D{{Key: "freeUntil", Value: bson.D{{Key: "$gt", Value: 0}, {Key: "$lt", Value: now}}}}
	_, err = db.readFile(ctx, "read the uploads", func(ctx context.Context) (fileDoc, error) { return db.file(ctx, expired, chat.NoUpload) })
	if chat.Is(err, chat.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	err = db.write(ctx, "", "remove uploads", func(t *tx) error {
		n, err = t.removeFiles(expired, int64(limit))
		return err
	})
	return n, err
}

// File is [chat.Files].File. The membership is checked after the file was read.
func (db *DB) File(ctx context.Context, viewer chat.UserID, id chat.ChatID, file chat.FileID) (chat.Upload, error) {
	return db.readFile(ctx, "read the file", func(ctx context.Context) (fileDoc, error) {
		d, err := db.file(ctx, bson.D{{Key: "_id", Value: file}, {Key: "chat", Value: id}, {Key: "complete", Value: true}}, chat.NoFile)
		if err != nil {
			return d, err
		}
		_, in, err := db.membership(ctx, id, viewer)
		if err == nil && (!in || d.Message == 0 && d.By != viewer) {
			err = chat.NoFile()
		}
		return d, err
	})
}

// FilesOf is [chat.Files].FilesOf.
func (db *DB) FilesOf(ctx context.Context, viewer chat.UserID, id chat.ChatID, l chat.FileList) (files []chat.PostedFile, more bool, err error) {
	top, err := db.head(ctx, viewer, id)
	if err != nil {
		return nil, false, err
	}
	below := top.Seq + 1
	if l.Before != 0 {
		below = min(below, l.Before)
	}
	filter := bson.D{{Key: "chat", Value: id}, {Key: "message", Value: bson.D{{Key: "$gt", Value: 0}, {Key: "$lt", Value: below}}}}
	if l.Kind != "" {
		filter = append(filter, bson.E{Key: "kind", Value: l.Kind})
	}
	err = db.read(ctx, "read the files", func(ctx context.Context) error {
		cur, err := db.files.Find(ctx, filter, options.Find().SetSort(newestFiles(l.Kind)).SetLimit(int64(l.Limit+chat.MaxFiles)))
		docs, err := all[fileDoc](ctx, cur, err)
		if err != nil {
			return err
		}
		posts, err := db.postsOf(ctx, id, docs)
		files = make([]chat.PostedFile, 0, len(docs))
		for _, d := range docs {
			if p, ok := posts[d.Message]; ok { // else it was deleted meanwhile
				files = append(files, chat.PostedFile{File: d.File, Seq: d.Message, By: p.By, At: p.At})
			}
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	files, more = l.Cut(files)
	return files, more, nil
}

// filesIndex returns the fields of the index of a chat's files, of one kind if it is given.
func filesIndex(kind chat.FileKind) []string {
	if kind == "" {
		return []string{"chat", "message", "place"}
	}
	return []string{"chat", "kind", "message", "place"}
}

// newestFiles is the order of a list of a chat's files.
func newestFiles(kind chat.FileKind) (order bson.D) {
	for _, field := range filesIndex(kind) {
		order = append(order, bson.E{Key: field, Value: -1})
	}
	return order
}

// postsOf returns the posts that have the files.
func (db *DB) postsOf(ctx context.Context, id chat.ChatID, files []fileDoc) (map[chat.Seq]eventDoc, error) {
	if len(files) == 0 {
		return nil, nil
	}
	seqs := make([]chat.Seq, len(files))
	for i := range files {
		seqs[i] = files[i].Message
	}
	cur, err := db.events.Find(ctx, bson.D{{Key: "chat", Value: id}, {Key: "seq", Value: bson.D{{Key: "$in", Value: seqs}}}},
		options.Find().SetProjection(key("seq", "by", "at")))
	found, err := all[eventDoc](ctx, cur, err)
	posts := make(map[chat.Seq]eventDoc, len(found))
	for _, d := range found {
		posts[d.Seq] = d
	}
	return posts, err
}

// FilesWith is [chat.Files].FilesWith.
func (db *DB) FilesWith(ctx context.Context, ids []chat.FileID) ([]chat.Upload, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return db.uploads(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find())
}

// FilesAfter is [chat.Files].FilesAfter.
func (db *DB) FilesAfter(ctx context.Context, after chat.FileID, limit int) ([]chat.Upload, error) {
	return db.uploads(ctx, bson.D{{Key: "complete", Value: true}, {Key: "_id", Value: bson.D{{Key: "$gt", Value: after}}}}, options.Find().SetSort(key("complete", "_id")).SetLimit(int64(limit)))
}

func (db *DB) uploads(ctx context.Context, filter bson.D, opts *options.FindOptionsBuilder) (list []chat.Upload, err error) {
	err = db.read(ctx, "read the files", func(ctx context.Context) error {
		cur, err := db.files.Find(ctx, filter, opts)
		docs, err := all[fileDoc](ctx, cur, err)
		list = make([]chat.Upload, len(docs))
		for i := range docs {
			list[i] = docs[i].upload()
		}
		return err
	})
	return list, err
}

// Removals is [chat.Files].Removals.
func (db *DB) Removals(ctx context.Context, limit int) (ids []chat.FileID, err error) {
	err = db.read(ctx, "read the files to remove", func(ctx context.Context) error {
		cur, err := db.removals.Find(ctx, bson.D{}, options.Find().SetSort(key("_id")).SetLimit(int64(limit)))
		found, err := all[removal](ctx, cur, err)
		ids = make([]chat.FileID, len(found))
		for i := range found {
			ids[i] = found[i].ID
		}
		return err
	})
	return ids, err
}

// EndRemovals is [chat.Files].EndRemovals.
func (db *DB) EndRemovals(ctx context.Context, ids []chat.FileID) error {
	if len(ids) == 0 {
		return nil
	}
	return db.write(ctx, "", "save what was removed", func(t *tx) error {
		_, err := db.removals.DeleteMany(t.ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}})
		return err
	})
}

// FileUsage is [chat.Files].FileUsage. It reads an index of numbers alone, all of it:
// callers cache the result.
func (db *DB) FileUsage(ctx context.Context) (u chat.FileUsage, err error) {
	err = db.read(ctx, "read the files", func(ctx context.Context) error {
		cur, err := db.files.Aggregate(ctx, mongo.Pipeline{
			{{Key: "$match", Value: bson.D{{Key: "bytes", Value: bson.D{{Key: "$gte", Value: 0}}}}}},
			{{Key: "$group", Value: bson.D{{Key: "_id", Value: nil}, {Key: "files", Value: bson.D{{Key: "$sum", Value: 1}}}, {Key: "bytes", Value: bson.D{{Key: "$sum", Value: "$bytes"}}}}}},
		}, options.Aggregate().SetHint(key("bytes")))
		sums, err := all[fileSum](ctx, cur, err)
		u = chat.FileUsage{}
		if len(sums) > 0 {
			u = chat.FileUsage(sums[0])
		}
		return err
	})
	return u, err
}
