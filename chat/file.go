package chat

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"parley/textrule"
)

// FileID names a file, from the first byte of its upload.
type FileID string

// File is a file as the readers of its message see it.
type File struct {
	ID         FileID `json:"id" msgpack:"id" bson:"id"`
	Name       string `json:"name" msgpack:"name" bson:"name"`
	Type       string `json:"type" msgpack:"type" bson:"type"` // told from the bytes, never by the client
	Size       int64  `json:"size" msgpack:"size" bson:"size"`
	Width      int    `json:"width,omitempty" msgpack:"width,omitempty" bson:"width,omitempty"` // px, as shown; 0: not known
	Height     int    `json:"height,omitempty" msgpack:"height,omitempty" bson:"height,omitempty"`
	DurationMs int64  `json:"durationMs,omitempty" msgpack:"durationMs,omitempty" bson:"durationMs,omitempty"`
	Thumb      bool   `json:"thumb" msgpack:"thumb" bson:"thumb"` // there is a thumbnail
	// Alt describes the file for people who cannot see it. The post brings it, since an upload
	// may begin before it is written.
	Alt string `json:"alt,omitempty" msgpack:"alt,omitempty" bson:"alt,omitempty"`
}

// FileKind is what a list of files is restricted to.
type FileKind string

const (
	ImageFile FileKind = "image"
	VideoFile FileKind = "video"
	AudioFile FileKind = "audio"
	OtherFile FileKind = "other"
)

// Kind returns the kind of the file, by its type.
func (f *File) Kind() FileKind {
	switch k, _, _ := strings.Cut(f.Type, "/"); FileKind(k) {
	case ImageFile, VideoFile, AudioFile:
		return FileKind(k)
	}
	return OtherFile
}

// CheckFileKind refuses what is not a FileKind; "" means all.
func CheckFileKind(k FileKind) error {
	switch k {
	case "", ImageFile, VideoFile, AudioFile, OtherFile:
		return nil
	}
	return FailField(BadInput, "kind", "kind must be image, video, audio or other")
}

// Upload is the record of a file: of its upload, then of its message, or of the user or chat
// whose picture it is.
type Upload struct {
	File          // Type, Size and what follows are set once it is complete
	ChatID ChatID // where it may be posted; empty: nowhere, it is a picture
	By     UserID
	Length int64 // bytes of the upload; of one whose length was not stated, the most that are accepted
	// KeepMetadata: the bytes stay as they are, with places and names in them.
	KeepMetadata bool
	Cleaned      bool // the file is the blob without metadata
	Complete     bool // all bytes are stored, and File is filled in
	CreatedAt    int64
	ExpiresAt    int64 // while no message, user or chat has it
	Message      Seq   // 0: no message has it
	Picture      bool  // a user or chat has it
}

// Blob returns the name of the blob that holds the file.
func (u *Upload) Blob() string {
	if u.Cleaned {
		return string(u.ID) + cleanedBlob
	}
	return string(u.ID)
}

const (
	cleanedBlob = ".clean"
	thumbBlob   = ".thumb"
)

// UploadBlob returns the name of the blob to which an upload is appended.
func (id FileID) UploadBlob() string { return string(id) }

// CleanedBlob returns the name of the blob that holds the file without metadata.
func (id FileID) CleanedBlob() string { return string(id) + cleanedBlob }

// ThumbBlob returns the name of the blob that holds the thumbnail.
func (id FileID) ThumbBlob() string { return string(id) + thumbBlob }

// Blobs returns the names of all blobs that a file may have.
func (id FileID) Blobs() []string { return []string{id.UploadBlob(), id.CleanedBlob(), id.ThumbBlob()} }

// FileOfBlob returns the file to which a blob belongs.
func FileOfBlob(name string) FileID {
	id, _, _ := strings.Cut(name, ".")
	return FileID(id)
}

const (
	MaxFiles       = 10   // of a message
	MaxFileName    = 255  // bytes
	MaxAlt         = 1000 // characters
	MaxFreeUploads = 200  // uploads of a user that no message has
	// UploadLife is how long an upload is kept that no message takes.
	UploadLife = 24 * time.Hour
	// UploadQuotaTime is the time over which a user's uploads are counted.
	UploadQuotaTime = 24 * time.Hour
)

// NewUpload returns the record of an upload that begins now. name may be a path, of which
// the last element is the file's name.
func NewUpload(by UserID, chat ChatID, name string, length int64, keepMetadata bool) (Upload, error) {
	name, err := fileName(name)
	now := Now()
	u := Upload{File: File{ID: NewID[FileID](), Name: name}, ChatID: chat, By: by, Length: length, KeepMetadata: keepMetadata,
		CreatedAt: now, ExpiresAt: now + UploadLife.Milliseconds()}
	if err := CheckID("chatId", chat); err != nil {
		return u, err
	}
	return u, err
}

