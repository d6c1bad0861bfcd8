package mongo

import (
	"context"
	"io"
	"iter"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// A blob is a file of the GridFS bucket "blobs", whose filename is the blob's name, so that
// MongoDB's own tools read it. The driver's bucket writes a file in one go; appending, and
// replacing in one step, is done here on the same collections.
// https://github.com/mongodb/specifications/blob/master/source/gridfs/gridfs-spec.md
const (
	chunkSize  = int32(mongo.DefaultGridFSChunkSize)
	flushSize  = 4 * int64(chunkSize) // bytes of one transaction
	flushEvery = 15 * time.Second     // for a slow reader; it must read something within 30 s
	lockTime   = 20 * time.Second     // until another Append may take over from one that died or stalls

	// Filenames of blobs that are not there yet, and not there any more. Open removes
	// those of calls that were interrupted.
	newBlob  = ".new-"
	goneBlob = ".gone-"
	newLife  = 24 * time.Hour
)

// blobDoc is a document of blobs.files.
type blobDoc struct {
	ID        string    `bson:"_id"`
	Length    int64     `bson:"length"`
	ChunkSize int32     `bson:"chunkSize"`
	Uploaded  time.Time `bson:"uploadDate"` // the last change
	Name      string    `bson:"filename"`
	Lock      *blobLock `bson:"lock,omitempty"`
}

// blobLock is held by an Append.
type blobLock struct {
	By    string    `bson:"by"`
	Until time.Time `bson:"until"`
}

// chunkDoc is the data of a document of blobs.chunks.
type chunkDoc struct {
	Data []byte `bson:"data"`
}

// Blobs is a [chat.Blobs] in the database. It has no reserve of its own: MongoDB refuses
// writes when its disk is full.
type Blobs struct{ db *DB }

// OpenBlobs returns the blobs of the database, and removes what interrupted calls left.
func (db *DB) OpenBlobs(ctx context.Context) (*Blobs, error) {
	b := &Blobs{db}
	var left []blobDoc
	err := db.read(ctx, "read the blobs", func(ctx context.Context) error {
		cur, err := db.blobs.Find(ctx, bson.D{{Key: "filename", Value: bson.D{{Key: "$gte", Value: "."}, {Key: "$lt", Value: "/"}}}})
		left, err = all[blobDoc](ctx, cur, err)
		return err
	})
	for _, d := range left {
		if err == nil && (strings.HasPrefix(d.Name, goneBlob) || time.Since(d.Uploaded) > newLife) {
			err = b.drop(d.ID)
		}
	}
	if err != nil {
		return nil, err
	}
	return b, nil
}

// find returns the document of a blob; not_found.
func (b *Blobs) find(ctx context.Context, name string) (d blobDoc, err error) {
	if err := chat.CheckBlobName(name); err != nil {
		return d, err
	}
	err = b.db.read(ctx, "read the blob", func(ctx context.Context) error {
		ok, err := one(b.db.blobs.FindOne(ctx, byName(name)), &d)
		if err == nil && !ok {
			err = noBlob()
		}
		return err
	})
	return d, err
}

func byName(name string) bson.D { return bson.D{{Key: "filename", Value: name}} }

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func noBlob() error { return chat.Fail(chat.NotFound, "no such file") }

// Append is [chat.Blobs].Append. A lock in the document makes a second one a conflict; each
// write checks it.
func (b *Blobs) Append(ctx context.Context, name string, offset int64, r io.Reader) (int64, error) {
	if err := chat.CheckBlobName(name); err != nil {
		return 0, err
	}
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	d, err := b.lock(name, offset)
	if err != nil {
		return d.Length, err
	}
	w := &blobWriter{b: b, d: d, size: offset}
	if err = w.load(); err == nil {
		err = w.copy(ctx, r)
	}
	if flushErr := w.flush(true); flushErr != nil {
		return w.stored, flushErr
	}
	return w.stored, err
}

// lock locks a blob of offset bytes; with 0 it makes one if there is none. With a conflict
// the document has the length.
func (b *Blobs) lock(name string, offset int64) (d blobDoc, err error) {
	me := chat.NewID[string]()
	err = b.db.write(b.db.ctx, "", "write the blob", func(t *tx) error {
		now := time.UnixMilli(t.now)
		lock := &blobLock{By: me, Until: now.Add(lockTime)}
		d = blobDoc{}
		ok, err := one(b.db.blobs.FindOne(t.ctx, byName(name)), &d)
		switch {
		case err != nil:
			return err
		case !ok && offset == 0:
			d = blobDoc{ID: chat.NewID[string](), ChunkSize: chunkSize, Uploaded: now, Name: name, Lock: lock}
			_, err := b.db.blobs.InsertOne(t.ctx, d)
			return err
		case !ok:
			return noBlob()
		case d.Lock != nil && d.Lock.Until.After(now):
			return chat.FailField(chat.Conflict, "offset", "another request is sending this file")
		case d.Length != offset:
			return chat.FailField(chat.Conflict, "offset", "the file has %d bytes, not %d", d.Length, offset)
		}
		d.Lock = lock
		_, err = b.db.blobs.UpdateOne(t.ctx, byID(d.ID), set(bson.E{Key: "lock", Value: lock}))
		return err
	})
	return d, err
}

// blobWriter writes at the end of a blob. The bytes that are not stored begin within the
// chunk at which the stored ones end, which is written again.
type blobWriter struct {
	b       *Blobs
	d       blobDoc
	buf     []byte // from the beginning of that chunk
	size    int64  // of the blob with buf
	stored  int64  // of it, on disk
	flushed time.Time
}

// load reads the chunk within which the blob ends.
func (w *blobWriter) load() error {
	w.stored, w.flushed = w.size, time.Now()
	n, rest := w.size/int64(chunkSize), w.size%int64(chunkSize)
	w.buf = make([]byte, 0, flushSize)
	if rest == 0 {
		return nil
	}
	chunk, err := w.b.chunk(w.b.db.ctx, w.d.ID, n)
	if err == nil {
		w.buf = append(w.buf, chunk[:min(rest, int64(len(chunk)))]...)
	}
	return err
}

// copy reads r to its end, and stores what it reads.
func (w *blobWriter) copy(ctx context.Context, r io.Reader) error {
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		n, err := r.Read(w.buf[len(w.buf):cap(w.buf)])
		w.buf, w.size = w.buf[:len(w.buf)+n], w.size+int64(n)
		if len(w.buf) == cap(w.buf) || time.Since(w.flushed) > flushEvery {
			if err := w.flush(false); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// flush stores the buffer in one transaction. The last one gives up the lock.
func (w *blobWriter) flush(last bool) error {
	first := w.stored / int64(chunkSize)
	err := w.b.db.write(w.b.db.ctx, "", "write the blob", func(t *tx) error {
		now := time.UnixMilli(t.now)
		change := bson.D{{Key: "$set", Value: bson.D{{Key: "length", Value: w.size}, {Key: "uploadDate", Value: now}, {Key: "lock.until", Value: now.Add(lockTime)}}}}
		if last {
			change = bson.D{{Key: "$set", Value: bson.D{{Key: "length", Value: w.size}, {Key: "uploadDate", Value: now}}}, {Key: "$unset", Value: key("lock")}}
		}
		done, err := w.b.db.blobs.UpdateOne(t.ctx, append(byID(w.d.ID), bson.E{Key: "lock.by", Value: w.d.Lock.By}), change)
		if err != nil {
			return err
		}
		if done.MatchedCount == 0 {
			return chat.FailField(chat.Conflict, "offset", "another request is sending this file, or it was removed")
		}
		for at, n := 0, first; at < len(w.buf); n++ {
			end := min(at+int(chunkSize), len(w.buf))
			data := bson.E{Key: "data", Value: w.buf[at:end]}
			if _, err := w.b.db.chunks.UpdateOne(t.ctx, chunkFilter(w.d.ID, n), set(data), options.UpdateOne().SetUpsert(true)); err != nil {
				return err
			}
			at = end
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.stored, w.flushed = w.size, time.Now()
	keep := len(w.buf) % int(chunkSize)
	w.buf = w.buf[:copy(w.buf, w.buf[len(w.buf)-keep:])]
	return nil
}

func chunkFilter(blob string, n int64) bson.D {
	return bson.D{{Key: "files_id", Value: blob}, {Key: "n", Value: int32(n)}}
}

// Create is [chat.Blobs].Create. The blob is written under another name.
func (b *Blobs) Create(ctx context.Context, name string, write func(io.Writer) error) error {
	if err := chat.CheckBlobName(name); err != nil {
		return err
	}
	d, err := b.lock(newBlob+chat.NewID[string](), 0)
	if err != nil {
		return err
	}
	r, pipe := io.Pipe()
	written := make(chan error, 1)
	go func() {
		err := write(pipe)
		_ = pipe.CloseWithError(err)
		written <- err
	}()
	w := &blobWriter{b: b, d: d}
	if err = w.load(); err == nil {
		err = w.copy(ctx, r)
	}
	if err == nil {
		err = w.flush(true)
	}
	if err != nil {
		_ = r.CloseWithError(err)
	} else {
		_ = r.Close()
	}
	if writeErr := <-written; err == nil {
		err = writeErr
	}
	old := ""
	if err == nil {
		old, err = b.rename(d.ID, name)
	}
	if err != nil {
		_ = b.drop(d.ID) // OpenBlobs does it otherwise
		return err
	}
	if old != "" {
		_ = b.drop(old)
	}
	return nil
}

// rename gives a blob its name, in place of another one, whose id it returns.
func (b *Blobs) rename(id, name string) (old string, err error) {
	err = b.db.write(b.db.ctx, "", "write the blob", func(t *tx) error {
		if old, err = b.free(t, name); err != nil {
			return err
		}
		_, err = b.db.blobs.UpdateOne(t.ctx, byID(id), set(bson.E{Key: "filename", Value: name}))
		return err
	})
	return old, err
}

// free frees a name, and returns the id of the blob that had it, if any.
func (b *Blobs) free(t *tx, name string) (id string, err error) {
	var d blobDoc
	ok, err := one(b.db.blobs.FindOne(t.ctx, byName(name)), &d)
	if err != nil || !ok {
		return "", err
	}
	_, err = b.db.blobs.UpdateOne(t.ctx, byID(d.ID), bson.D{{Key: "$set", Value: bson.D{{Key: "filename", Value: goneBlob + d.ID}}}, {Key: "$unset", Value: key("lock")}})
	return d.ID, err
}

// Size is [chat.Blobs].Size.
func (b *Blobs) Size(ctx context.Context, name string) (int64, error) {
	d, err := b.find(ctx, name)
	return d.Length, err
}

// Remove is [chat.Blobs].Remove.
func (b *Blobs) Remove(_ context.Context, name string) error {
	if err := chat.CheckBlobName(name); err != nil {
		return err
	}
	var id string
	err := b.db.write(b.db.ctx, "", "remove the blob", func(t *tx) (err error) {
		id, err = b.free(t, name)
		return err
	})
	if err != nil || id == "" {
		return err
	}
	return b.drop(id)
}

// drop removes the bytes of a blob, then its document.
func (b *Blobs) drop(id string) error {
	ctx, cancel := context.WithTimeout(b.db.ctx, writeTimeout)
	defer cancel()
	_, err := b.db.chunks.DeleteMany(ctx, bson.D{{Key: "files_id", Value: id}})
	if err == nil {
		_, err = b.db.blobs.DeleteOne(ctx, byID(id))
	}
	return storeError(err, "remove the blob")
}

// listPage is how many blobs List reads at once.
const listPage = 500

// List is [chat.Blobs].List.
func (b *Blobs) List(ctx context.Context) iter.Seq2[chat.BlobInfo, error] {
	return func(yield func(chat.BlobInfo, error) bool) {
		for after := ""; ; {
			var page []blobDoc
			err := b.db.read(ctx, "list the blobs", func(ctx context.Context) error {
				cur, err := b.db.blobs.Find(ctx, bson.D{{Key: "filename", Value: bson.D{{Key: "$gt", Value: after}}}}, options.Find().SetSort(key("filename")).SetLimit(listPage))
				page, err = all[blobDoc](ctx, cur, err)
				return err
			})
			if err != nil {
				yield(chat.BlobInfo{}, err)
				return
			}
			for _, d := range page {
				after = d.Name
				if d.Name[0] != '.' && !yield(chat.BlobInfo{Name: d.Name, Size: d.Length, ModifiedAt: d.Uploaded.UnixMilli()}, nil) {
					return
				}
			}
			if len(page) < listPage {
				return
			}
		}
	}
}
