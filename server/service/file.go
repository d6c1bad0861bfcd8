package service

import (
	"context"

	"parley/chat"
)

// fileLists are the operations on lists of files; those on files and uploads are in package
// files.
type fileLists struct{ *core }

// FilePage is a page of the files of a chat.
type FilePage struct {
	Files []chat.PostedFile `json:"files" msgpack:"files"`
	Users []chat.User       `json:"users" msgpack:"users"` // those who posted them
	More  bool              `json:"more" msgpack:"more"`
}

// ListFiles returns files of a chat's messages, newest first.
func (s fileLists) ListFiles(ctx context.Context, viewer chat.UserID, id chat.ChatID, l chat.FileList) (p FilePage, err error) {
	if err := chat.CheckFileKind(l.Kind); err != nil {
		return p, err
	}
	if p.Files, p.More, err = s.FilesOf(ctx, viewer, id, l); err != nil {
		return p, err
	}
	named := UserSet{}
	for _, f := range p.Files {
		named.Add(f.By)
	}
	p.Users, err = s.Users(ctx, named.List())
	return p, err
}
