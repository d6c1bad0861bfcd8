package chat

const (
	// MaxPicture bounds the bytes of a picture that is uploaded for a user or chat.
	MaxPicture = 8 << 20
	// PictureSide is the largest width and height of such a picture as it is stored, in px.
	PictureSide = 512
)

// NewPicture returns the record of the upload of a picture for a user or chat that begins
// now.
func NewPicture(by UserID, length int64) Upload {
	now := Now()
	return Upload{File: File{ID: NewID[FileID](), Name: "picture"}, By: by, Length: length, CreatedAt: now, ExpiresAt: now + UploadLife.Milliseconds()}
}

// CheckPicture judges whether a user may make a file, of which u is the zero Upload if there
// is none, the picture of themselves or of a chat.
func CheckPicture(u Upload, by UserID) error {
	switch {
	case u.ID == "" || u.ChatID != "" || u.By != by:
		return FailField(BadInput, "picture", "picture must be one that you uploaded")
	case !u.Complete:
		return FailField(Conflict, "picture", "the upload of the picture is not complete")
	case u.Picture:
		return FailField(Conflict, "picture", "another user or chat has this picture")
	}
	return nil
}

// NoPicture is the error for an id of which there is no picture.
func NoPicture() error { return FailField(NotFound, "pictureId", "there is no such picture") }
