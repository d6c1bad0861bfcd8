// Package pictures sets and serves the pictures of users and chats.
package pictures

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/api"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
	"parley/server/transfer"
)

// Pictures has the handlers of pictures.
type Pictures struct{ *api.API }

// Get handles GET /api/pictures/{pictureId}.
func (a Pictures) Get(w http.ResponseWriter, r *http.Request) error {
	id := chat.FileID(chi.URLParam(r, "pictureId"))
	if err := chat.CheckID("pictureId", id); err != nil {
		return err
	}
	u, blob, err := a.Service.OpenPicture(r.Context(), id)
	if err != nil {
		return err
	}
	defer blob.Close()
	transfer.SendPicture(w, r, &u.File, blob)
	return nil
}

// PutMine handles PUT /api/me/picture: the body is the picture.
func (a Pictures) PutMine(w http.ResponseWriter, r *http.Request) error {
	var user chat.User
	err := a.put(w, r, func(id chat.FileID) (err error) {
		user, err = a.setMine(r, id)
		return err
	})
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, api.UserAnswer{User: user})
	return nil
}

// DeleteMine handles DELETE /api/me/picture.
func (a Pictures) DeleteMine(w http.ResponseWriter, r *http.Request) error {
	user, err := a.setMine(r, "")
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, api.UserAnswer{User: user})
	return nil
}

func (a Pictures) setMine(r *http.Request, id chat.FileID) (chat.User, error) {
	return a.Service.UpdateProfile(r.Context(), request.Caller(r), service.Profile{Picture: &id})
}

// PutOfChat handles PUT /api/chats/{chatId}/picture: the body is the picture.
func (a Pictures) PutOfChat(w http.ResponseWriter, r *http.Request) error {
	// A rename that changes nothing: refuses those who may not, before the body is read.
	if err := a.rename(r, service.ChatPatch{}); err != nil {
		return err
	}
	if err := a.put(w, r, func(id chat.FileID) error { return a.rename(r, service.ChatPatch{Picture: &id}) }); err != nil {
		return err
	}
	return api.Chats{API: a.API}.Get(w, r)
}

// DeleteOfChat handles DELETE /api/chats/{chatId}/picture.
func (a Pictures) DeleteOfChat(w http.ResponseWriter, r *http.Request) error {
	none := chat.FileID("")
	if err := a.rename(r, service.ChatPatch{Picture: &none}); err != nil {
		return err
	}
	return api.Chats{API: a.API}.Get(w, r)
}

func (a Pictures) rename(r *http.Request, change service.ChatPatch) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	return a.Service.PatchChat(r.Context(), request.Caller(r), id, change, "")
}

// put uploads the body of a request as a picture and calls set with it. If set fails, the
// picture is removed.
func (a Pictures) put(w http.ResponseWriter, r *http.Request, set func(chat.FileID) error) error {
	if err := transfer.CheckEncoding(r); err != nil {
		return err
	}
	body := transfer.NewBody(w, r)
	defer body.End()
	user := request.CallerID(r)
	id, err := a.Service.UploadPicture(r.Context(), user, r.ContentLength, body)
	if err != nil {
		return body.Cause(err)
	}
	if err = set(id); err != nil {
		// What cannot be removed now expires. One that was set after all is kept.
		_ = a.Service.RemoveUpload(context.WithoutCancel(r.Context()), user, id)
	}
	return err
}
