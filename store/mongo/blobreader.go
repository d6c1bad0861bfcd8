package mongo

import (
	"context"
	"io"
	"sync"

	"parley/chat"
)

// Open is [chat.Blobs].Open.
func (b *Blobs) Open(ctx context.Context, name string) (chat.Blob, error) {
	d, err := b.find(ctx, name)
	if err != nil {
		return nil, err
	}
	r := &blobReader{b: b, d: d}
	r.SectionReader = io.NewSectionReader(r.chunks(), 0, d.Length)
	return r, nil
}

// blobReader is an open blob. It keeps the chunk that was read last.
type blobReader struct {
	*io.SectionReader
	b *Blobs
	d blobDoc

	mu   sync.Mutex
	n    int64  // guarded by mu: the number of data
	data []byte // guarded by mu; never changed
}

// Close is [chat.Blob].Close.
func (r *blobReader) Close() error { return nil }

// chunkReader is the io.ReaderAt of a blob.
type chunkReader struct{ *blobReader }

func (r *blobReader) chunks() io.ReaderAt { return chunkReader{r} }

func (r chunkReader) ReadAt(p []byte, at int64) (read int, err error) {
	for read < len(p) && at < r.d.Length {
		data, err := r.chunk(at / int64(r.d.ChunkSize))
		if err != nil {
			return read, err
		}
		from := at % int64(r.d.ChunkSize)
		if from >= int64(len(data)) {
			return read, io.ErrUnexpectedEOF
		}
		n := copy(p[read:], data[from:])
		read, at = read+n, at+int64(n)
	}
	if read < len(p) {
		return read, io.EOF
	}
	return read, nil
}

func (r *blobReader) chunk(n int64) ([]byte, error) {
	r.mu.Lock()
	if r.data != nil && r.n == n {
		defer r.mu.Unlock()
		return r.data, nil
	}
	r.mu.Unlock()
	data, err := r.b.chunk(r.b.db.ctx, r.d.ID, n)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n, r.data = n, data
	return data, nil
}

// chunk reads one chunk.
func (b *Blobs) chunk(ctx context.Context, blob string, n int64) (data []byte, err error) {
	err = b.db.read(ctx, "read the blob", func(ctx context.Context) error {
		var c chunkDoc
		ok, err := one(b.db.chunks.FindOne(ctx, chunkFilter(blob, n)), &c)
		if err == nil && !ok {
			err = noBlob() // it was removed
		}
		data = c.Data
		return err
	})
	return data, err
}
