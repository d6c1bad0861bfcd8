package service

import "parley/chat"

// UserSet collects the ids of the users that an answer names, for its users field.
type UserSet map[chat.UserID]struct{}

// Add adds ids; "" is ignored.
func (s UserSet) Add(ids ...chat.UserID) {
	for _, id := range ids {
		if id != "" {
			s[id] = struct{}{}
		}
	}
}

// Message adds the users that a message names.
func (s UserSet) Message(m *chat.Message) {
	s.Add(m.By)
	s.Add(m.Mentions...)
	if m.Reply != nil {
		s.Add(m.Reply.By)
	}
	for _, r := range m.Reactions {
		s.Add(r.By...)
	}
}

// Chat adds the users that a chat names.
func (s UserSet) Chat(c *chat.Chat) {
	s.Add(c.With)
	if c.Last != nil {
		s.Message(c.Last)
	}
}

// List returns the ids, in no order.
func (s UserSet) List() []chat.UserID {
	ids := make([]chat.UserID, 0, len(s))
	for id := range s {
		ids = append(ids, id)
	}
	return ids
}