// fileName returns the name of a file as a line. It comes from a disk, so it leaves out the
// characters that a line must not hold instead of refusing them.
func fileName(path string) (string, error) {
	if !utf8.ValidString(path) {
		return "", notUTF8("name")
	}
	path = path[strings.LastIndexAny(path, `/\`)+1:]
	tooLong := FailField(BadInput, "name", "name must have at most %d bytes", MaxFileName)
	if len(path) > 10*MaxFileName { // each turn below reads all of it
		return "", tooLong
	}
	name, bad, ok := textrule.Line(textrule.Unstack(path))
	for !ok {
		path = strings.ReplaceAll(path, string(bad), "")
		name, bad, ok = textrule.Line(textrule.Unstack(path))
	}
	switch {
	case !textrule.HasBase(name), strings.Trim(name, ".") == "": // dots may be a folder
		return "file", nil
	case len(name) > MaxFileName:
		return "", tooLong
	}
	return name, nil
}

// DraftFiles returns the files of a posted draft: their ids and descriptions, which alts holds
// by file. The rule adds the rest.
func DraftFiles(ids []FileID, alts map[FileID]string) ([]File, error) {
	if err := CheckFiles(ids); err != nil {
		return nil, err
	}
	for id := range alts {
		if !contains(ids, id) {
			return nil, FailField(BadInput, "alts", "alts describes a file that files does not name")
		}
	}
	var files []File
	for _, id := range ids {
		alt, err := FileAlt.Clean(alts[id])
		if err != nil {
			return nil, err
		}
		if n := utf8.RuneCountInString(alt); n > MaxAlt {
			return nil, FailField(BadInput, "alts", "alts must have at most %d characters for a file, it is %d characters too long", MaxAlt, n-MaxAlt)
		}
		files = append(files, File{ID: id, Alt: alt})
	}
	return files, nil
}

// Uploaded is what a user has uploaded that is still there.
type Uploaded struct {
	Bytes int64 // of the uploads of the last UploadQuotaTime
	Free  int   // uploads that no message has
}

// CheckQuota refuses an upload by a user who has uploaded so much already. most bounds the
// bytes within UploadQuotaTime; 0 is no bound.
func (u *Upload) CheckQuota(have Uploaded, most int64) error {
	switch {
	case most > 0 && have.Bytes+u.Length > most:
		return Fail(QuotaExceeded, "you may upload %s in 24 hours, and have uploaded %s", FormatBytes(most), FormatBytes(have.Bytes))
	case have.Free >= MaxFreeUploads:
		return Fail(QuotaExceeded, "you have %d uploads that are in no message: post or cancel some first", have.Free)
	}
	return nil
}

// FormatBytes returns a number of bytes for people.
func FormatBytes(n int64) string {
	unit, units := float64(n), []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && unit >= 1024 {
		unit, units = unit/1024, units[1:]
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", unit), ".0") + " " + units[0]
}

// NoFile is the error for a file that is not there, or that the user may not see.
func NoFile() error { return FailField(NotFound, "fileId", "there is no such file") }

// NoUpload is the error for an upload that is not there, or is another user's.
func NoUpload() error { return FailField(NotFound, "fileId", "there is no such upload") }

// FileInMessage is the error for a call about an upload that a message has.
func FileInMessage() error {
	return FailField(Conflict, "fileId", "a message has this file: delete the message")
}

// PostedFile is a file in a list of a chat's files.
type PostedFile struct {
	File File   `json:"file" msgpack:"file"`
	Seq  Seq    `json:"seq" msgpack:"seq"` // of the message
	By   UserID `json:"by" msgpack:"by"`
	At   int64  `json:"at" msgpack:"at"` // of the message
}

// FileList selects files of a chat, newest first.
type FileList struct {
	Kind   FileKind // "": all
	Before Seq      // of messages below it; 0: the newest
	Limit  int
}

// Cut returns the files of the list, out of at least Limit+MaxFiles of them if there are as
// many, and whether there are more. The files of one message stay together, so there may be
// MaxFiles-1 more than Limit.
func (l FileList) Cut(files []PostedFile) (page []PostedFile, more bool) {
	end := min(l.Limit, len(files))
	for end > 0 && end < len(files) && files[end].Seq == files[end-1].Seq {
		end++
	}
	return files[:end], end < len(files)
}

// FileUsage is what all files take.
type FileUsage struct {
	Files int64
	Bytes int64 // without thumbnails; of an upload under way its whole length
}
