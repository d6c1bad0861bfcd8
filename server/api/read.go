package api

import (
	"net/http"

	"parley/chat"
)

// PutRead handles PUT /api/chats/{chatId}/read.
func (a *API) PutRead(w http.ResponseWriter, r *http.Request) error {
	id, err := pathChat(r)
	if err != nil {
		return err
	}
	var in struct {
		Seq *chat.Seq `json:"seq"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if in.Seq == nil || *in.Seq == 0 {
		return chat.FailField(chat.BadInput, "seq", "seq must be a number in the chat")
	}
	if err := a.Service.MarkRead(r.Context(), callerID(r), id, *in.Seq); err != nil {
		return err
	}
	return noContent(w)
}
