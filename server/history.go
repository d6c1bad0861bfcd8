package server

import (
	"bytes"
	"context"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/wire"
)

// page is a chat's newest page as it goes out. It is the same for every member
// but those who reacted on it: theirs says so.
type page struct {
	head    chat.Seq
	reacted []chat.UserID
	body    []byte
}

type pageKey struct {
	chat  chat.ChatID
	limit int
	codec *wire.Codec
}

// maxPage bounds a page that is remembered, in bytes.
const maxPage = 64 << 10

func (s *Server) listMessages(w http.ResponseWriter, r *http.Request) error {
	c := wire.Command{ChatID: chat.ChatID(chi.URLParam(r, "chatId"))}
	query := r.URL.Query()
	for _, q := range []struct {
		name string
		to   **int64
	}{{"limit", &c.Limit}, {"before", &c.Before}, {"after", &c.After}, {"around", &c.Around}} {
		n, err := number(query, q.name)
		if err != nil {
			return err
		}
		*q.to = n
	}
	window, err := window(&c)
	if err != nil {
		return err
	}
	viewer := me(r)
	codec, mediaType := accepts(r)
	key := pageKey{c.ChatID, window.Limit, codec}
	newest := window == chat.Window{Limit: window.Limit}
	known, ok, era := s.memory.pages.get(key)
	if newest && ok && !slices.Contains(known.reacted, viewer) {
		window.Known = known.head
	}
	h, err := s.history(r.Context(), viewer, c.ChatID, window)
	if err != nil {
		return err
	}
	if window.Known != 0 && h.Head == window.Known {
		send(w, http.StatusOK, mediaType, known.body)
		return nil
	}
	codec.With(h, func(body []byte) {
		if reacted, same := reacted(h.Messages); newest && same && len(body) <= maxPage {
			s.memory.pages.put(key, page{h.Head, reacted, bytes.Clone(body)}, era)
		}
		send(w, http.StatusOK, mediaType, body)
	})
	return nil
}

// reacted gives who reacted on the messages, and whether the page is the same
// for everybody else: not if it says that the viewer did, nor if some are not
// named.
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

// window judges which messages a command asks for.
func window(c *wire.Command) (w chat.Window, err error) {
	if err := chat.CheckID("chatId", c.ChatID); err != nil {
		return w, err
	}
	if w.Limit, err = limit(c.Limit, chat.DefaultPage, chat.MaxPage); err != nil {
		return w, err
	}
	sides := 0
	for _, side := range []struct {
		name string
		from *int64
		to   *chat.Seq
	}{{"before", c.Before, &w.Before}, {"after", c.After, &w.After}, {"around", c.Around, &w.Around}} {
		if side.from == nil {
			continue
		}
		if sides++; sides > 1 {
			return w, chat.FailField(chat.BadInput, side.name, "only one of before, after and around may be given")
		}
		if *side.from < 0 || (*side.from == 0 && side.name != "after") {
			return w, chat.FailField(chat.BadInput, side.name, "%s must be a message's number", side.name)
		}
		*side.to = chat.Seq(*side.from)
	}
	w.FromStart = c.After != nil && *c.After == 0
	return w, nil
}

// history reads a window of a chat's messages with the people in it.
func (s *Server) history(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (wire.History, error) {
	page, err := s.Store.Page(ctx, viewer, id, w)
	if err != nil {
		return wire.History{}, err
	}
	ids := people{}
	for i := range page.Messages {
		ids.message(&page.Messages[i])
	}
	users, err := s.Store.Users(ctx, ids.list())
	if err != nil {
		return wire.History{}, err
	}
	return wire.History{Messages: page.Messages, Users: users, Head: page.Head,
		MoreBefore: page.MoreBefore, MoreAfter: page.MoreAfter}, nil
}
