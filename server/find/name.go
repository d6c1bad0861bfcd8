package find

import (
	"context"
	"slices"

	"parley/chat"
	"parley/search"
)

// resolve adds to the query what its names mean to the viewer.
func (s *asked) resolve(ctx context.Context, q Question, names search.Names) error {
	if q.Chat != "" {
		if !slices.ContainsFunc(s.chats, func(c chat.Chat) bool { return c.ID == q.Chat }) {
			return chat.FailField(chat.NotFound, "chatId", "there is no such chat")
		}
		s.query.Chats = []chat.ChatID{q.Chat}
	}
	for i, in := range names.In {
		ids, err := s.chatsNamed(ctx, in)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return chat.FailField(chat.BadInput, "q", "in: you are in no conversation called %q", in)
		}
		if q.Chat == "" {
			s.query.Chats = append(s.query.Chats, ids...)
		} else if i == 0 && !slices.Contains(ids, q.Chat) {
			return chat.FailField(chat.BadInput, "q", "in: you are searching another conversation")
		}
	}
	for _, name := range []struct {
		filter, handle string
		add            func(chat.UserID)
	}{{"from", names.From, s.query.AddFrom}, {"mentions", names.Mentions, s.query.AddMentions}} {
		if name.handle == "" {
			continue
		}
		id, err := s.user(ctx, name.handle)
		if err != nil {
			return err
		}
		if id == "" {
			return chat.FailField(chat.BadInput, "q", "%s: no one has the handle @%s", name.filter, name.handle)
		}
		name.add(id)
	}
	return nil
}

// user returns the user with a handle, or the viewer for me; "" if there is none.
func (s *asked) user(ctx context.Context, handle string) (chat.UserID, error) {
	if handle == search.Me {
		return s.viewer, nil
	}
	users, err := s.store.UsersByHandle(ctx, []string{handle})
	if err != nil || len(users) == 0 {
		return "", err
	}
	return users[0].ID, nil
}

// chatsNamed returns the viewer's chats with an id or a title, or the direct one with
// @handle.
func (s *asked) chatsNamed(ctx context.Context, name string) (ids []chat.ChatID, err error) {
	var with chat.UserID
	if name[0] == '@' {
		handle, bad := chat.ParseHandle(name)
		if bad == nil {
			if with, err = s.user(ctx, handle); err != nil {
				return nil, err
			}
		}
	}
	key := chat.SearchKey(name)
	for _, c := range s.chats {
		if c.ID == chat.ChatID(name) {
			return []chat.ChatID{c.ID}, nil
		}
		if with != "" && c.With == with || c.Title != "" && key != "" && chat.SearchKey(c.Title) == key {
			ids = append(ids, c.ID)
		}
	}
	return ids, nil
}

// byName fills in the chats and users whose names have the words.
func (s *asked) byName(ctx context.Context, a *Answer, words string) error {
	if chat.CheckQuery(words) == nil {
		users, _, err := s.store.FindUsers(ctx, words, "", maxByName)
		if err != nil {
			return err
		}
		for _, u := range users {
			if u.Active {
				a.ByName.Users = append(a.ByName.Users, u.ID)
			}
		}
	}
	titles, _, err := search.Parse(words, s.now(), true)
	if err != nil {
		return nil // the words alone are none
	}
	for _, c := range s.chats {
		if len(a.ByName.Chats) < maxByName && c.Title != "" && titles.MatchTitle(c.Title) {
			a.ByName.Chats = append(a.ByName.Chats, c.ID)
		}
	}
	return nil
}
