// Package tus serves resumable uploads: tus 1.0.0
// (https://tus.io/protocols/resumable-upload), with the extensions creation, creation-with-upload,
// termination and expiration.
package tus

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
	"parley/server/transfer"
)

// Uploads has the handlers of resumable uploads.
type Uploads struct {
	Service *service.Service
	// Fail answers with an error; status 0 is that of the error's code.
	Fail func(w http.ResponseWriter, r *http.Request, status int, err error)
}

const (
	version     = "1.0.0"
	extensions  = "creation,creation-with-upload,termination,expiration"
	bodyType    = "application/offset+octet-stream"
	uploadsPath = "/api/uploads/"
)

// Options handles OPTIONS /api/uploads.
func (a Uploads) Options(w http.ResponseWriter, _ *http.Request) error {
	h := w.Header()
	h.Set("Tus-Resumable", version)
	h.Set("Tus-Version", version)
	h.Set("Tus-Extension", extensions)
	h.Set("Tus-Max-Size", strconv.FormatInt(a.Service.Limits().File, 10))
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// checkVersion checks the version of the protocol that the client speaks.
func checkVersion(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Tus-Resumable", version)
	if v := r.Header.Get("Tus-Resumable"); v != version {
		w.Header().Set("Tus-Version", version)
		return errVersion
	}
	return transfer.CheckEncoding(r)
}

var errVersion = chat.FailField(chat.BadInput, "Tus-Resumable", "Tus-Resumable must be %s", version)

// Handle returns a handler of a function that returns its error.
func (a Uploads) Handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := checkVersion(w, r)
		if err == nil {
			err = f(w, r)
		}
		switch {
		case err == errVersion:
			a.Fail(w, r, http.StatusPreconditionFailed, err)
		case err != nil:
			a.Fail(w, r, 0, err)
		}
	}
}

// Create handles POST /api/uploads.
func (a Uploads) Create(w http.ResponseWriter, r *http.Request) error {
	length, err := headerSize(r, "Upload-Length")
	if err != nil {
		return err
	}
	meta, err := uploadMetadata(r.Header.Get("Upload-Metadata"))
	if err != nil {
		return err
	}
	keep, known := map[string]bool{"": false, "false": false, "true": true}[meta["keepMetadata"]]
	if !known {
		return chat.FailField(chat.BadInput, "keepMetadata", "keepMetadata must be true or false")
	}
	var body *transfer.Body
	if r.ContentLength != 0 && r.Body != http.NoBody {
		if err := checkBody(r); err != nil {
			return err
		}
		body = transfer.NewBody(w, r)
		defer body.End()
	}
	u, err := a.Service.CreateUpload(r.Context(), callerID(r), chat.ChatID(meta["chatId"]), meta["filename"], length, keep)
	if err != nil {
		return err
	}
	size := int64(0)
	if body != nil {
		// The upload exists: where its first bytes were cut, the client goes on.
		if u, size, err = a.Service.AppendUpload(r.Context(), callerID(r), u.ID, 0, body); err != nil && !body.Cut() {
			return err
		}
	}
	w.Header().Set("Location", uploadsPath+string(u.ID))
	uploadHeaders(w, &u, size)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// Head handles HEAD /api/uploads/{fileId}.
func (a Uploads) Head(w http.ResponseWriter, r *http.Request) error {
	id, err := pathUpload(r)
	if err != nil {
		return err
	}
	u, offset, err := a.Service.UploadOf(r.Context(), callerID(r), id)
	if err != nil {
		return err
	}
	w.Header().Set("Upload-Length", strconv.FormatInt(u.Length, 10))
	uploadHeaders(w, &u, offset)
	w.WriteHeader(http.StatusOK)
	return nil
}

// Patch handles PATCH /api/uploads/{fileId}.
func (a Uploads) Patch(w http.ResponseWriter, r *http.Request) error {
	id, err := pathUpload(r)
	if err != nil {
		return err
	}
	offset, err := headerSize(r, "Upload-Offset")
	if err != nil {
		return err
	}
	if err := checkBody(r); err != nil {
		return err
	}
	body := transfer.NewBody(w, r)
	defer body.End()
	u, size, err := a.Service.AppendUpload(r.Context(), callerID(r), id, offset, body)
	if err != nil {
		return body.Cause(err)
	}
	uploadHeaders(w, &u, size)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Delete handles DELETE /api/uploads/{fileId}.
func (a Uploads) Delete(w http.ResponseWriter, r *http.Request) error {
	id, err := pathUpload(r)
	if err != nil {
		return err
	}
	if err := a.Service.RemoveUpload(r.Context(), callerID(r), id); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// Override handles POST /api/uploads/{fileId}, for clients that cannot send the method that
// X-HTTP-Method-Override names.
func (a Uploads) Override(w http.ResponseWriter, r *http.Request) error {
	switch r.Header.Get("X-HTTP-Method-Override") {
	case http.MethodPatch:
		return a.Patch(w, r)
	case http.MethodDelete:
		return a.Delete(w, r)
	}
	return chat.FailField(chat.BadInput, "X-HTTP-Method-Override", "X-HTTP-Method-Override must be PATCH or DELETE")
}

func callerID(r *http.Request) chat.UserID { return middleware.CallerOf(r.Context()).User.ID }

func pathUpload(r *http.Request) (chat.FileID, error) {
	id := chat.FileID(chi.URLParam(r, "fileId"))
	return id, chat.CheckID("fileId", id)
}

// uploadHeaders sets what tus tells of an upload.
func uploadHeaders(w http.ResponseWriter, u *chat.Upload, offset int64) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(offset, 10))
	if u.Message == 0 {
		w.Header().Set("Upload-Expires", time.UnixMilli(u.ExpiresAt).UTC().Format(http.TimeFormat))
	}
}

func checkBody(r *http.Request) error {
	if t := r.Header.Get("Content-Type"); t != bodyType {
		return chat.FailField(chat.WrongType, "Content-Type", "Content-Type must be %s", bodyType)
	}
	return nil
}

// headerSize returns the number of bytes that a header states.
func headerSize(r *http.Request, name string) (int64, error) {
	n, err := strconv.ParseInt(r.Header.Get(name), 10, 64)
	if err != nil || n < 0 {
		return 0, chat.FailField(chat.BadInput, name, "%s must be a number of bytes", name)
	}
	return n, nil
}

// uploadMetadata parses Upload-Metadata: keys and values in Base64, separated by commas.
func uploadMetadata(header string) (map[string]string, error) {
	meta := map[string]string{}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" {
			continue
		}
		decoded, err := base64.StdEncoding.DecodeString(value)
		if _, again := meta[key]; again || err != nil || !utf8.Valid(decoded) {
			return nil, chat.FailField(chat.BadInput, "Upload-Metadata", "Upload-Metadata must be keys with values in Base64, each key once")
		}
		meta[key] = string(decoded)
	}
	return meta, nil
}
