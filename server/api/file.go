package api

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
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
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	l := chat.FileList{Kind: chat.FileKind(r.URL.Query().Get("kind"))}
	if l.Limit, err = request.Limit(r, chat.DefaultPage, chat.MaxPage); err != nil {
		return err
	}
	before, err := request.Int(r.URL.Query(), "before")
	if err != nil {
		return err
	}
	if before != nil {
		if *before < 1 {
			return chat.FailField(chat.BadInput, "before", "before must be a message's number")
		}
		l.Before = chat.Seq(*before)
	}
	page, err := a.Service.ListFiles(r.Context(), request.CallerID(r), id, l)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, page)
	return nil
}

// Create handles POST /api/chats/{chatId}/files: the body is the file.
func (a Files) Create(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	if err := transfer.CheckEncoding(r); err != nil {
		return err
	}
	keep, err := request.Bool(r, "keepMetadata")
	if err != nil {
		return err
	}
	body := transfer.NewBody(w, r)
	defer body.End()
	f, err := a.Service.UploadFile(r.Context(), request.CallerID(r), id, r.URL.Query().Get("name"), r.ContentLength, keep, body)
	if err != nil {
		return body.Cause(err)
	}
	response.Write(w, r, http.StatusCreated, FileAnswer{f})
	return nil
}

// Get handles GET /api/chats/{chatId}/files/{fileId}.
func (a Files) Get(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, a.Service.OpenFile, "")
}

// GetThumb handles GET /api/chats/{chatId}/files/{fileId}/thumb.
func (a Files) GetThumb(w http.ResponseWriter, r *http.Request) error {
	return send(w, r, a.Service.OpenThumb, "-thumb")
}

// send answers with what open opens of the file that the path names.
func send(w http.ResponseWriter, r *http.Request, open func(context.Context, chat.UserID, chat.ChatID, chat.FileID) (chat.Upload, chat.Blob, error), form string) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	file := chat.FileID(chi.URLParam(r, "fileId"))
	if err := chat.CheckID("fileId", file); err != nil {
		return err
	}
	if err := transfer.CheckQuery(r); err != nil {
		return err
	}
	u, blob, err := open(r.Context(), request.CallerID(r), id, file)
	if err != nil {
		return err
	}
	defer blob.Close()
	transfer.Send(w, r, &u.File, blob, string(u.ID)+form)
	return nil
}
