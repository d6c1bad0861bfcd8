package api

import (
	"errors"
	"io"
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/media"
	"parley/server/transfer"
)

// FileAnswer is an answer with one file.
type FileAnswer struct {
	File chat.File `json:"file" msgpack:"file"`
}

// Files has the handlers of the files of a chat.
type Files struct{ *API }

// List handles GET /api/chats/{chatId}/files.
func (a Files) List(w http.ResponseWriter, r *http.Request) error {
	id, err := pathChat(r)
	if err != nil {
		return err
	}
	l := chat.FileList{Kind: chat.FileKind(r.URL.Query().Get("kind"))}
	if l.Limit, err = queryLimit(r, chat.DefaultPage, chat.MaxPage); err != nil {
		return err
	}
	before, err := queryInt(r.URL.Query(), "before")
	if err != nil {
		return err
	}
	if before != nil {
		if *before < 1 {
			return chat.FailField(chat.BadInput, "before", "before must be a message's number")
		}
		l.Before = chat.Seq(*before)
	}
	page, err := a.Service.ListFiles(r.Context(), callerID(r), id, l)
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, page)
	return nil
}

// Create handles POST /api/chats/{chatId}/files: the body is the file.
func (a Files) Create(w http.ResponseWriter, r *http.Request) error {
	id, err := pathChat(r)
	if err != nil {
		return err
	}
	if err := transfer.CheckEncoding(r); err != nil {
		return err
	}
	keep, err := queryBool(r, "keepMetadata")
	if err != nil {
		return err
	}
	body := transfer.NewBody(w, r)
	defer body.End()
	f, err := a.Service.UploadFile(r.Context(), callerID(r), id, r.URL.Query().Get("name"), r.ContentLength, keep, body)
	if err != nil {
		return body.Cause(err)
	}
	a.Answer(w, r, http.StatusCreated, FileAnswer{f})
	return nil
}

// Get handles GET /api/chats/{chatId}/files/{fileId}.
func (a Files) Get(w http.ResponseWriter, r *http.Request) error {
	id, file, err := pathFile(r)
	if err != nil {
		return err
	}
	download := false
	if q := r.URL.Query(); q.Has("download") {
		if q.Get("download") != "1" {
			return chat.FailField(chat.BadInput, "download", "download must be 1")
		}
		download = true
	}
	u, blob, err := a.Service.OpenFile(r.Context(), callerID(r), id, file)
	if err != nil {
		return err
	}
	defer blob.Close()
	transfer.Send(w, r, &u.File, blob, u.Type, string(u.ID), download || !media.Inline(u.Type))
	return nil
}

// GetThumb handles GET /api/chats/{chatId}/files/{fileId}/thumb.
func (a Files) GetThumb(w http.ResponseWriter, r *http.Request) error {
	id, file, err := pathFile(r)
	if err != nil {
		return err
	}
	u, blob, err := a.Service.OpenThumb(r.Context(), callerID(r), id, file)
	if err != nil {
		return err
	}
	defer blob.Close()
	head := make([]byte, media.SniffLen)
	n, err := blob.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	transfer.Send(w, r, &u.File, blob, media.Sniff(head[:n]), string(u.ID)+"-thumb", false)
	return nil
}

// pathFile returns the chat and the file that the path names.
func pathFile(r *http.Request) (chat.ChatID, chat.FileID, error) {
	id, err := pathChat(r)
	if err != nil {
		return "", "", err
	}
	file := chat.FileID(chi.URLParam(r, "fileId"))
	return id, file, chat.CheckID("fileId", file)
}
