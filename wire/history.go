package wire

import "parley/chat"

// A page of history is the most frequent and the largest answer, so it is encoded
// without reflection: byte for byte as encoding/json and shamaton would
// (history_test.go compares), in a quarter of the time.

func historyMsgPack(dst []byte, h History) []byte {
	e := encoder{b: dst}
	e.history(&h)
	return e.b
}

func historyJSON(dst []byte, h History) []byte {
	e := encoder{b: dst, json: true}
	e.history(&h)
	return append(e.b, '\n')
}

func (e *encoder) history(h *History) {
	outer := e.open()
	e.list("messages", len(h.Messages), func(i int) { e.message(&h.Messages[i]) })
	e.list("users", len(h.Users), func(i int) { e.user(&h.Users[i]) })
	e.integer("head", int64(h.Head))
	e.boolean("moreBefore", h.MoreBefore)
	e.boolean("moreAfter", h.MoreAfter)
	e.close(outer)
}

func (e *encoder) message(m *chat.Message) {
	outer := e.open()
	e.text("chatId", string(m.ChatID))
	e.integer("seq", int64(m.Seq))
	e.integer("at", m.At)
	e.text("by", string(m.By))
	e.text("clientId", m.ClientID)
	e.text("text", m.Text)
	if q := m.Reply; q != nil {
		e.field("reply")
		outer := e.open()
		e.integer("seq", int64(q.Seq))
		e.text("by", string(q.By))
		e.text("text", q.Text)
		if q.Files != 0 {
			e.integer("files", int64(q.Files))
		}
		e.close(outer)
	}
	if m.Root != 0 {
		e.integer("root", int64(m.Root))
	}
	if len(m.Mentions) > 0 {
		e.ids("mentions", m.Mentions)
	}
	if m.MentionsAll != "" {
		e.text("mentionsAll", string(m.MentionsAll))
	}
	if len(m.Files) > 0 {
		e.list("files", len(m.Files), func(i int) { e.file(&m.Files[i]) })
	}
	if m.EditedAt != 0 {
		e.integer("editedAt", m.EditedAt)
	}
	if m.DeletedAt != 0 {
		e.integer("deletedAt", m.DeletedAt)
	}
	if len(m.Reactions) > 0 {
		e.list("reactions", len(m.Reactions), func(i int) { e.reaction(&m.Reactions[i]) })
	}
	if m.Pinned {
		e.boolean("pinned", true)
	}
	e.close(outer)
}

func (e *encoder) file(f *chat.File) {
	outer := e.open()
	e.text("id", string(f.ID))
	e.text("name", f.Name)
	e.text("type", f.Type)
	e.integer("size", f.Size)
	for _, n := range []struct {
		name string
		n    int64
	}{{"width", int64(f.Width)}, {"height", int64(f.Height)}, {"durationMs", f.DurationMs}} {
		if n.n != 0 {
			e.integer(n.name, n.n)
		}
	}
	e.boolean("thumb", f.Thumb)
	if f.Alt != "" {
		e.text("alt", f.Alt)
	}
	e.close(outer)
}

func (e *encoder) reaction(r *chat.Reaction) {
	outer := e.open()
	e.text("emoji", r.Emoji)
	e.integer("count", int64(r.Count))
	e.boolean("mine", r.Mine)
	e.ids("by", r.By)
	e.close(outer)
}

func (e *encoder) user(u *chat.User) {
	outer := e.open()
	e.text("id", string(u.ID))
	e.text("handle", u.Handle)
	e.text("name", u.Name)
	e.text("status", u.Status)
	e.text("role", string(u.Role))
	e.boolean("active", u.Active)
	e.close(outer)
}
