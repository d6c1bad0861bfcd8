// Package lists has the handlers of lists of messages that are not a window of a chat: pins,
// threads, and what concerns a user.
package lists

import (
	"net/http"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// ThreadAnswer is a part of a thread.
type ThreadAnswer struct {
	Messages  []chat.Message `json:"messages" msgpack:"messages"`
	Users     []chat.User    `json:"users" msgpack:"users"`
	Head      chat.Seq       `json:"head" msgpack:"head"`
	MoreAfter bool           `json:"moreAfter" msgpack:"moreAfter"`
}

// Lists has the handlers.
type Lists struct{ Service *service.Service }

// Mentions handles GET /api/mentions.
func (a Lists) Mentions(w http.ResponseWriter, r *http.Request) error {
	limit, err := request.Limit(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	page, err := a.Service.ListMentions(r.Context(), request.CallerID(r), r.URL.Query().Get("before"), limit)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, page)
	return nil
}

// Pins handles GET /api/chats/{chatId}/pins.
func (a Lists) Pins(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	list, err := a.Service.ListPins(r.Context(), request.CallerID(r), id)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, list)
	return nil
}

// Thread handles GET /api/chats/{chatId}/messages/{seq}/thread.
func (a Lists) Thread(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	limit, err := request.Limit(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	after, err := request.Int(r.URL.Query(), "after")
	if err != nil {
		return err
	}
	from := chat.Seq(0)
	if after != nil {
		if *after < 0 {
			return chat.FailField(chat.BadInput, "after", "after must be a message's number, or 0")
		}
		from = chat.Seq(*after)
	}
	h, err := a.Service.Thread(r.Context(), request.CallerID(r), id, seq, from, limit)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, ThreadAnswer{h.Messages, h.Users, h.Head, h.MoreAfter})
	return nil
}
