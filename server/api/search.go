package api

import (
	"net/http"

	"parley/chat"
	"parley/server/find"
	"parley/server/request"
	"parley/server/response"
)

// Searches has the handler of searches.
type Searches struct{ *API }

// Get handles GET /api/search.
func (a Searches) Get(w http.ResponseWriter, r *http.Request) error {
	limit, err := request.Limit(r, find.MaxPage, find.MaxPage)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	q := find.Question{Q: query.Get("q"), Chat: chat.ChatID(query.Get("chatId")), Limit: limit, Cursor: query.Get("cursor"), Zone: query.Get("tz")}
	if query.Has("chatId") {
		if err := chat.CheckID("chatId", q.Chat); err != nil {
			return err
		}
	}
	answer, err := a.Service.Search(r.Context(), request.CallerID(r), q)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, answer)
	return nil
}
