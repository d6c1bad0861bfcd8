package sqlite

import (
	"encoding/json"
	"fmt"

	"parley/chat"
)

// project applies an event to the projections, one case per kind. The row of the event is
// written, and the head of s is the event.
func (t *tx) project(s *state, e *chat.Event) error {
	switch e.Kind {
	case chat.Posted:
		s.posted(e)
		if err := t.attach(e); err != nil {
			return err
		}
		return t.mention(e.ChatID, e.Seq, e.Mentions)
	case chat.Edited:
		t.scrubDue = true // of the text before
		if err := t.recordTarget(e); err != nil {
			return err
		}
		return t.rewrite(e, "UPDATE messages SET text = ?, mentions = ?, edited_at = ? WHERE chat = ? AND seq = ?",
			e.Text, jsonIDs(e.Mentions), e.At, string(e.ChatID), int64(e.Target))
	case chat.Deleted:
		t.scrubDue = true
		if err := t.recordTarget(e); err != nil {
			return err
		}
		if _, err := t.removeFiles("chat = ? AND message = ?", string(e.ChatID), int64(e.Target)); err != nil {
			return err
		}
		if _, err := t.exec("UPDATE events SET emoji = NULL WHERE chat = ? AND target = ? AND emoji IS NOT NULL", string(e.ChatID), int64(e.Target)); err != nil {
			return err
		}
		return t.rewrite(e, "UPDATE messages SET text = '', mentions = NULL, reactions = NULL, files = NULL, deleted_at = ? WHERE chat = ? AND seq = ?",
			e.At, string(e.ChatID), int64(e.Target))
	case chat.Reacted:
		return t.react(e)
	case chat.Joined:
		// A new member has read up to this event: earlier messages are history, not
		// unread.
		for _, u := range e.Users {
			if _, err := t.exec("INSERT INTO members (chat, user, role, read_up_to) VALUES (?, ?, ?, ?)",
				string(e.ChatID), string(u), string(e.Role), int64(e.Seq)); err != nil {
				return err
			}
			t.cache.setRole(s, u, e.Role)
		}
		s.memberCount += len(e.Users)
		s.admins = -1
		return nil
	case chat.Left:
		for _, u := range e.Users {
			n, err := t.exec("DELETE FROM members WHERE chat = ? AND user = ?", string(e.ChatID), string(u))
			if err != nil {
				return err
			}
			s.memberCount -= int(n)
			t.cache.dropRole(s, u)
		}
		s.admins = -1
		if e.DeletesChat() {
			return t.markDeleted(s)
		}
		return nil
	case chat.RoleChanged:
		for _, u := range e.Users {
			if _, err := t.exec("UPDATE members SET role = ? WHERE chat = ? AND user = ?", string(e.Role), string(e.ChatID), string(u)); err != nil {
				return err
			}
			t.cache.setRole(s, u, e.Role)
		}
		s.admins = -1
		return nil
	case chat.Renamed:
		t.scrubDue = true
		if _, err := t.exec("UPDATE events SET title = NULL, topic = NULL, picture = NULL WHERE chat = ? AND seq < ? AND (title IS NOT NULL OR topic IS NOT NULL)",
			string(e.ChatID), int64(e.Seq)); err != nil {
			return err
		}
		s.title, s.topic = *e.Title, *e.Topic
		return t.setPicture(s, *e.Picture, e.By)
	}
	return fmt.Errorf("sqlite: no projection for events of kind %q", e.Kind)
}

func (s *state) posted(e *chat.Event) {
	s.lastAt = e.At
	for i := range s.wrote {
		if s.wrote[i].by == e.By {
			s.wrote[i].seq = e.Seq
			return
		}
	}
	s.wrote = append(s.wrote, author{e.By, e.Seq})
}

// rewrite replaces the text of the target by an update, and its mentions by
// those of the event.
func (t *tx) rewrite(e *chat.Event, update string, args ...any) error {
	var old []byte
	if err := t.row("SELECT mentions FROM messages WHERE chat = ? AND seq = ?", string(e.ChatID), int64(e.Target)).Scan(&old); err != nil {
		return err
	}
	users, err := ids(old)
	if err != nil {
		return err
	}
	for _, u := range users {
		if _, err := t.exec("DELETE FROM mentions WHERE user = ? AND chat = ? AND seq = ?", string(u), string(e.ChatID), int64(e.Target)); err != nil {
			return err
		}
	}
	if _, err := t.exec(update, args...); err != nil {
		return err
	}
	return t.mention(e.ChatID, e.Target, e.Mentions)
}

func (t *tx) mention(id chat.ChatID, seq chat.Seq, users []chat.UserID) error {
	for _, u := range users {
		if _, err := t.exec("INSERT INTO mentions (user, chat, seq) VALUES (?, ?, ?)", string(u), string(id), int64(seq)); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) react(e *chat.Event) error {
	if e.TakesBack() {
		t.scrubDue = true
		if _, err := t.exec("UPDATE events SET emoji = NULL WHERE chat = ? AND target = ? AND by = ? AND emoji = ?",
			string(e.ChatID), int64(e.Target), string(e.By), e.Emoji); err != nil {
			return err
		}
	}
	var old []byte
	if err := t.row("SELECT reactions FROM messages WHERE chat = ? AND seq = ?", string(e.ChatID), int64(e.Target)).Scan(&old); err != nil {
		return err
	}
	all, err := reactions(old)
	if err != nil {
		return err
	}
	var column any
	if all = chat.ApplyReaction(all, e); len(all) > 0 {
		b, err := json.Marshal(all)
		if err != nil {
			return err
		}
		column = string(b)
	}
	_, err = t.exec("UPDATE messages SET reactions = ? WHERE chat = ? AND seq = ?", column, string(e.ChatID), int64(e.Target))
	return err
}

// The columns below are NULL when empty.

func reactions(column []byte) ([]chat.Reactors, error) { return parsed[chat.Reactors](column) }

func ids(column []byte) ([]chat.UserID, error) { return parsed[chat.UserID](column) }

func parsed[T any](column []byte) ([]T, error) {
	if len(column) == 0 {
		return nil, nil
	}
	var all []T
	err := json.Unmarshal(column, &all)
	return all, err
}

func jsonIDs(users []chat.UserID) any {
	if len(users) == 0 {
		return nil
	}
	b, _ := json.Marshal(users) // strings alone: never fails
	return string(b)
}

func nullString(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
