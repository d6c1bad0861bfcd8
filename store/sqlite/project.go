package sqlite

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

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
		if e.MentionsAll == chat.MentionAll {
			s.allSeq = e.Seq
		}
		if err := t.mention(e.ChatID, e.Seq, e.Mentions); err != nil {
			return err
		}
		var repliesTo chat.UserID
		if e.Reply != nil {
			repliesTo = e.Reply.By
		}
		return t.setInbox(&chat.Message{ChatID: e.ChatID, Seq: e.Seq, At: e.At}, nil, chat.ConcernedBy(e.By, e.Mentions, repliesTo))
	case chat.Edited:
		t.scrubDue = true // of the text before
		if err := t.recordTarget(e); err != nil {
			return err
		}
		if e.MentionsAll == chat.MentionAll {
			s.allSeq = max(s.allSeq, e.Target)
		}
		return t.rewrite(e, "UPDATE messages SET text = ?, mentions = ?, mentions_all = ?, edited_at = ? WHERE chat = ? AND seq = ?",
			e.Text, jsonIDs(e.Mentions), nullString(string(e.MentionsAll)), e.At, string(e.ChatID), int64(e.Target))
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
		return t.rewrite(e, "UPDATE messages SET text = '', mentions = NULL, mentions_all = NULL, reactions = NULL, files = NULL, pinned = NULL, deleted_at = ? WHERE chat = ? AND seq = ?",
			e.At, string(e.ChatID), int64(e.Target))
	case chat.Reacted:
		return t.react(e)
	case chat.Pinned:
		var pinned any
		if *e.On {
			pinned = int64(e.Seq)
		}
		_, err := t.exec("UPDATE messages SET pinned = ? WHERE chat = ? AND seq = ?", pinned, string(e.ChatID), int64(e.Target))
		return err
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
		if err := t.forgetNames(e); err != nil {
			return err
		}
		s.title, s.topic, s.groupMentions = *e.Title, *e.Topic, cmp.Or(e.GroupMentions, s.groupMentions)
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
// those of the event. A deleted message is in no inbox.
func (t *tx) rewrite(e *chat.Event, update string, args ...any) error {
	m := chat.Message{ChatID: e.ChatID, Seq: e.Target}
	var old []byte
	var repliesTo sql.NullString
	if err := t.row(`SELECT m.at, m.by, m.mentions, q.by FROM messages m LEFT JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to
		WHERE m.chat = ? AND m.seq = ?`, string(e.ChatID), int64(e.Target)).Scan(&m.At, (*string)(&m.By), &old, &repliesTo); err != nil {
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
	if err := t.mention(e.ChatID, e.Target, e.Mentions); err != nil {
		return err
	}
	var concerned []chat.UserID
	if e.Kind == chat.Edited {
		concerned = chat.ConcernedBy(m.By, e.Mentions, chat.UserID(repliesTo.String))
	}
	return t.setInbox(&m, chat.ConcernedBy(m.By, users, chat.UserID(repliesTo.String)), concerned)
}

func (t *tx) mention(id chat.ChatID, seq chat.Seq, users []chat.UserID) error {
	for _, u := range users {
		if _, err := t.exec("INSERT INTO mentions (user, chat, seq) VALUES (?, ?, ?)", string(u), string(id), int64(seq)); err != nil {
			return err
		}
	}
	return nil
}

// forgetNames removes from the events before a renamed one what that changed, and what they
// did not change themselves.
func (t *tx) forgetNames(e *chat.Event) error {
	is := func(field string) bool { return slices.Contains(e.Changed, field) }
	_, err := t.exec(`UPDATE events SET
			title = iif(?3 OR ifnull(instr(changed, 'title'), 0) = 0, NULL, title),
			topic = iif(?4 OR ifnull(instr(changed, 'topic'), 0) = 0, NULL, topic),
			picture = iif(?5 OR ifnull(instr(changed, 'picture'), 0) = 0, NULL, picture)
		WHERE chat = ?1 AND seq < ?2 AND (title IS NOT NULL OR topic IS NOT NULL OR picture IS NOT NULL)`,
		string(e.ChatID), int64(e.Seq), is("title"), is("topic"), is("picture"))
	return err
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

func nullTrue(b bool) any {
	if !b {
		return nil
	}
	return 1
}

func nullInt(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}
