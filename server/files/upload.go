package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"parley/chat"
	"parley/server/media"
)

// maxSending bounds the uploads of one user whose bytes are arriving at the same time.
const maxSending = 64

// retrySoon is the delay after which a refused upload may be tried again.
const retrySoon = 5 * time.Second

// sending counts the uploads that are arriving, by user.
type sending struct {
	mu  sync.Mutex
	by  map[chat.UserID]int // guarded by mu
	all int                 // guarded by mu
}

func (s *sending) begin(u chat.UserID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[u] == maxSending {
		return chat.FailAfter(chat.RateLimited, retrySoon, "%d of your uploads are arriving already, wait for one to end", maxSending)
	}
	s.by[u]++
	s.all++
	return nil
}

func (s *sending) end(u chat.UserID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.by[u]--; s.by[u] == 0 {
		delete(s.by, u)
	}
}

// CreateUpload begins an upload of length bytes. A length of -1 is one that is not known:
// such an upload must be sent by one AppendUpload, up to Limit.
func (f *Files) CreateUpload(ctx context.Context, user chat.UserID, to chat.ChatID, name string, length int64, keepMetadata bool) (u chat.Upload, err error) {
	return f.create(ctx, length, f.Limit, func(length int64) (chat.Upload, error) {
		return chat.NewUpload(user, to, name, length, keepMetadata)
	})
}

// create begins an upload of at most most bytes, with the record that begin returns.
func (f *Files) create(ctx context.Context, length, most int64, begin func(length int64) (chat.Upload, error)) (u chat.Upload, err error) {
	defer func() { f.stats.refused(err) }()
	switch {
	case f.Blobs == nil:
		return u, chat.Fail(chat.Forbidden, "this server stores no files")
	case length > most:
		return u, errTooLarge(most)
	case length < 0:
		length = most
	}
	if f.Store.Full() {
		return u, chat.FailAfter(chat.DiskFull, retrySoon, "the server's disk is full: files cannot be stored until it has room")
	}
	if u, err = begin(length); err != nil {
		return u, err
	}
	if most := f.Storage; most > 0 && f.stats.bytes()+length > most {
		return u, chat.Fail(chat.QuotaExceeded, "the files of this server may take %s, and %s of it are used", chat.FormatBytes(most), chat.FormatBytes(f.stats.bytes()))
	}
	if err := f.Store.CreateUpload(ctx, u, f.Uploads); err != nil {
		return u, err
	}
	f.stats.created(length)
	if _, err := f.Blobs.Append(ctx, u.ID.UploadBlob(), 0, noBytes{}); err != nil { // also finds out whether there is room
		return u, errors.Join(err, f.RemoveUpload(ctx, u.By, u.ID))
	}
	if length == 0 {
		return f.complete(ctx, u)
	}
	return u, nil
}

func errTooLarge(most int64) error {
	return chat.Fail(chat.FileTooLarge, "a file may have at most %s", chat.FormatBytes(most))
}

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, io.EOF }

// UploadOf returns an upload of the user, and how many of its bytes are on disk. If all
// are, it is complete.
func (f *Files) UploadOf(ctx context.Context, user chat.UserID, id chat.FileID) (u chat.Upload, offset int64, err error) {
	if u, err = f.Store.Upload(ctx, user, id); err != nil || u.Complete {
		return u, u.Length, err
	}
	if offset, err = f.Blobs.Size(ctx, id.UploadBlob()); err != nil && !chat.Is(err, chat.NotFound) {
		return u, 0, err
	}
	if offset == u.Length {
		u, err = f.complete(ctx, u)
	}
	return u, offset, err
}

// AppendUpload adds the bytes of body to an upload, and completes it with the last one. It
// returns how many bytes are on disk, also with an error: what arrived is kept.
func (f *Files) AppendUpload(ctx context.Context, user chat.UserID, id chat.FileID, offset int64, body io.Reader) (u chat.Upload, size int64, err error) {
	if u, size, err = f.UploadOf(ctx, user, id); err != nil {
		return u, size, err
	}
	if offset != size {
		return u, size, chat.FailField(chat.Conflict, "Upload-Offset", "the upload has %d bytes, not %d", size, offset)
	}
	if !u.Complete {
		if size, err = f.append(ctx, &u, offset, body); err != nil {
			return u, size, err
		}
	}
	if size == u.Length {
		if n, _ := body.Read(make([]byte, 1)); n > 0 {
			return u, size, chat.Fail(chat.TooLarge, "the body goes on behind the %d bytes of the upload", u.Length)
		}
		u, err = f.complete(ctx, u)
	}
	return u, size, err
}

func (f *Files) append(ctx context.Context, u *chat.Upload, offset int64, body io.Reader) (int64, error) {
	if err := f.sending.begin(u.By); err != nil {
		return offset, err
	}
	defer f.sending.end(u.By)
	size, err := f.Blobs.Append(ctx, u.ID.UploadBlob(), offset, io.LimitReader(body, u.Length-offset))
	var known *chat.Error
	if errors.As(err, &known) && known.Code == chat.Conflict {
		err = chat.FailField(chat.Conflict, "Upload-Offset", "%s", known.Message)
	}
	f.stats.refused(err)
	return size, err
}

