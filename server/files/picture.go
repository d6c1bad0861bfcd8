package files

import (
	"context"
	"errors"
	"io"

	"parley/chat"
	"parley/server/media"
)

// UploadPicture uploads a picture that may become that of a user or chat: a square without
// metadata. length is that of the body, or -1. A picture that nobody gets must be removed by
// RemoveUpload; if it is not, it expires.
func (f *Files) UploadPicture(ctx context.Context, user chat.UserID, length int64, body io.Reader) (chat.FileID, error) {
	if length == 0 {
		return "", errNoPicture()
	}
	u, err := f.create(ctx, length, min(f.Limit, chat.MaxPicture), func(length int64) (chat.Upload, error) { return chat.NewPicture(user, length), nil })
	if err != nil {
		return "", err
	}
	u, err = f.receive(ctx, u, length, body)
	return u.ID, err
}

// OpenPicture opens the picture of a user or chat. The caller closes the blob.
func (f *Files) OpenPicture(ctx context.Context, id chat.FileID) (chat.Upload, chat.Blob, error) {
	u, err := f.Store.Picture(ctx, id)
	if err != nil {
		return u, nil, err
	}
	return f.openBlob(ctx, u, u.Blob(), chat.NoPicture)
}

// fillInPicture is fillIn for a picture: what is stored is the square.
func (f *Files) fillInPicture(ctx context.Context, u *chat.Upload, src chat.Blob) error {
	square, err := guarded(func() ([]byte, error) { return f.thumbnailer.Square(ctx, src, u.Size, u.Type, chat.PictureSide) })
	switch {
	case errors.Is(err, media.ErrNoThumbnail):
		return errNoPicture()
	case errors.Is(err, media.ErrDamaged):
		return chat.FailField(chat.BadInput, "picture", "the picture is damaged")
	case err != nil:
		return err
	}
	u.Cleaned, u.Size, u.Type = true, int64(len(square)), media.Sniff(square)
	return f.Blobs.Create(ctx, u.ID.CleanedBlob(), func(w io.Writer) error { _, err := w.Write(square); return err })
}

func errNoPicture() error {
	return chat.FailField(chat.BadInput, "picture", "a picture must be a JPEG, PNG, GIF or WebP file of at most %d megapixels", media.MaxPixels/1_000_000)
}
