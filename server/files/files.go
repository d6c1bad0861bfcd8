package files

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"parley/chat"
	"parley/internal/keyed"
	"parley/server/media"
)

// Store is what is asked of the store.
type Store interface {
	chat.Files
	Full() bool
}

// Config is the configuration of Files. Nothing in it changes afterwards.
type Config struct {
	Store Store
	Blobs chat.Blobs // nil: no files are stored
	Log   *slog.Logger
	// In bytes: of one file; that one user uploads in a day, and of all files (0: no limit).
	Limit, Uploads, Storage int64
}

// Files are the operations on uploads and on the files of messages. All methods are safe
// for concurrent use.
type Files struct {
	Config
	thumbnailer *media.Thumbnailer
	completing  keyed.Mutex // by file
	sending     sending
	stats       stats
	wake        chan struct{}
}

// New returns Files; Sweep is its only goroutine.
func New(c Config) *Files {
	return &Files{Config: c, thumbnailer: media.NewThumbnailer(), sending: sending{by: map[chat.UserID]int{}}, wake: make(chan struct{}, 1)}
}

// OpenFile opens a file of a chat for a viewer. The caller closes the blob.
func (f *Files) OpenFile(ctx context.Context, viewer chat.UserID, id chat.ChatID, file chat.FileID) (chat.Upload, chat.Blob, error) {
	return f.open(ctx, viewer, id, file, (*chat.Upload).Blob)
}

// OpenThumb opens the thumbnail of a file, whose Type is that of the thumbnail then;
// not_found if it has none.
func (f *Files) OpenThumb(ctx context.Context, viewer chat.UserID, id chat.ChatID, file chat.FileID) (chat.Upload, chat.Blob, error) {
	u, b, err := f.open(ctx, viewer, id, file, func(u *chat.Upload) string {
		if !u.Thumb {
			return ""
		}
		return u.ID.ThumbBlob()
	})
	if err != nil {
		return u, nil, err
	}
	if u.Type, err = sniff(b); err != nil {
		_ = b.Close()
	}
	return u, b, err
}

// sniff returns the type of a blob.
func sniff(b chat.Blob) (string, error) {
	head := make([]byte, media.SniffLen)
	n, err := b.ReadAt(head, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return media.Sniff(head[:n]), err
}

func (f *Files) open(ctx context.Context, viewer chat.UserID, id chat.ChatID, file chat.FileID, name func(*chat.Upload) string) (chat.Upload, chat.Blob, error) {
	u, err := f.Store.File(ctx, viewer, id, file)
	if err != nil {
		return u, nil, err
	}
	return f.openBlob(ctx, u, name(&u), chat.NoFile)
}

// openBlob opens a blob of an upload; missing is the error if there is none.
func (f *Files) openBlob(ctx context.Context, u chat.Upload, blob string, missing func() error) (chat.Upload, chat.Blob, error) {
	if blob == "" || f.Blobs == nil {
		return u, nil, missing()
	}
	b, err := f.Blobs.Open(ctx, blob)
	if chat.Is(err, chat.NotFound) { // just deleted, or missing: Sweep counts those
		err = missing()
	}
	return u, b, err
}
