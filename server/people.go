package server

import "parley/chat"

// people gathers the ids of whom an answer speaks, for its users table.
type people map[chat.UserID]struct{}

func (p people) add(ids ...chat.UserID) {
	for _, id := range ids {
		if id != "" {
			p[id] = struct{}{}
		}
	}
}

func (p people) message(m *chat.Message) {
	p.add(m.By)
	p.add(m.Mentions...)
	if m.Reply != nil {
		p.add(m.Reply.By)
	}
	for _, r := range m.Reactions {
		p.add(r.By...)
	}
}

func (p people) chat(c *chat.Chat) {
	p.add(c.With)
	if c.Last != nil {
		p.message(c.Last)
	}
}

func (p people) list() []chat.UserID {
	ids := make([]chat.UserID, 0, len(p))
	for id := range p {
		ids = append(ids, id)
	}
	return ids
}
