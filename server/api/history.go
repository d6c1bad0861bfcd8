package api

import (
	"bytes"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

// maxPage bounds a page that is cached, in bytes.
const maxPage = 64 << 10

// ListMessages handles GET /api/chats/{chatId}/messages.
func (a *API) ListMessages(w http.ResponseWriter, r *http.Request) error {
	c := wire.Command{ChatID: chat.ChatID(chi.URLParam(r, "chatId"))}
	query := r.URL.Query()
	for _, q := range []struct {
		name string
		to   **int64
	}{{"limit", &c.Limit}, {"before", &c.Before}, {"after", &c.After}, {"around", &c.Around}} {
		n, err := queryInt(query, q.name)
		if err != nil {
			return err
		}
		*q.to = n
	}
	window, err := a.Service.Window(&c)
	if err != nil {
		return err
	}
	viewer := callerID(r)
	codec, mediaType := answerCodec(r)
	key := service.PageKey{Chat: c.ChatID, Limit: window.Limit, Codec: codec}
	newest := window == chat.Window{Limit: window.Limit}
	known, ok, generation := a.Service.Pages.Get(key)
	if newest && ok && !slices.Contains(known.Reacted, viewer) {
		window.Known = known.Head
	}
	h, err := a.Service.History(r.Context(), viewer, c.ChatID, window)
	if err != nil {
		return err
	}
	if window.Known != 0 && h.Head == window.Known {
		writeBody(w, http.StatusOK, mediaType, known.Body)
		return nil
	}
	codec.With(h, func(body []byte) {
		if reacted, same := reacted(h.Messages); newest && same && len(body) <= maxPage {
			a.Service.Pages.Put(key, service.Page{Head: h.Head, Reacted: reacted, Body: bytes.Clone(body)}, generation)
		}
		writeBody(w, http.StatusOK, mediaType, body)
	})
	return nil
}

// reacted returns the users who reacted to the messages, and whether the page is the same
// for all other users. It is not if the viewer reacted, or if a reaction does not name all
// of its users.
func reacted(messages []chat.Message) (by []chat.UserID, same bool) {
	for i := range messages {
		for _, x := range messages[i].Reactions {
			if x.Mine || x.Count > len(x.By) {
				return nil, false
			}
			by = append(by, x.By...)
		}
	}
	return by, true
}