// UploadFile uploads a whole file. length is that of the body, or -1.
func (f *Files) UploadFile(ctx context.Context, user chat.UserID, to chat.ChatID, name string, length int64, keepMetadata bool, body io.Reader) (file chat.File, err error) {
	u, err := f.CreateUpload(ctx, user, to, name, length, keepMetadata)
	if err != nil {
		return file, err
	}
	u, err = f.receive(ctx, u, length, body)
	return u.File, err
}

// receive appends the whole body to an upload and completes it; length is that of the body,
// or -1. If it fails, the upload is removed.
func (f *Files) receive(ctx context.Context, u chat.Upload, length int64, body io.Reader) (_ chat.Upload, err error) {
	if u.Complete {
		return u, nil
	}
	defer func() {
		if err != nil {
			// What cannot be removed now expires.
			_ = f.RemoveUpload(context.WithoutCancel(ctx), u.By, u.ID)
		}
	}()
	size, err := f.append(ctx, &u, 0, body)
	if err != nil {
		return u, err
	}
	if n, _ := body.Read(make([]byte, 1)); n > 0 {
		return u, errTooLarge(u.Length)
	}
	if length >= 0 && size < length {
		return u, chat.Fail(chat.BadInput, "the body ended after %d of %d bytes", size, length)
	}
	u.Length = size
	return f.complete(ctx, u)
}

// RemoveUpload ends an upload, or removes a file that no message has.
func (f *Files) RemoveUpload(ctx context.Context, user chat.UserID, id chat.FileID) error {
	err := f.Store.RemoveUpload(ctx, user, id)
	if err == nil {
		f.Wake()
	}
	return err
}

// complete makes an upload whose bytes are all on disk a file: it reads what the file is,
// removes metadata and makes a thumbnail. After a crash it starts again. An upload whose
// metadata cannot be removed, since the file is damaged, is removed.
func (f *Files) complete(ctx context.Context, u chat.Upload) (chat.Upload, error) {
	unlock, err := f.completing.Lock(ctx, string(u.ID))
	if err != nil {
		return u, err
	}
	defer unlock()
	if now, err := f.Store.Upload(ctx, u.By, u.ID); err != nil || now.Complete {
		return now, err
	}
	err = f.fillIn(ctx, &u)
	if errors.Is(err, media.ErrDamaged) {
		if err := f.RemoveUpload(ctx, u.By, u.ID); err != nil {
			return u, err
		}
		return u, chat.FailField(chat.BadInput, "file", "%s is damaged, so that the place where it was made cannot be removed from it; send it as a file to keep it as it is", u.Name)
	}
	if err != nil {
		return u, err
	}
	saved, err := f.Store.CompleteUpload(ctx, u)
	if err == nil {
		f.stats.created(saved.Size - u.Length)
	}
	if err == nil && saved.Cleaned {
		_ = f.Blobs.Remove(ctx, u.ID.UploadBlob()) // if it fails, Sweep does it
	}
	return saved, err
}

// fillIn sets what the file of an upload is, and stores the blobs that belong to it.
func (f *Files) fillIn(ctx context.Context, u *chat.Upload) (err error) {
	src, err := f.Blobs.Open(ctx, u.ID.UploadBlob())
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	if u.Type, err = sniff(src); err != nil {
		return err
	}
	u.Size = src.Size()
	if u.ChatID == "" {
		return f.fillInPicture(ctx, u, src)
	}
	if !u.KeepMetadata {
		cleaned, err := guarded(func() (*media.Cleaned, error) { return media.Clean(src, u.Size, u.Type) })
		if err != nil {
			return err
		}
		if cleaned.Changed() {
			if err := f.Blobs.Create(ctx, u.ID.CleanedBlob(), func(w io.Writer) error { _, err := cleaned.WriteTo(w); return err }); err != nil {
				return err
			}
			_ = src.Close()
			if src, err = f.Blobs.Open(ctx, u.ID.CleanedBlob()); err != nil {
				return err
			}
			u.Cleaned, u.Size = true, src.Size()
		}
	}
	info, err := guarded(func() (media.Info, error) { return media.Inspect(src, u.Size, u.Type) })
	if err != nil && !errors.Is(err, media.ErrDamaged) {
		return err
	}
	u.Width, u.Height, u.DurationMs = info.Width, info.Height, info.DurationMs
	thumb, err := guarded(func() ([]byte, error) { return f.thumbnailer.Thumbnail(ctx, src, u.Size, u.Type) })
	switch {
	case err == nil:
		u.Thumb = true
		return f.Blobs.Create(ctx, u.ID.ThumbBlob(), func(w io.Writer) error { _, err := w.Write(thumb); return err })
	case errors.Is(err, media.ErrNoThumbnail), errors.Is(err, media.ErrDamaged):
		return nil
	}
	return err
}

// guarded returns a panic of a decoder as a damaged file.
func guarded[T any](decode func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", media.ErrDamaged, p)
		}
	}()
	return decode()
}
