package service

import (
	"bytes"
	"context"
	"slices"

	"parley/chat"
	"parley/store/cached"
	"parley/wire"
)

// Window returns the window of messages that a command asks for.
func (s messages) Window(c *wire.Command) (w chat.Window, err error) {
	if err := chat.CheckID("chatId", c.ChatID); err != nil {
		return w, err
	}
	if w.Limit, err = PageLimit(c.Limit, chat.DefaultPage, chat.MaxPage); err != nil {
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

// PageLimit checks a page size: nil is def, else 1 to most.
func PageLimit(n *int64, def, most int) (int, error) {
	if n == nil {
		return def, nil
	}
	return int(*n), chat.CheckLimit(*n, most)
}

// History returns a window of a chat's messages with the users that they name.
func (s messages) History(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (wire.History, error) {
	page, err := s.Page(ctx, viewer, id, w)
	if err != nil {
		return wire.History{}, err
	}
	return s.withUsers(ctx, page)
}

// Thread returns a part of the thread of a message: what replies to it, directly or
// through others, and what it replies to.
func (s messages) Thread(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq, after chat.Seq, limit int) (wire.History, error) {
	page, err := s.Store.Thread(ctx, viewer, id, seq, after, limit)
	if err != nil {
		return wire.History{}, err
	}
	return s.withUsers(ctx, page)
}

func (s messages) withUsers(ctx context.Context, page chat.Page) (wire.History, error) {
	named := UserSet{}
	for i := range page.Messages {
		named.Message(&page.Messages[i])
	}
	users, err := s.Users(ctx, named.List())
	if err != nil {
		return wire.History{}, err
	}
	return wire.History{Messages: page.Messages, Users: users, Head: page.Head,
		MoreBefore: page.MoreBefore, MoreAfter: page.MoreAfter}, nil
}

// maxPage bounds a page that is cached, in bytes.
const maxPage = 64 << 10

// EncodedHistory calls use with an encoded History. body is valid until use returns. The
// newest page of a chat is cached in this form.
func (s messages) EncodedHistory(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window, codec *wire.Codec, use func(body []byte)) error {
	key := cached.PageKey{Chat: id, Limit: w.Limit, Codec: codec.Index}
	newest := w == chat.Window{Limit: w.Limit}
	known, ok, generation := s.Pages.Get(key)
	if newest && ok && !slices.Contains(known.Reacted, viewer) {
		w.Known = known.Head
	}
	h, err := s.History(ctx, viewer, id, w)
	if err != nil {
		return err
	}
	if w.Known != 0 && h.Head == w.Known {
		use(known.Body)
		return nil
	}
	codec.With(h, func(body []byte) {
		if reacted, same := reacted(h.Messages); newest && same && len(body) <= maxPage {
			s.Pages.Put(key, cached.Page{Head: h.Head, Reacted: reacted, Body: bytes.Clone(body)}, generation)
		}
		use(body)
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
