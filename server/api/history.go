package api

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/wire"
)

// List handles GET /api/chats/{chatId}/messages.
func (a Messages) List(w http.ResponseWriter, r *http.Request) error {
	c := wire.Command{ChatID: chat.ChatID(chi.URLParam(r, "chatId"))}
	query := r.URL.Query()
	for _, q := range []struct {
		name string
		to   **int64
	}{{"limit", &c.Limit}, {"before", &c.Before}, {"after", &c.After}, {"around", &c.Around}} {
		n, err := request.Int(query, q.name)
		if err != nil {
			return err
		}
		*q.to = n
	}
	window, err := a.Service.Window(&c)
	if err != nil {
		return err
	}
	codec, mediaType := response.Codec(r)
	return a.Service.EncodedHistory(r.Context(), request.CallerID(r), c.ChatID, window, codec, func(body []byte) {
		response.WriteBody(w, http.StatusOK, mediaType, body)
	})
}
