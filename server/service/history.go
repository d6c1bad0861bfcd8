package service

import (
	"context"

	"parley/chat"
	"parley/wire"
)

// Page is a chat's newest page of messages, encoded. It is the same for all members except
// those who reacted to its messages, since their own reactions are marked.
type Page struct {
	Head    chat.Seq
	Reacted []chat.UserID
	Body    []byte
}

// PageKey identifies a cached page.
type PageKey struct {
	Chat  chat.ChatID
	Limit int
	Codec *wire.Codec
}

// Pages caches the newest page of chats. An entry is used only while its Head is the
// chat's, which the store checks together with the membership (chat.Window.Known).
type Pages struct{ cache ttlCache[PageKey, Page] }

// Get returns a cached page. A caller that finds none passes the page that it read to
// Put with the generation.
func (p *Pages) Get(k PageKey) (page Page, ok bool, generation uint64) { return p.cache.get(k) }

// Put caches a page unless Clear was called since the generation.
func (p *Pages) Put(k PageKey, page Page, generation uint64) { p.cache.put(k, page, generation) }

// Clear empties the cache. It is called before an edit or deletion is delivered.
func (p *Pages) Clear() { p.cache.clear() }

// Window returns the window of messages that a command asks for.
func (s *Service) Window(c *wire.Command) (w chat.Window, err error) {
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
func (s *Service) History(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (wire.History, error) {
	page, err := s.Page(ctx, viewer, id, w)
	if err != nil {
		return wire.History{}, err
	}
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
